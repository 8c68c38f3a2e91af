#!/usr/bin/python3
"""One command: how it ends, what reaches it, and what it is started with."""

import os
import shutil
import signal
import subprocess

from running import (PATIENCE, SUBJECT, Run, alive, is_over, is_stopped, kill,
                     name_of, nobody_left, run, state,
                     stopped_time_is_not_counted, wait_going_on, wait_stopped)
from tap import contains, equal, lacks, main, test

# Those that a fault raises cannot be forwarded; nor what is for ourselves.
OWN = {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGSEGV,
       signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGTRAP,
       signal.SIGSYS}
STOPS = {signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}
FORWARDED = sorted(signal.valid_signals() - OWN - STOPS)


def hearing(t, *arguments, hear=(), **more):
    """A subject that hears signals; returns the run and its number."""
    it = Run(t, *arguments, SUBJECT, 'hear', *hear, **more)
    return it, it.ready()


def heard(it, number):
    return it.stdout.text().count(f'heard {int(number)}\n')


def wait_heard(t, it, number, count):
    t.until(lambda: heard(it, number) >= count,
            f'signal {number} is heard {count} times', PATIENCE)


def end(it, subject):
    """Ends it, however it may block and ignore."""
    kill(subject, signal.SIGKILL)
    it.finish(-signal.SIGKILL)


# -- How it ends --------------------------------------------------------------


@test()
def the_status_is_the_commands(t):
    for status in (0, 1, 7, 42, 124, 125, 126, 127, 128, 130, 255):
        run(t, 'sh', '-c', f'exit {status}', status=status)


@test()
def a_command_that_dies_by_a_signal_is_followed(t):
    for number in (1, 2, 3, 6, 9, 10, 11, 13, 14, 15, signal.SIGRTMIN + 1):
        run(t, 'sh', '-c', f'kill -{int(number)} $$', status=-number)


