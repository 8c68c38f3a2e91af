"""The layout of what is public, as it was promised.

    test_layout.py LAYOUT-PROGRAM [--record]

A struct that grows, a member that moves, a constant with another value: each
breaks programs that were compiled before.  If it is meant, raise the SONAME
and record the new layout with --record.
"""
import difflib
import pathlib
import re
import subprocess
import sys

from gate import ROOT, case, copy_tree, doctor, main

sys.path.insert(0, str(ROOT / 'tools'))
from gate_source import read, structs, without_comments  # noqa: E402

PROGRAM = sys.argv[1]
RECORD = pathlib.Path(__file__).with_name('layout.txt')

BROKEN = '''\
the layout differs from tests/abi/layout.txt (-), so that programs compiled
before would break.  If that is meant: raise soversion in lib/meson.build and
the node in lib/belay.map, say so in NEWS.md, and run
  tests/abi/test_layout.py {program} --record
{difference}'''


def public_constants(text):
    text = without_comments(text)
    macros = re.findall(r'#define (BELAY_\w+) +[0-9(]', text)
    enumerators = [name for body in re.findall(r'enum \w+ \{(.*?)\}', text,
                                               re.DOTALL)
                   for name in re.findall(r'(BELAY_\w+)', body)]
    return macros + enumerators


def unlisted(root, layout):
    """What the headers declare and the layout does not show."""
    for header in sorted((root / 'include' / 'belay').glob('*.h')):
        text = read(header)
        for tag, members in structs(text):
            for member in members:
                if not re.search(rf'^  {tag}\.([\w.]+\.)?{member} at', layout,
                                 re.MULTILINE):
                    yield f'struct {tag}: {member}'
        for name in public_constants(text):
            if not name.startswith('BELAY_VERSION_') and \
                    not re.search(rf'^{name} ', layout, re.MULTILINE):
                yield name


def compare(recorded, layout):
    """What to say about a layout that is not the recorded one; '' if it is."""
    difference = difflib.unified_diff(
        recorded.splitlines(), layout.splitlines(), 'layout.txt', 'now', 'now',
        lineterm='', n=1)
    text = '\n'.join(list(difference)[2:])
    return text and BROKEN.format(program=PROGRAM, difference=text)


def take_layout():
    done = subprocess.run([PROGRAM], capture_output=True, text=True)
    if done.returncode == 77:
        print('1..0 # SKIP the layout is recorded for LP64 alone')
        sys.exit(0)
    done.check_returncode()
    return done.stdout


@case
def the_layout_is_the_recorded_one(folder):
    said = compare(RECORD.read_text(), LAYOUT)
    assert not said, said


@case
def everything_public_is_in_the_layout(folder):
    missing = list(unlisted(ROOT, LAYOUT))
    assert not missing, f'add to tests/abi/layout.c: {missing}'


@case
def a_member_that_moved_is_noticed(folder):
    moved = LAYOUT.replace('belay_siginfo.pid at 12', 'belay_siginfo.pid at 16')
    said = compare(LAYOUT, moved)
    assert '+  belay_siginfo.pid at 16, 4' in said, said


@case
def a_constant_that_changed_is_noticed(folder):
    said = compare(LAYOUT, LAYOUT.replace('BELAY_EVENT_FD 4',
                                          'BELAY_EVENT_FD 6'))
    assert '-BELAY_EVENT_FD 4' in said and 'raise soversion' in said, said


@case
def a_new_member_is_noticed(folder):
    copy_tree(folder, 'include')
    doctor(folder / 'include' / 'belay' / 'loop.h', '  unsigned ready;',
           '  unsigned ready, more[2];')
    missing = list(unlisted(folder, LAYOUT))
    assert missing == ['struct belay_event: more'], missing


@case
def a_new_struct_and_a_new_constant_are_noticed(folder):
    copy_tree(folder, 'include')
    doctor(folder / 'include' / 'belay' / 'loop.h', '#define BELAY_FD_READ',
           'struct belay_new { union { int a; } u; };\n#define BELAY_NEW 1\n'
           'enum belay_more { BELAY_MORE };\n#define BELAY_FD_READ')
    missing = list(unlisted(folder, LAYOUT))
    assert missing == ['struct belay_new: a', 'struct belay_new: u',
                       'BELAY_NEW', 'BELAY_MORE'], missing


LAYOUT = take_layout()
if '--record' in sys.argv:
    RECORD.write_text(LAYOUT)
else:
    main()
