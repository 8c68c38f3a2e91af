#!/usr/bin/python3
"""belay run called dumb-init: the same as dumb-init, case by case."""

import os
import re
import signal

from running import Command, kill, state
from tap import contains, equal, lacks, main, test
from terminal import CTRL_C, Terminal
from tools import TELLING, check, ended, ours, real

NO_TERMINAL = ('[dumb-init] Unable to {} controlling tty (errno=25 '
               'Inappropriate ioctl for device).\n')
DETACH, ATTACH = NO_TERMINAL.format('detach from'), \
    NO_TERMINAL.format('attach to')
SPAWNED = '[dumb-init] Child spawned with PID N.\n'
SETSID = '[dumb-init] setsid complete.\n'
BAD_REWRITE = ('Usage: -r option takes <signum>:<signum>, where <signum> is '
               'between 1 and 31.\n'
               'This option can be specified multiple times.\n'
               'Use --help for full usage.\n')


def goodbye(status, died='exited with exit status {}', wanted=15, number=None):
    died = died.format(status if number is None else number)
    return ('[dumb-init] Received signal 17.\n'
            f'[dumb-init] A child with PID N {died}.\n'
            f'[dumb-init] Forwarded signal {wanted} to children.\n'
            f'[dumb-init] Child exited with status {status}. Goodbye.\n')


@test(120)
def dumb_init_refuses_as_dumb_init_does(t):
    usage = ('Usage: dumb-init [option] program [args]\n'
             'Try dumb-init --help for full usage.\n')
    for arguments, said in [
            ([], usage), (['-v', '--'], usage),
            (['-x', 'true'], "dumb-init: invalid option -- 'x'\n"),
            (['--yolo', 'true'], "dumb-init: unrecognized option '--yolo'\n"),
            (['-r'], "dumb-init: option requires an argument -- 'r'\n")]:
        check(t, 'dumb-init', arguments, 1, stderr=said)
    for value in ('', '15', 'herp', 'herp:derp', '15::12', '15:derp', '0:2',
                  '32:2', '15:32', '-1:2', '15:-1'):
        check(t, 'dumb-init', ['-r', value, 'true'], 1, stderr=BAD_REWRITE)
    for command, why in [('/nonexistent', 'No such file or directory'),
                         ('/etc/passwd', 'Permission denied')]:
        for options in ([], ['-c'], ['--single-child', '--']):
            check(t, 'dumb-init', [*options, command], 2,
                  stderr=f'[dumb-init] {command}: {why}\n')


@test(120)
def dumb_init_says_what_it_is(t):
    for option in ('-V', '--version', '-h', '--help'):
        status, stdout, stderr = ended(t, ours(t, 'dumb-init'), 'dumb-init',
                                       [option])
        equal((status, stdout), (0, ''))
        equal(stderr.startswith('dumb-init v1.2.5'), True, stderr)
    for word in ('--single-child', '--rewrite', '--verbose'):
        contains(stderr, word)


@test(120)
def dumb_init_exits_as_dumb_init_does(t):
    for script, status in [('exit 0', 0), ('exit 3', 3),
                           ('kill -KILL $$', 137), ('kill $$', 143)]:
        for options in ([], ['-c']):
            check(t, 'dumb-init', [*options, 'sh', '-c', script], status)
    # It goes there when the command may run already.
    check(t, 'dumb-init', ['sh', '-c',
                           'until test "$(readlink /proc/$PPID/cwd)" = /; do '
                           ':; done; readlink /proc/self/cwd'], 0,
          f'{t.dir}\n')


@test(120)
def dumb_init_says_what_happens(t):
    one = SPAWNED + goodbye(0)
    check(t, 'dumb-init', ['-v', '-c', 'true'], 0, stderr=one)
    check(t, 'dumb-init', ['-c', 'true'], 0, env={'DUMB_INIT_DEBUG': '1'},
          stderr='[dumb-init] Running in debug mode.\n' + one)
    check(t, 'dumb-init', ['-v', 'true'], 0, env={'DUMB_INIT_SETSID': '0'},
          stderr='[dumb-init] Not running in setsid mode.\n' + one)
    check(t, 'dumb-init', ['-vc', 'sh', '-c', 'kill -KILL $$'], 137,
          stderr=SPAWNED + goodbye(137, 'was terminated by signal {}',
                                   number=9))
    check(t, 'dumb-init', ['-v', '-c', '-r', '15:2', 'true'], 0,
          stderr=SPAWNED + goodbye(0, wanted=2).replace(
              '[dumb-init] Forwarded',
              '[dumb-init] Translating signal 15 to 2.\n'
              '[dumb-init] Forwarded'))
    check(t, 'dumb-init', ['-v', '-c', '-r', '15:0', 'true'], 0,
          stderr=SPAWNED + goodbye(0).replace(
              '[dumb-init] Forwarded signal 15 to children.\n',
              '[dumb-init] Translating signal 15 to 0.\n'
              '[dumb-init] Not forwarding signal 0 to children (ignored).\n'))
    # The real one's child speaks for itself, in no certain order.
    check(t, 'dumb-init', ['-v', 'false'], 1, beside=False,
          stderr=DETACH + SPAWNED + ATTACH + SETSID + goodbye(1))