@test()
def no_core_is_left_but_the_commands(t):
    def unlimited():
        import resource
        resource.setrlimit(resource.RLIMIT_CORE, (
            resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    run(t, 'sh', '-c', 'ulimit -c 0; kill -ABRT $$', status=-signal.SIGABRT,
        prepare=unlimited)
    equal([name for name in os.listdir(t.dir) if 'core' in name], [], 'cores')


@test()
def what_cannot_be_started_is_126_or_127(t):
    t.write('not-executable', '#!/bin/sh\n')
    t.write('no-interpreter', '#!/no/such/thing\n')
    os.chmod(t.path('no-interpreter'), 0o755)
    for command, status in (('/no/such/command', 127),
                            ('no-such-command', 127), ('./not-executable', 126),
                            (t.dir, 126), ('./no-interpreter', 127),
                            ('./not-executable/x', 127)):
        said = run(t, command, status=status).stderr.text()
        contains(said, f'belay run: {command}: ', 'message')


@test()
def our_own_failures_are_125(t):
    for arguments in ((), ('--no-such-option', 'true'), ('-t', 'x', 'true'),
                      ('--signal', 'NOSUCH', 'true'),
                      ('--limit', 'nofile', 'true'),
                      ('--cwd', '/no/such/directory', 'true')):
        said = run(t, *arguments, status=125).stderr.text()
        contains(said, 'belay run: ', f'message for {arguments}')
    contains(said, '/no/such/directory', 'message')


@test()
def a_script_without_an_interpreter_is_the_shells(t):
    t.write('script', 'echo it runs with "$1"; exit 3')
    os.chmod(t.path('script'), 0o755)
    printed = run(t, './script', 'x y', status=3).stdout.text()
    equal(printed, 'it runs with x y\n', 'output')


# -- Time ---------------------------------------------------------------------


@test(seconds=60)
def after_the_timeout_it_is_asked_to_end(t):
    said = run(t, '-t', '0.2s', 'sleep', '1000', status=124).stderr.text()
    equal(said, 'belay run: sleep timed out after 0.20 s; sending it SIGTERM\n',
          'message')
    said = run(t, '-q', '-t', '0.2s', '-k', '0.2s', '-s', 'INT', 'sh', '-c',
               'trap "echo interrupted; exit 9" INT; sleep 1000 & wait',
               status=124).stderr.text()
    equal(said, '', 'message with -q')
    nobody_left(t)
    run(t, '--preserve-status', '-t', '0.2s', 'sleep', '1000', status=-15)


@test(seconds=60)
def who_does_not_end_is_killed_when_the_grace_is_over(t):
    for options in (['-t', '0.2s'], []):
        it, subject = hearing(t, *options, '--grace', '0.2s')
        if not options:
            it.signal(signal.SIGTERM)
        it.wait()
        equal(heard(it, signal.SIGTERM), 1, 'SIGTERMs')
        equal(it.process.returncode, 124 if options else -9, 'status')
        nobody_left(t)


@test(seconds=60)
def without_grace_a_signal_that_is_caught_is_the_commands_affair(t):
    it, subject = hearing(t)
    for count in range(1, 4):
        it.signal(signal.SIGTERM)
        wait_heard(t, it, signal.SIGTERM, count)
    end(it, subject)


@test(seconds=120)
def time_stands_still_while_the_group_is_stopped(t):
    """By SIGSTOP, which belay hears of and does not follow."""
    runs = {}

    def start(limit):
        it, subject = hearing(t, '-v', '-t', f'{limit}s', hear=[18])
        runs[subject] = it
        return subject

    def stop(subject):
        kill(-subject, signal.SIGSTOP)
        t.until(lambda: state(subject) in ('T', 'Z', ''), 'it stops', PATIENCE)
        for _ in range(2):  # after the second it has seen the stop
            if not is_over(subject):
                start = len(runs[subject].stderr.data)
                runs[subject].signal(signal.SIGWINCH)
                runs[subject].expect_said('sending SIGWINCH', start)

    def go_on(subject):
        equal(is_stopped(runs[subject].pid), False, 'whether belay is stopped')
        kill(-subject, signal.SIGCONT)

    stopped_time_is_not_counted(t, start, stop, go_on)
    last = list(runs.values())[-1]
    equal(last.wait(), 124, 'status')


@test()
def what_takes_long_is_told(t):
    it = Run(t, '--slow', '0.1s', 'cat', stdin=subprocess.PIPE)
    it.expect_said('belay run: cat has been running for 0.10 s\n')
    it.expect_said('belay run: cat has been running for 0.20 s\n')
    it.process.stdin.close()
    it.finish()


# -- Signals to the command ---------------------------------------------------


@test(seconds=120)
def every_signal_reaches_it_as_often_as_it_is_sent(t):
    it, subject = hearing(t)
    for number in FORWARDED:
        for count in range(1, 6):
            it.signal(number)
            wait_heard(t, it, number, count)
    t.note(f'{len(FORWARDED)} signals')
    for number in FORWARDED:
        equal(heard(it, number), 5, f'signal {int(number)}')
    end(it, subject)


@test(seconds=60)
def real_time_signals_are_queued(t):
    it, subject = hearing(t)
    for number in (signal.SIGRTMIN, signal.SIGRTMIN + 5, signal.SIGRTMAX):
        for _ in range(100):
            it.signal(number)
        wait_heard(t, it, number, 100)
    it.signal(signal.SIGUSR1)
    wait_heard(t, it, signal.SIGUSR1, 1)
    equal(it.stdout.text().count('heard'), 301, 'signals')
    end(it, subject)


@test(seconds=60)
def signals_reach_the_whole_group(t):
    it = Run(t, 'sh', '-c', f'{SUBJECT} hear & exec {SUBJECT} hear')
    t.until(lambda: it.stdout.text().count('ready') == 2, 'both', PATIENCE)
    it.signal(signal.SIGUSR2)
    wait_heard(t, it, signal.SIGUSR2, 2)
    for pid in alive(t):
        if pid != it.pid:
            kill(pid, signal.SIGKILL)
    it.finish(-9)


@test(seconds=60)
def signals_can_be_rewritten_and_dropped(t):
    it, subject = hearing(t, '--rewrite', 'TERM=INT', '--rewrite', 'HUP=0',
                          '--rewrite', 'RTMIN+1=USR1', '--rewrite', 'USR2=QUIT')
    for sent, comes in ((signal.SIGTERM, signal.SIGINT),
                        (signal.SIGHUP, None),
                        (signal.SIGRTMIN + 1, signal.SIGUSR1),
                        (signal.SIGUSR2, signal.SIGQUIT)):
        it.signal(sent)
        if comes:
            wait_heard(t, it, comes, 1)
    it.signal(signal.SIGRTMAX)
    wait_heard(t, it, signal.SIGRTMAX, 1)
    words = [int(word) for word in it.stdout.text().split()[3::2]]
    equal(words, [2, 10, 3, signal.SIGRTMAX], 'signals')
    end(it, subject)


@test(seconds=60)
def a_command_that_is_stopped_hears_that_it_is_to_end(t):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        it = Run(t, 'sh', '-c', 'echo ready $$; exec sleep 1000')
        command = it.ready()
        kill(command, signal.SIGSTOP)
        wait_stopped(t, command)
        it.signal(number)
        it.finish(-number)
        nobody_left(t)


@test(seconds=60)
def one_that_is_stopped_has_no_longer_grace(t):
    it, subject = hearing(t, '--grace', '0.2s', hear=[15])
    kill(subject, signal.SIGSTOP)
    wait_stopped(t, subject)
    it.signal(signal.SIGTERM)
    it.finish(-9)
    equal(heard(it, 15), 1, 'SIGTERMs')


@test(seconds=60)
def a_stop_and_going_on_reach_it(t):
    it, subject = hearing(t, hear=[18])
    for count, number in enumerate(sorted(STOPS), 1):
        it.signal(number)
        wait_stopped(t, it.pid, subject)
        it.signal(signal.SIGCONT)
        wait_going_on(t, it.pid, subject)
        wait_heard(t, it, 18, count)
    it.signal(signal.SIGTERM)
    it.finish(-15)


@test(seconds=60)
def a_hangup_that_was_ignored_stays_so(t):
    """nohup; and a shell's & without job control, for INT and QUIT."""
    ignored = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)

    def ignore():
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)

    it, subject = hearing(t, prepare=ignore)
    for number in ignored:
        it.signal(number)
    it.signal(signal.SIGUSR1)
    wait_heard(t, it, signal.SIGUSR1, 1)
    equal(it.stdout.text().count('heard'), 1, 'signals')
    equal(signals_of(subject, 'SigIgn'), set(ignored), 'ignored')
    end(it, subject)


