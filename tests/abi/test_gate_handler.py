"""The gate on what handlers run.

    test_gate_handler.py CC NATIVE.a PORTABLE.a

The archives have the objects of deliver.c, default.c and one of the rings.
"""
import sys

from gate import ROOT, case, command, doctor, main, passes, refuses

GATE = 'gate-handler'
CC, NATIVE, PORTABLE = sys.argv[1].split(), sys.argv[2], sys.argv[3]
SOURCES = ['signal/deliver.c', 'base/ring.c', 'signal/default.c',
           'signal/raise_tgkill.c',
           'base/nap_none.c']


def objects(folder, source, addition):
    """Compiles the sources, one of them with something added."""
    made = []
    for each in SOURCES:
        name = each.replace('/', '_')
        path = folder / name
        path.write_text((ROOT / 'lib' / each).read_text())
        if each == source:
            doctor(path, None, addition)
        made.append(folder / f'{name}.o')
        command(*CC, '-std=gnu11', '-D_GNU_SOURCE', '-O2', '-w',
                f'-I{ROOT}/include', f'-I{ROOT}/lib', '-c', path,
                '-o', made[-1])
    return made


def refuses_addition(folder, source, addition, symbol):
    refuses(GATE, *objects(folder, source, addition),
            because=f'refers to {symbol}, ')


@case
def the_build_passes(folder):
    passes(GATE, NATIVE)


@case
def the_portable_twin_passes(folder):
    passes(GATE, PORTABLE)


@case
def the_plain_objects_pass(folder):
    passes(GATE, *objects(folder, None, ''))


@case
def memory_is_refused(folder):
    refuses_addition(folder, 'signal/deliver.c', '''
#include <stdlib.h>
void *belay__doctored(void) { return malloc(100); }
''', 'malloc')


@case
def a_lock_is_refused(folder):
    refuses_addition(folder, 'base/ring.c', '''
#include <pthread.h>
void belay__doctored(pthread_mutex_t *lock) { pthread_mutex_lock(lock); }
''', 'pthread_mutex_lock')


@case
def another_function_of_ours_is_refused(folder):
    refuses_addition(folder, 'signal/deliver.c', '''
void belay__fd_close(int fd);
void belay__doctored(void) { belay__fd_close(1); }
''', 'belay__fd_close')


@case
def the_handler_itself_may_not_end_the_process(folder):
    refuses_addition(folder, 'signal/deliver.c',
                     '\nvoid belay__doctored(void) { _exit(1); }\n', '_exit')


@case
def exit_is_refused_where_the_process_ends(folder):
    refuses_addition(folder, 'signal/default.c', '''
#include <stdlib.h>
void belay__doctored(void) { exit(1); }
''', 'exit')


@case
def an_atomic_that_is_a_call_is_refused(folder):
    refuses_addition(folder, 'signal/deliver.c', '''
struct wide { char bytes[24]; };
void belay__doctored(struct wide *to, struct wide *from) {
  __atomic_load(from, to, __ATOMIC_SEQ_CST);
}
''', '__atomic_load')


@case
def a_helper_of_libgcc_is_refused(folder):
    refuses_addition(folder, 'signal/deliver.c', '''
double _Complex belay__doctored(double _Complex a, double _Complex b) {
  return a * b;
}
''', '__muldc3')


@case
def a_write_that_prints_is_refused(folder):
    refuses_addition(folder, 'base/ring.c', '''
#include <stdio.h>
void belay__doctored(int n) { printf("%d\\n", n); }
''', 'printf')


@case
def an_object_without_a_rule_is_refused(folder):
    made = objects(folder, None, '')
    other = folder / 'signal_other.c.o'
    other.write_bytes(made[1].read_bytes())
    refuses(GATE, *made, other, because='no rule for this object')


@case
def a_missing_object_is_noticed(folder):
    made = objects(folder, None, '')
    refuses(GATE, *made[1:], because='no object of deliver.c was given')
    refuses(GATE, made[0], *made[2:],
            because='no object of ring.c or ring_pipe.c was given')


@case
def an_archive_is_read_whole(folder):
    made = objects(folder, 'base/ring.c', '''
void *malloc(unsigned long);
void *belay__doctored(void) { return malloc(9); }
''')
    command('ar', 'rc', folder / 'doctored.a', *made)
    refuses(GATE, folder / 'doctored.a',
            because='doctored.a[base_ring.c.o]: refers to malloc')


main()