@test(120)
def dumb_init_has_a_session_for_the_command(t):
    for options, own in [([], True), (['-c'], False)]:
        for path in filter(None, (ours(t, 'dumb-init'), real('dumb-init'))):
            run = Command(t, path, *options, *TELLING)
            pid = int(run.expect(r'ready (\d+)').group(1))
            equal(os.getsid(pid) == pid, own, f'{path} {options}: session')
            equal(os.getpgid(pid) == os.getpgid(run.pid), not own, 'group')
            kill(pid)
            run.finish(137)


@test(120)
def dumb_init_rewrites(t):
    for options in ([], ['-c']):
        run = Command(t, ours(t, 'dumb-init'), *options, '-r', '15:3', '-r',
                      '2:0', '--rewrite=1:30', '-r', '30:1', *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        for sent, got in [(15, 3), (2, None), (1, 30), (30, 1), (3, 3)]:
            mark = len(run.stdout.data)
            run.signal(sent)
            if got is not None:
                run.expect(rf'got {got}\n', mark)
        kill(pid)
        run.finish(137)
        equal(re.findall(r'got (\d+)', run.stdout.text()),
              ['3', '30', '1', '3'])


@test(120)
def dumb_init_stops_with_the_command(t):
    """The command is stopped for sure, or told; and so is dumb-init."""
    for path in filter(None, (ours(t, 'dumb-init'), real('dumb-init'))):
        run = Command(t, path, *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        for number in (20, 21, 22):
            run.signal(number)
            t.until(lambda: state(pid) == state(run.pid) == 'T',
                    'both are stopped')
            mark = len(run.stdout.data)
            run.signal(signal.SIGCONT)
            run.expect(r'got 18\n', mark)
        kill(pid)
        run.finish(137)
        lacks(run.stdout.text(), 'got 20')


@test(120)
def dumb_init_alone_tells_the_command_and_stops(t):
    for options, told in [(['-c'], lambda n: n),
                          (['-r', '20:1', '-r', '21:2', '-r', '22:3'],
                           lambda n: n - 19)]:
        run = Command(t, ours(t, 'dumb-init'), *options, *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        for number in (20, 21, 22):
            mark = len(run.stdout.data)
            run.signal(number)
            run.expect(rf'got {told(number)}\n', mark)
            t.until(lambda: state(run.pid) == 'T', 'it is stopped')
            mark = len(run.stdout.data)
            run.signal(signal.SIGCONT)
            run.expect(r'got 18\n', mark)
        kill(pid)
        run.finish(137)


# -- On a terminal ------------------------------------------------------------


@test(120)
def dumb_init_gives_its_terminal_to_the_session(t):
    """A shell has job control, and neither HUP nor CONT of the hand-over
    arrives."""
    for path in filter(None, (ours(t, 'dumb-init'), real('dumb-init'))):
        terminal = Terminal(t, [path, '-v', *TELLING])
        pid = int(terminal.expect(r'ready (\d+)', seconds=20).group(1))
        equal(os.getsid(pid), pid, 'its session')
        equal(terminal.foreground(), pid, 'the foreground')
        terminal.type(CTRL_C)
        terminal.expect('got 2', seconds=20)
        text = terminal.text()
        for words in (
                'Detached from controlling tty, ignoring the first SIGHUP and '
                'SIGCONT we receive.', 'setsid complete.',
                'Ignoring tty hand-off signal 1.',
                'Ignoring tty hand-off signal 18.'):
            contains(text, '[dumb-init] ' + words, path)
        lacks(text, 'got 1\n')
        lacks(text, 'got 18\n')
        kill(pid)
        terminal.wait()


@test(120)
def a_missing_command_is_told_by_way_of_the_terminal_too(t):
    terminal = Terminal(t, [ours(t, 'dumb-init'), '/nonexistent'])
    equal(terminal.wait(), 2)
    contains(terminal.text(),
             '[dumb-init] /nonexistent: No such file or directory')


main()