# -- What it starts with ------------------------------------------------------


def signals_of(pid, what):
    """A line of its status as a set of numbers, but those that the C library
    keeps for itself and nobody can set."""
    with open(f'/proc/{pid}/status') as file:
        line, = [line for line in file if line.startswith(what + ':')]
    bits = int(line.split()[1], 16)
    return {number for number in range(1, 65)
            if bits >> (number - 1) & 1 and number not in (32, 33)}


def started(t, *arguments, **more):
    """What the command has ignored and blocked."""
    it = Run(t, *arguments, 'sh', '-c', 'echo ready $$; exec sleep 1000',
             **more)
    pid = it.ready()
    t.until(lambda: open(f'/proc/{pid}/comm').read() == 'sleep\n', 'exec')
    found = signals_of(pid, 'SigIgn'), signals_of(pid, 'SigBlk')
    it.signal(signal.SIGKILL)
    it.wait()
    return found


def disturbed():
    """As a careless parent starts its children."""
    for number in (signal.SIGPIPE, signal.SIGUSR1, signal.SIGTERM,
                   signal.SIGCHLD, signal.SIGALRM, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


@test(seconds=60)
def nothing_is_ignored_or_blocked_although_it_was_for_us(t):
    equal(started(t), (set(), set()), 'undisturbed')
    equal(started(t, prepare=disturbed), (set(), set()), 'disturbed')


@test(seconds=60)
def started_so_everything_works_as_ever(t):
    it, subject = hearing(t, prepare=disturbed)
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGPIPE):
        it.signal(number)
        wait_heard(t, it, number, 1)
    end(it, subject)
    run(t, 'sh', '-c', 'exit 6', prepare=disturbed, status=6)
    run(t, 'sh', '-c', 'kill $$', prepare=disturbed, status=-15)
    run(t, '-t', '0.2s', 'sleep', '1000', prepare=disturbed, status=124)


@test(seconds=60)
def what_is_asked_for_is_ignored_and_blocked(t):
    found = started(t, '--ignore', 'PIPE,USR1', '--ignore', 'HUP', '--block',
                    'USR2,TERM')
    equal(found, ({13, 10, 1}, {12, 15}), 'ignored and blocked')
    equal(started(t, '--keep-ignored', prepare=disturbed)[0],
          {13, 10, 15, 14, 25}, 'with --keep-ignored')


@test()
def directory_environment_and_limits(t):
    os.mkdir(t.path('inside'))
    printed = run(t, '--cwd', 'inside', 'pwd').stdout.text()
    equal(printed, os.path.realpath(t.path('inside')) + '\n', 'directory')
    printed = run(t, '-e', 'A=1', '-e', 'B', '-e', 'C=x=y', '-e', 'A=2',
                  'env', env={'B': 'b', 'D': 'd'}).stdout.text()
    lines = printed.splitlines()
    for line in ('A=2', 'C=x=y', 'D=d'):
        equal(lines.count(line), 1, line)
    equal([line for line in lines if line.startswith(('B=', 'A=1'))], [],
          'B and the first A')
    printed = run(t, '--limit', 'nofile=64:128', '--limit', 'core=0', 'sh',
                  '-c', 'ulimit -Sn; ulimit -Hn; ulimit -c').stdout.text()
    equal(printed, '64\n128\n0\n', 'limits')


def with_fd_7():
    os.dup2(os.open('/dev/null', os.O_RDONLY), 7)


