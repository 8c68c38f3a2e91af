#!/usr/bin/python3
"""belay run called tini: the same as tini, case by case."""

import os
import signal
import subprocess
import sys

from running import Command, children, kill, state
from tap import contains, equal, main, test
from tools import TELL_SIGNALS, check, ended, ours, real

NO_REAPER = (
    "[WARN  tini (N)] Tini is not running as PID 1 and isn't registered as a "
    'child subreaper.\n'
    "Zombie processes will not be re-parented to Tini, so zombie reaping won't "
    'work.\n'
    'To fix the problem, use the -s option or set the environment variable '
    'TINI_SUBREAPER to register Tini as a child subreaper, or run Tini as PID '
    '1.\n')


@test(120)
def tini_refuses_as_tini_does(t):
    for arguments, said in [
            (['-p', 'FOO', 'true'], 'Not a valid option for -p: FOO'),
            (['-p', 'TERM', 'true'], 'Not a valid option for -p: TERM'),
            (['-p', '15', 'true'], 'Not a valid option for -p: 15'),
            (['-p', 'SIGIO', 'true'], 'Not a valid option for -p: SIGIO'),
            (['-e', '256', 'true'], 'Not a valid option for -e: 256'),
            (['-e', '-1', 'true'], 'Not a valid option for -e: -1'),
            (['-e', 'x', 'true'], 'Not a valid option for -e: x')]:
        check(t, 'tini', arguments, 1, stderr=f'[FATAL tini (N)] {said}\n')
    for arguments, status, said in [
            (['/nonexistent'], 127, 'No such file or directory'),
            (['/etc/passwd'], 126, 'Permission denied'),
            (['/etc/passwd/x'], 1, 'Not a directory')]:
        check(t, 'tini', ['-s', *arguments], status,
              stderr=f'[FATAL tini (N)] exec {arguments[0]} failed: {said}\n')


@test(120)
def tini_shows_its_usage_for_what_it_does_not_know(t):
    for arguments, first in [
            ([], ''), (['-x', 'true'], "tini: invalid option -- 'x'\n"),
            (['--foo'], "tini: invalid option -- '-'\n"),
            (['true', '--version'], "tini: invalid option -- '-'\n"),
            (['sh', '-c', 'true'], "tini: invalid option -- 'c'\n"),
            (['-p'], "tini: option requires an argument -- 'p'\n")]:
        for path in filter(None, (ours(t, 'tini'), real('tini'))):
            status, stdout, stderr = ended(t, path, 'tini', arguments)
            equal((status, stdout), (1, ''), path + str(arguments))
            equal(stderr.startswith(first + 'tini (tini version 0.19.0'), True,
                  stderr)
            contains(stderr, 'Usage: tini [OPTIONS] PROGRAM -- [ARGS]')


@test(120)
def tini_says_what_it_is(t):
    for name in ('tini', 'tini-static'):
        status, said, _ = ended(t, ours(t, name), name, ['--version'])
        equal(status, 0)
        equal(said.startswith('tini version 0.19.0 - belay '), True, said)
    status, said, _ = ended(t, ours(t, 'tini'), 'tini', ['-h'])
    equal(status, 0)
    for word in ('-s', '-p', '-v', '-w', '-g', '-e', '-l', 'TINI_SUBREAPER',
                 'TINI_VERBOSITY', 'TINI_KILL_PROCESS_GROUP'):
        contains(said, word)
    equal(ended(t, ours(t, 'tini'), 'tini', ['-l'])[0], 0)


@test(120)
def tini_exits_as_tini_does(t):
    for options, script, status in [
            ([], 'exit 0', 0), ([], 'exit 3', 3), (['-e', '3'], 'exit 3', 0),
            (['-e3', '-e', '4'], 'exit 4', 0), (['-e', '3'], 'exit 4', 4),
            ([], 'kill -KILL $$', 137), (['-e', '137'], 'kill -KILL $$', 0),
            ([], 'kill -TERM $$', 143)]:
        check(t, 'tini', ['-s', *options, '--', 'sh', '-c', script], status)
    check(t, 'tini', ['-s', 'sh', '-c', 'exit 4'], 4,
          env={'POSIXLY_CORRECT': '1'})


