"""The gate on the list of functions: headers, map, libraries, manual.

    test_gate_symbols.py CC SHARED STATIC
"""
import shutil
import sys

from gate import ROOT, case, command, copy_tree, doctor, main, passes, refuses

GATE = 'gate-symbols'
CC, SHARED, STATIC = sys.argv[1].split(), sys.argv[2], sys.argv[3]
FUNCTION = 'belay_loop_pause'


def doctored(folder, path, old, new):
    copy_tree(folder, 'include', 'lib/belay.map')
    doctor(folder / path, old, new)
    return f'--root={folder}'


def hollow(folder, more='', options=(), soname='libbelay.so.0', but=None):
    """A shared library with every symbol of the map, and nothing in it."""
    names = [line.strip(' ;\n') for line in
             (ROOT / 'lib' / 'belay.map').read_text().splitlines()
             if line.startswith('    belay_')]
    source, made = folder / 'hollow.c', folder / 'hollow.so'
    source.write_text(more + ''.join(f'void {name}(void) {{}}\n'
                                     for name in names if name != but))
    command(*CC, '-w', '-shared', '-fPIC', f'-Wl,-soname,{soname}',
            f'-Wl,--version-script,{ROOT}/lib/belay.map', source, *options,
            '-o', made)
    return made


@case
def headers_map_libraries_and_manual_agree(folder):
    passes(GATE, f'--shared={SHARED}', f'--static={STATIC}', '--man')


@case
def a_hollow_library_passes(folder):
    passes(GATE, f'--shared={hollow(folder)}')


@case
def a_function_missing_in_the_map_is_noticed(folder):
    root = doctored(folder, 'lib/belay.map', f'    {FUNCTION};\n', '')
    refuses(GATE, root, because=f'{FUNCTION} is missing in lib/belay.map')


@case
def a_stale_line_in_the_map_is_noticed(folder):
    root = doctored(folder, 'lib/belay.map', '  local:',
                    '    belay_gone;\n  local:')
    refuses(GATE, root,
            because='belay_gone is in lib/belay.map, but in no header')


@case
def a_pattern_in_the_map_is_refused(folder):
    root = doctored(folder, 'lib/belay.map', '  local:',
                    '    belay_*;\n  local:')
    refuses(GATE, root, because='belay_* is no name to export')


@case
def an_internal_name_in_the_map_is_refused(folder):
    root = doctored(folder, 'lib/belay.map', '  local:',
                    '    belay__deliver;\n  local:')
    refuses(GATE, root, because='belay__deliver is no name to export')


@case
def a_declaration_without_a_library_is_noticed(folder):
    root = doctored(folder, 'include/belay/version.h', 'const char *belay_v',
                    'int belay_new_thing(int\n  (*fn)(int));\n'
                    'const char *belay_v')
    for kind, path in (('shared', SHARED), ('static', STATIC)):
        refuses(GATE, root, f'--{kind}={path}',
                because=f'belay_new_thing is missing in {path}')


@case
def a_declaration_in_a_comment_is_none(folder):
    root = doctored(folder, 'include/belay/version.h', 'const char *belay_v',
                    '/* int belay_new_thing(int); */\nconst char *belay_v')
    passes(GATE, root, f'--shared={SHARED}')


@case
def a_function_that_nothing_is_said_of_is_noticed(folder):
    root = doctored(folder, 'include/belay/version.h', 'const char *belay_v',
                    '\nint belay_new_thing(int x);\n\nconst char *belay_v')
    refuses(GATE, root, '--man', because='belay_new_thing has no comment')


@case
def a_symbol_missing_in_the_shared_library_is_noticed(folder):
    library = hollow(folder, but=FUNCTION)
    refuses(GATE, f'--shared={library}',
            because=f'{FUNCTION} is missing in {library}')


@case
def another_soname_is_refused(folder):
    library = hollow(folder, soname='libbelay.so.1')
    refuses(GATE, f'--shared={library}',
            because="its SONAME is ['libbelay.so.1'], not libbelay.so.0")


@case
def a_dependency_is_refused(folder):
    library = hollow(folder, options=['-Wl,--no-as-needed', '-lm'])
    refuses(GATE, f'--shared={library}', because='needs libm.so')


@case
def a_symbol_without_a_version_is_refused(folder):
    """Made by a linker that was told nothing of the map."""
    source, made = folder / 'bare.c', folder / 'bare.so'
    source.write_text('void belay_version(void) {}\nvoid helper(void) {}\n')
    command(*CC, '-w', '-shared', '-fPIC', '-Wl,-soname,libbelay.so.0',
            source, '-o', made)
    refuses(GATE, f'--shared={made}',
            because='belay_version is exported from')
    refuses(GATE, f'--shared={made}', because='helper is in ')


@case
def a_foreign_name_in_the_static_library_is_refused(folder):
    library, source = folder / 'libbelay.a', folder / 'helper.c'
    source.write_text('int helper(void) { return 0; }\n'
                      'int belay_hidden(void) { return 0; }\n'
                      'int belay__fine(void) { return 0; }\n')
    command(*CC, '-w', '-c', source, '-o', folder / 'helper.o')
    shutil.copyfile(STATIC, library)
    command('ar', 'r', library, folder / 'helper.o')
    refuses(GATE, f'--static={library}',
            because=f'helper is in {library}, but in no header')
    refuses(GATE, f'--static={library}', because='belay_hidden is in ')


@case
def a_missing_library_is_an_error(folder):
    try:
        refuses(GATE, f'--shared={folder}/absent.so', because='')
    except AssertionError as error:
        assert 'status 2' in str(error), error
    else:
        raise AssertionError('a library that is not there was judged')


main()