@test()
def it_has_no_fds_but_three_and_those_that_are_named(t):
    for arguments, fds in (((), '0 1 2'), (('/dev/fd/7',), '0 1 2 7'),
                           (('x=/dev/fd/7,y',), '0 1 2 7'),
                           (('/proc/self/fd/7',), '0 1 2 7')):
        printed = run(t, SUBJECT, 'fds', *arguments, prepare=with_fd_7,
                      close_fds=False).stdout.text()
        equal(printed, f'fds {fds}\n', f'with {arguments}')
    printed = run(t, '--keep-fds', SUBJECT, 'fds', prepare=with_fd_7,
                  close_fds=False).stdout.text()
    contains(printed.split(), '7', 'with --keep-fds')


@test()
def what_a_shell_substitutes_can_be_read(t):
    if shutil.which('bash') is None:
        t.skip('no bash')
    it = Run(t, 'true', before=['bash', '-c',
                                '"$0" cat <(echo one) <(echo two)', ])
    equal(it.finish(), 'one\ntwo\n', 'output')


@test()
def started_without_standard_fds_it_gives_none_of_its_own(t):
    def close():
        for fd in (0, 1, 2):
            os.close(fd)
    for options in ((), ('-t', '100s')):
        run(t, *options, 'sh', '-c', 'ls -l /proc/$$/fd >fds 2>&1; exit 4',
            prepare=close, status=4)
        with open(t.path('fds')) as file:
            text = file.read()
        for word in ('anon_inode', 'eventpoll', 'signalfd', 'tty', 'pidfd'):
            lacks(text, word, 'its fds')
    run(t, '/no/such/thing', prepare=close, status=127)


@test()
def standard_input_is_its_own(t):
    it = Run(t, 'cat', stdin=subprocess.PIPE)
    it.process.stdin.write(b'some words')
    it.process.stdin.close()
    equal(it.finish(), 'some words', 'output')
    it = Run(t, '--stdin', 'null', 'cat', stdin=subprocess.PIPE)
    equal(it.finish(), '', 'output with --stdin=null')
    it.process.stdin.close()


# -- When we are killed; and what is left -------------------------------------


@test(seconds=60)
def killed_we_take_it_along(t):
    it, subject = hearing(t)
    it.signal(signal.SIGKILL)
    it.finish(-9)
    nobody_left(t, at_once=False)


@test(seconds=60)
def killed_we_leave_it_where_that_is_wanted(t):
    it, subject = hearing(t, '--no-kill')
    it.signal(signal.SIGKILL)
    it.process.wait()
    kill(subject, signal.SIGUSR1)
    wait_heard(t, it, signal.SIGUSR1, 1)
    kill(subject, signal.SIGKILL)


LEAVES = '"$0" hear 12 & read x; exit 5'


def left(t, *options):
    """A shell that ends when the child that it leaves is ready."""
    it = Run(t, *options, 'sh', '-c', LEAVES, SUBJECT, stdin=subprocess.PIPE)
    child = it.ready()
    it.process.stdin.close()
    t.until(lambda: 'sh' not in map(name_of, alive(t)), 'the shell has ended',
            PATIENCE)
    return it, child


@test(seconds=60)
def what_is_left_is_told_and_ended(t):
    it, child = left(t)
    it.finish(5)
    nobody_left(t)
    equal(it.stderr.text(), 'belay run: sh left 1 process behind: subject '
          f'({child}); asked to end\n', 'message')
    it, child = left(t, '-q')
    it.finish(5)
    nobody_left(t)
    equal(it.stderr.text(), '', 'message with -q')


@test(seconds=60)
def what_is_left_can_be_waited_for(t):
    it, subject = left(t, '--orphans', 'wait')
    it.signal(signal.SIGUSR2)
    wait_heard(t, it, signal.SIGUSR2, 1)
    equal(it.process.poll(), None, 'status before it ends')
    kill(subject, signal.SIGKILL)
    it.finish(5)


@test(seconds=60)
def what_is_left_can_be_left(t):
    for option in ('--orphans=leave', '--no-kill'):
        it, subject = left(t, option)
        equal(it.process.wait(PATIENCE), 5, 'status')
        kill(subject, signal.SIGUSR2)
        wait_heard(t, it, signal.SIGUSR2, 1)
        kill(subject, signal.SIGKILL)


@test(seconds=60)
def the_second_sigterm_kills_several(t):
    it = Run(t, '-j1', '--grace=100s', '--output=raw', 'sh', '-c',
             'trap "" TERM; echo ready $$; while :; do sleep 0.02; done',
             ':::', 'x')
    it.ready()
    it.signal(signal.SIGTERM)
    it.stderr.expect('another signal kills them')

    def another_ends_it():  # one that comes at once is the first, sent twice
        it.signal(signal.SIGTERM)
        return it.process.poll() is not None
    t.until(another_ends_it, 'the second kills', PATIENCE)
    it.finish(-signal.SIGTERM)
    nobody_left(t)


main()
