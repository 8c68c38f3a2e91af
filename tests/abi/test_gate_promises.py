"""The gate on what the headers call AS-Safe.

    test_gate_promises.py CC STATIC
"""
import shutil
import sys

from gate import case, command, copy_tree, doctor, main, passes, refuses

GATE = 'gate-promises'
CC, STATIC = sys.argv[1].split(), sys.argv[2]
WAY = ('belay_version is promised to be AS-Safe, but reaches malloc: '
       'belay_version -> ')


def doctored(folder, **sources):
    """The library with objects in it that were made from other text."""
    library = folder / 'libbelay.a'
    shutil.copyfile(STATIC, library)
    for name, text in sources.items():
        source, made = folder / f'{name}.c', folder / f'base_{name}.c.o'
        source.write_text('#include <stdlib.h>\n' + text)
        command(*CC, '-O1', '-w', '-fno-inline', '-c', source, '-o', made)
        command('ar', 'r', library, made)
    return library


@case
def the_promises_are_kept(folder):
    passes(GATE, STATIC)


@case
def a_call_is_found(folder):
    library = doctored(folder, version='''
const char *belay_version(void) { return malloc(6); }
''')
    refuses(GATE, library, because=WAY + 'malloc\n')


@case
def a_call_through_others_is_found(folder):
    """In this file, and from there in another one."""
    library = doctored(folder, version='''
char *belay__more(void);
static char *helper(void) { return belay__more() + 1; }
const char *belay_version(void) { return helper() + 1; }
''', more='''
static void *helper(void) { return (char *)malloc(6) + 1; }
char *belay__more(void) { return (char *)helper() + 1; }
''')
    refuses(GATE, library,
            because=WAY + 'helper -> belay__more -> helper -> malloc\n')


@case
def a_false_promise_is_noticed(folder):
    copy_tree(folder, 'include')
    doctor(folder / 'include' / 'belay' / 'signal.h',
           ' * MT-Safe. */\nint belay_signal_number(',
           ' * MT-Safe,\n * AS-Safe. */\nint belay_signal_number(')
    refuses(GATE, f'--root={folder}', STATIC,
            because='belay_signal_number is promised to be AS-Safe, but')


@case
def headers_without_a_promise_are_noticed(folder):
    (folder / 'include' / 'belay').mkdir(parents=True)
    refuses(GATE, f'--root={folder}', STATIC,
            because='no header promises anything')


main()
