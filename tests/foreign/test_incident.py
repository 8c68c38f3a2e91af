"""The incident: a library's write kills a Go program, and belay keeps it alive.

Go turns SIGPIPE into an error on its own threads alone.  On one that a C or
Rust library made, a write to a peer that is gone ends the whole process: no
message, no core dump.  With each of belay's scopes that write fails with EPIPE
instead; and Go's own way of dying, of its broken stdout or stderr, remains.

    BELAY_LIBRARY=build/lib/libbelay.a tests/foreign/test_incident.py -v
"""
import os
import resource
import signal
import socket
import subprocess

from foreign import FOLDER, WORK, c_library, go_program, lacking, rust_library
from tap import equal, main, test

LIBRARIES = ('c', 'rust')
WHY_NOT = lacking('go', 'rustc')
EARLY = {'IGNORE_EARLY': '1'}

# What the libraries do in each scope, and the environment that it takes.
SCOPES = {'call': {}, 'thread': {}, 'plain': EARLY}


def broken_pipe():
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def broken_unix():
    ours, peer = socket.socketpair()
    peer.close()
    return ours.detach()


def broken_tcp():
    with socket.create_server(('127.0.0.1', 0)) as server:
        ours = socket.create_connection(server.getsockname())
        server.accept()[0].close()
    return ours.detach()


def broken_fds(t):
    """One of each kind, whose peer is gone."""
    for make in (broken_tcp, broken_unix, broken_pipe):
        fd = make()
        t.defer(os.close, fd)
        yield fd


def arguments(fd, steps):
    return [FOLDER / 'incident', str(fd), *steps]


def ending(t, fd, *steps, **environment):
    """How the program ended (a dumped core would show), and what it printed.
    Python ignores SIGPIPE; its children start with the default again."""
    process = subprocess.Popen(
        arguments(fd, steps), pass_fds=[fd], cwd=t.dir, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env={**os.environ, **environment})
    t.defer(process.wait)
    t.defer(process.kill)
    how = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    out, err = process.communicate()
    return how.si_code, how.si_status, out, err


def broke(*steps):
    return ''.join(f'{step}: broken pipe\n' for step in steps)


def lived(*steps):
    """The ending after steps that all failed with EPIPE."""
    return os.CLD_EXITED, 0, broke(*steps), ''


def killed(said=''):
    return os.CLD_KILLED, signal.SIGPIPE, said, ''


def incident_test(function):
    """A test that needs the program."""
    def run(t):
        if WHY_NOT:
            t.skip(WHY_NOT)
        function(t)
    run.__name__ = function.__name__
    return test(seconds=60)(run)


def survives(t, scope, **environment):
    """In each library, and Go as before."""
    for fd in broken_fds(t):
        for library in LIBRARIES:
            steps = f'{library}-{scope}', 'go'
            equal(ending(t, fd, *steps, **environment), lived(*steps),
                  f'the ending of {steps} {environment}')


@incident_test
def without_belay_a_write_on_a_librarys_thread_kills_the_process(t):
    for fd in broken_fds(t):
        for library in LIBRARIES:
            equal(ending(t, fd, f'{library}-plain'), killed(), library)


@incident_test
def a_shell_sees_status_141_and_not_a_word(t):
    fd = broken_tcp()
    t.defer(os.close, fd)
    shell = subprocess.run(
        ['sh', '-c', '"$@"; echo $?', 'sh', *arguments(fd, ['c-plain'])],
        pass_fds=[fd], capture_output=True, text=True, timeout=20)
    equal((shell.stdout, shell.stderr), ('141\n', ''), 'what it printed')


@incident_test
def with_the_call_scope_the_write_fails_with_epipe(t):
    survives(t, 'call')


@incident_test
def with_the_thread_scope_the_write_fails_with_epipe(t):
    survives(t, 'thread')


@incident_test
def ignored_before_go_starts_it_fails_with_epipe_on_every_thread(t):
    survives(t, 'plain', **EARLY)


@incident_test
def ignoring_once_go_has_its_handler_changes_nothing_and_says_so(t):
    for fd in broken_fds(t):
        equal(ending(t, fd, 'ignore', 'c-plain'), killed('ignore: -16\n'))


@incident_test
def in_every_scope_go_still_dies_of_its_own_broken_stdout_and_stderr(t):
    for fd in broken_fds(t):
        for standard in ('stdout', 'stderr'):
            equal(ending(t, fd, standard), killed(), standard)
            for scope, environment in SCOPES.items():
                steps = [f'{library}-{scope}' for library in LIBRARIES]
                equal(ending(t, fd, *steps, standard, **environment),
                      killed(broke(*steps)), f'{standard} after {steps}')


with WORK:
    if not WHY_NOT:
        c_library('writer')
        rust_library('writer')
        go_program('incident')
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    main()