@test(120)
def tini_says_as_much_as_is_asked_for(t):
    check(t, 'tini', ['true'], 0, stderr=NO_REAPER)
    check(t, 'tini', ['true'], 0, env={'TINI_VERBOSITY': '0'})
    check(t, 'tini', ['true'], 0, env={'TINI_SUBREAPER': ''})
    check(t, 'tini', ['true', '-s'], 0)
    spawned = "[INFO  tini (N)] Spawned child process '{}' with pid 'N'\n"
    reaped = ("[DEBUG tini (N)] Received SIGCHLD\n"
              "[DEBUG tini (N)] Reaped child with pid: 'N'\n")
    exited = "[INFO  tini (N)] Main child exited normally (with status '{}')\n"
    check(t, 'tini', ['-sv', 'true'], 0,
          spawned.format('true') + exited.format(0))
    check(t, 'tini', ['-s', '-vv', '--', 'false'], 1,
          spawned.format('false') + reaped + exited.format(1))
    check(t, 'tini', ['-s', '-vvv', 'true'], 0,
          '[TRACE tini (N)] Registered as child subreaper\n'
          + spawned.format('true') + reaped + exited.format(0)
          + '[TRACE tini (N)] Exiting: child has exited\n')
    check(t, 'tini', ['-s', '-v', '--', 'sh', '-c', 'kill $$'], 143,
          spawned.format('sh') + '[INFO  tini (N)] Main child exited with '
          "signal (with signal 'Terminated')\n")
    check(t, 'tini', ['-v', 'true'], 0, env={'TINI_VERBOSITY': '0'})


@test(120)
def tini_waits_for_orphans_and_warns_of_them(t):
    script = '(sleep 1000 >&- 2>&- & echo orphan $!); echo ready; cat'
    read_end, write_end = os.pipe()
    run = Command(t, ours(t, 'tini'), '-s', '-w', '--', 'sh', '-c', script,
                  stdin=read_end)
    os.close(read_end)
    pid = int(run.expect(r'orphan (\d+)\nready').group(1))
    kill(pid)
    run.expect_said(r'\[WARN  tini \(\d+\)\] Reaped zombie process with '
                    rf'pid={pid}\n', seconds=20)
    equal([child for child in children(run.pid) if state(child) == 'Z'], [],
          'zombies')
    os.close(write_end)
    run.finish()


@test(120)
def tini_passes_signals_to_the_child_or_its_group(t):
    script = ('trap "echo outer; exit 7" USR1; '
              'sh -c \'trap "echo inner; exit" USR1; echo ready; '
              'while :; do sleep 0.1; done\' & wait; wait')
    for options, env, whole in [([], {}, False), (['-g'], {}, True),
                                ([], {'TINI_KILL_PROCESS_GROUP': ''}, True)]:
        for path in filter(None, (ours(t, 'tini'), real('tini'))):
            run = Command(t, path, '-s', *options, '--', 'sh', '-c', script,
                          env=env)
            run.expect('ready')
            group = os.getpgid(children(run.pid)[0])
            run.signal(signal.SIGUSR1)
            run.process.wait()
            if whole:
                run.expect('inner')
            else:
                os.killpg(group, signal.SIGKILL)
            run.finish(7)
            equal('inner' in run.stdout.text(), whole, path)


@test(120)
def tini_gets_a_signal_when_its_parent_ends(t):
    outer = Command(t, 'sh', '-c', f'{ours(t, "tini")} -s -p SIGTERM -- '
                    f'{sys.executable} -c \'{TELL_SIGNALS}\' & cat',
                    stdin=subprocess.PIPE)
    pid = int(outer.expect(r'ready (\d+)').group(1))
    t.defer(kill, pid)
    outer.signal(signal.SIGKILL)
    outer.expect('got 15')
    kill(pid)
    outer.process.stdin.close()


main()
