#!/usr/bin/python3
"""belay run called timeout, tini or dumb-init: the same as these, case by case.

Every case has an expectation of its own; where the real tool is installed, it
is run beside, and must agree.
"""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys

from running import (RUN, Command, children, is_over, kill, need_programs,
                     state)
from tap import contains, equal, lacks, main, test
from terminal import CTRL_C, Terminal

TOOLS = ('timeout', 'tini', 'tini-static', 'dumb-init')
# A child that says which signals it gets, one number on a line.
TELL_SIGNALS = '''
import os, signal
def tell(number, frame):
    os.write(1, b"got %d\\n" % number)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
        signal.signal(number, tell)
os.write(1, b"ready %d\\n" % os.getpid())
while True:
    signal.pause()
'''
TELLING = (sys.executable, '-c', TELL_SIGNALS)


def ours(t, tool):
    """A link with the tool's name to belay-run."""
    need_programs(t)
    os.makedirs(t.path('ours'), exist_ok=True)
    link = t.path('ours', tool)
    if not os.path.lexists(link):
        os.symlink(RUN, link)
    return link


def real(tool):
    return shutil.which(tool, path='/usr/bin:/bin')


def without_numbers(text):
    """Process ids are never the same twice."""
    text = re.sub(r"(pid: '|pid '|pid=|with PID |tini \()\d+", r'\1N', text)
    return re.sub(r'^.*TRACE.*No child to \w+\n', '', text, flags=re.M)


def ended(t, path, tool, arguments, env=None, **more):
    """Runs it by its name alone, as it is found in PATH."""
    folder = os.path.dirname(path)
    run = Command(t, 'env', f'PATH={folder}:/usr/bin:/bin', tool, *arguments,
                  env=env, **more)
    status = run.wait()
    return (status, without_numbers(run.stdout.text()),
            without_numbers(run.stderr.text()))


def check(t, tool, arguments, status, stdout='', stderr='', env=None,
          beside=True, **more):
    """Ours is as it is said here, and so is the real one."""
    wanted = (status, stdout, stderr)
    what = ' '.join([tool, *arguments])
    equal(ended(t, ours(t, tool), tool, arguments, env, **more), wanted,
          f'ours: {what}')
    path = real(tool)
    if path and beside:
        equal(ended(t, path, tool, arguments, env, **more), wanted,
              f'real: {what}')


def check_status(t, tool, arguments, status, **more):
    """The same, of what is said no more than that it is the same."""
    got = ended(t, ours(t, tool), tool, arguments, **more)
    equal(got[0], status, ' '.join([tool, *arguments]))
    if real(tool):
        equal(got, ended(t, real(tool), tool, arguments, **more),
              'ours, and the real: ' + ' '.join([tool, *arguments]))


# -- timeout ------------------------------------------------------------------

TRY = "Try 'timeout --help' for more information.\n"
NO_TIME = 'timeout: invalid time interval ‘{}’\n' + TRY
NO_SIGNAL = 'timeout: ‘{}’: invalid signal\n' + TRY
SENDING = 'timeout: sending signal {} to command ‘{}’\n'


@test(120)
def timeout_refuses_as_timeout_does(t):
    for arguments, said in [
            ([], TRY), (['1'], TRY),
            (['-x', '1', 'true'],
             "timeout: invalid option -- 'x'\n" + TRY),
            (['--foo', '1', 'true'],
             "timeout: unrecognized option '--foo'\n" + TRY),
            (['--foreground=1', '1', 'true'],
             "timeout: option '--foreground' doesn't allow an argument\n"
             + TRY),
            (['-s'], "timeout: option requires an argument -- 's'\n" + TRY),
            (['--v'], "timeout: option '--v' is ambiguous; possibilities: "
             "'--verbose' '--version'\n" + TRY),
            (['-s', 'FOO', '1', 'true'], NO_SIGNAL.format('FOO')),
            (['-s', '99', '1', 'true'], NO_SIGNAL.format('99')),
            (['-s', '-1', '1', 'true'], NO_SIGNAL.format('-1')),
            (['-k', 'FOO', '1', 'true'], NO_TIME.format('FOO'))]:
        check(t, 'timeout', arguments, 125, stderr=said)


@test(120)
def timeout_reads_durations_as_timeout_does(t):
    for text in ('foo', '', '1x', '1ms', '1.5.5', 'nan', '1 ', '42D', "it's"):
        check(t, 'timeout', [text, 'true'], 125, stderr=NO_TIME.format(text))
    for text, shown in [('a\tb', 'a\\tb'), ('a\x01b', 'a\\001b'),
                        ('a\\b', 'a\\\\b'), ('é’', 'é\\’')]:
        check(t, 'timeout', [text, 'true'], 125, stderr=NO_TIME.format(shown))
    check(t, 'timeout', ["it's é", 'true'], 125, env={'LC_ALL': 'C'},
          stderr="timeout: invalid time interval 'it\\'s \\303\\251'\n" + TRY)
    for text in ('0', '0s', '9', '9.5', '.5', '1d', '1e3', '0x10', 'inf',
                 '999999999999999999999', '+1', ' 1', '1e-400'):
        check(t, 'timeout', [text, 'true'], 0)


@test(120)
def timeout_ends_commands_as_timeout_does(t):
    sleep = ['sleep', '100']
    deaf = ['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done']
    polite = ['sh', '-c', 'exec 2>&-; trap "exit 3" TERM; '
              'while :; do sleep 0.1; done']
    for options, command, status, said in [
            (['-v', '0.1'], sleep, 124, SENDING.format('TERM', 'sleep')),
            (['-v', '-s', 'RTMIN+1', '0.1'], sleep, 124,
             SENDING.format('RTMIN+1', 'sleep')),
            (['-v', '-s63', '0.1'], sleep, 124,
             SENDING.format('RTMAX-1', 'sleep')),
            (['-v', '-s', '143', '0.1'], sleep, 124,
             SENDING.format('TERM', 'sleep')),
            (['-v', '-s', 'IO', '0.1'], sleep, 124,
             SENDING.format('POLL', 'sleep')),
            (['-v', '-s0', '-k.1', '.1'], sleep, -9,
             SENDING.format('EXIT', 'sleep') + SENDING.format('KILL', 'sleep')),
            (['--foreground', '-v', '-s0', '-k.1', '.1'], sleep, 137,
             SENDING.format('EXIT', 'sleep') + SENDING.format('KILL', 'sleep')),
            (['-k', '0.1', '1'], deaf, -9, ''),
            (['--preserve-status', '0.1'], sleep, 143, ''),
            (['--preserve-status', '1'], polite, 3, ''),
            (['1'], polite, 124, ''),
            (['-s', 'KILL', '0.1'], sleep, -9, ''),
            (['--foreground', '-s', 'KILL', '0.1'], sleep, 137, '')]:
        check(t, 'timeout', options + command, status, stderr=said)


@test(120)
def timeout_exits_as_the_command_did(t):
    for command, status in [('exit 7', 7), ('kill -TERM $$', -15),
                            ('kill -KILL $$', -9)]:
        check(t, 'timeout', ['50', 'sh', '-c', command], status)
    cannot = 'timeout: failed to run command ‘{}’: {}\n'
    for command, status, why in [
            ('/nonexistent', 127, 'No such file or directory'),
            ('', 127, 'No such file or directory'),
            ('/etc/passwd', 126, 'Permission denied'),
            ('/', 126, 'Permission denied'),
            ('/etc/passwd/x', 126, 'Not a directory')]:
        check(t, 'timeout', ['50', command], status,
              stderr=cannot.format(command, why))


@test(120)
def timeout_has_the_newer_letters_too(t):
    for arguments, status in [(['-f', '0.1'], 124), (['-p', '0.1'], 143)]:
        check(t, 'timeout', [*arguments, 'sleep', '100'], status,
              beside=False)


@test(120)
def timeout_says_what_it_is(t):
    status, said, _ = ended(t, ours(t, 'timeout'), 'timeout', ['--version'])
    equal(status, 0)
    contains(said, 'timeout (belay ')
    status, said, _ = ended(t, ours(t, 'timeout'), 'timeout', ['--help'])
    equal(status, 0)
    for option in ('--foreground', '--kill-after', '--preserve-status',
                   '--signal', '--verbose'):
        contains(said, option)


@test(120)
def timeout_passes_signals_on_and_an_alarm_is_the_end(t):
    run = Command(t, ours(t, 'timeout'), '--foreground', '1000', *TELLING)
    run.expect(r'ready')
    for number in (1, 2, 3, 15, 2, 2):
        mark = len(run.stdout.data)
        run.signal(number)
        run.expect(rf'got {number}\n', mark)
    mark = len(run.stdout.data)
    run.signal(signal.SIGALRM)
    run.expect(r'got 15\n', mark)
    pid = children(run.pid)[0]
    kill(pid)
    run.finish(137)
    lacks(run.stdout.text(), 'got 14')


@test(120)
def an_alarm_goes_through_several_timeouts(t):
    link = ours(t, 'timeout')
    run = Command(t, link, '-s', 'ALRM', '1000', link, '-s', 'INT', '1000',
                  'sh', '-c', 'trap "echo int; exit" INT; echo ready; '
                  'while :; do sleep 0.1; done')
    run.expect('ready')
    run.signal(signal.SIGALRM)
    run.finish(124)
    contains(run.stdout.text(), 'int')


def group_of(pid):
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


@test(120)
def the_group_is_the_commands_or_ours(t):
    for arguments, is_ours in [(['1000'], False),
                               (['--foreground', '1000'], True)]:
        run = Command(t, ours(t, 'timeout'), *arguments, *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        equal(group_of(pid) == group_of(run.pid), is_ours, 'in our group')
        kill(pid)
        run.finish(-9)


def leaver(t, name):
    """A command that starts another, in its group, and says its pid."""
    run = Command(t, ours(t, name[0]), *name[1:], 'sh', '-c',
                  'sleep 1000 >/dev/null 2>&1 & echo left $!')
    pid = int(run.expect(r'left (\d+)').group(1))
    t.defer(kill, pid)
    run.finish()
    return pid


@test(120)
def survivors_are_left_as_each_tool_leaves_them(t):
    for name in (['timeout', '1000'], ['tini', '-s', '--'],
                 ['tini', '-s', '-g', '--'], ['dumb-init', '-c']):
        equal(is_over(leaver(t, name)), False, ' '.join(name))
    pid = leaver(t, ['dumb-init'])
    t.until(lambda: is_over(pid), "dumb-init's group is ended")


@test(120)
def a_timeout_ends_the_group_unless_in_the_foreground(t):
    for arguments, ends in [([], True), (['--foreground'], False)]:
        run = Command(t, ours(t, 'timeout'), *arguments, '1', 'sh', '-c',
                      'sleep 1000 >/dev/null 2>&1 & echo $!; sleep 1000')
        pid = int(run.expect(r'(\d+)').group(1))
        t.defer(kill, pid)
        run.finish(124)
        if ends:
            t.until(lambda: is_over(pid), 'all of the group is ended')
        else:
            equal(is_over(pid), False, 'gone')


@test(120)
def a_core_is_told_and_not_repeated(t):
    def allow():
        resource.setrlimit(resource.RLIMIT_CORE,
                           (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    if resource.getrlimit(resource.RLIMIT_CORE)[1] == 0:
        t.skip('cores are not allowed')
    shell = ['50', 'sh', '-c', 'kill -SEGV $$']
    got = ended(t, ours(t, 'timeout'), 'timeout', shell, prepare=allow)
    equal(got[0], -11)
    if real('timeout'):
        equal(got, ended(t, real('timeout'), 'timeout', shell, prepare=allow))


# -- tini ---------------------------------------------------------------------

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


# -- dumb-init ----------------------------------------------------------------

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
def signals_arrive_one_for_one_under_every_name(t):
    numbers = [n for n in range(1, 32) if n not in (4, 5, 7, 8, 9, 11, 17, 19,
                                                    20, 21, 22, 31, 6)]
    for name in (['tini', '-s', '--'], ['tini', '-sg', '--'], ['dumb-init'],
                 ['dumb-init', '-c']):
        run = Command(t, ours(t, name[0]), *name[1:], *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        for number in numbers + numbers:
            mark = len(run.stdout.data)
            run.signal(number)
            run.expect(rf'got {number}\n', mark)
        kill(pid)
        run.finish(137)
        equal([int(n) for n in re.findall(r'got (\d+)', run.stdout.text())],
              numbers + numbers, ' '.join(name))


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


# -- What commands inherit ----------------------------------------------------


def signal_lines(path, tool, arguments, t):
    """Blocked and ignored signals of a command, of one started with some."""
    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGWINCH, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK,
                               {signal.SIGUSR2, signal.SIGALRM})
    run = Command(t, path, *arguments, 'grep', '-E', 'Sig(Blk|Ign)',
                  '/proc/self/status', prepare=prepare)
    run.finish()

    def without_those_of_libc(match):
        bits = int(match.group(), 16) & ~(3 << 31)
        return f'{bits:016x}'
    return re.sub(r'\b[0-9a-f]{16}\b', without_those_of_libc,
                  run.stdout.text())


@test(120)
def dispositions_and_mask_are_passed_on_as_each_tool_does(t):
    ignored = (1 << (signal.SIGUSR1 - 1)) | (1 << (signal.SIGWINCH - 1))
    blocked = (1 << (signal.SIGUSR2 - 1)) | (1 << (signal.SIGALRM - 1))
    for tool, arguments, keeps in [('timeout', ['1000'], True),
                                   ('timeout', ['--foreground', '9'], True),
                                   ('tini', ['-s', '--'], True),
                                   ('dumb-init', [], False)]:
        got = signal_lines(ours(t, tool), tool, arguments, t)
        contains(got, f'SigBlk:\t{blocked if keeps else 0:016x}\n', tool)
        contains(got, f'SigIgn:\t{ignored if keeps else 0:016x}\n', tool)
        if real(tool):
            equal(got, signal_lines(real(tool), tool, arguments, t), tool)


@test(120)
def a_blocked_alarm_is_no_hindrance(t):
    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    check(t, 'timeout', ['0.1', 'sleep', '100'], 124, prepare=prepare)


@test(120)
def fds_are_passed_on(t):
    for tool, arguments in [('timeout', ['50']), ('tini', ['-s', '--']),
                            ('dumb-init', [])]:
        read_end, write_end = os.pipe()
        run = Command(t, ours(t, tool), *arguments, 'sh', '-c',
                      f'echo here >/proc/self/fd/{write_end}',
                      pass_fds=[write_end])
        os.close(write_end)
        run.finish()
        equal(os.read(read_end, 100), b'here\n', tool)
        os.close(read_end)


@test(120)
def the_command_does_not_outlive_us(t):
    for tool, arguments in [('timeout', ['1000']),
                            ('timeout', ['--foreground', '1000']),
                            ('tini', ['-s', '--']), ('dumb-init', [])]:
        run = Command(t, ours(t, tool), *arguments, *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        t.defer(kill, pid)
        run.signal(signal.SIGKILL)
        t.until(lambda: is_over(pid), f'{tool}: the command is gone')


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
def a_shell_under_each_name_has_job_control(t):
    for name in (['dumb-init'], ['dumb-init', '-c'], ['tini', '-s', '--'],
                 ['timeout', '1000'], ['timeout', '--foreground', '1000']):
        terminal = Terminal(t, [ours(t, name[0]), *name[1:], 'bash', '--norc',
                                '-i'])
        terminal.type('echo "flags=$-"; exit 5\n')
        flags = terminal.expect(r'flags=(\w+)', seconds=20).group(1)
        contains(flags, b'm', ' '.join(name))
        equal(terminal.wait(), 5, ' '.join(name))
        lacks(terminal.text(), 'no job control')


@test(120)
def ctrl_c_arrives_once(t):
    """In our group the terminal has told the command already."""
    for name in (['timeout', '--foreground', '1000'], ['timeout', '1000'],
                 ['tini', '-s', '--'], ['dumb-init', '-c'], ['dumb-init']):
        terminal = Terminal(t, [ours(t, name[0]), *name[1:], *TELLING])
        pid = int(terminal.expect(r'ready (\d+)', seconds=20).group(1))
        terminal.type(CTRL_C)
        terminal.expect('got 2', seconds=20)
        # A signal after it shows that nothing of it is under way any more.
        os.kill(terminal.pid, signal.SIGUSR1)
        terminal.expect('got 10', seconds=20)
        equal(terminal.text().count('got 2\n'), 1, ' '.join(name))
        kill(pid)
        terminal.wait()


@test(120)
def a_missing_command_is_told_by_way_of_the_terminal_too(t):
    terminal = Terminal(t, [ours(t, 'dumb-init'), '/nonexistent'])
    equal(terminal.wait(), 2)
    contains(terminal.text(),
             '[dumb-init] /nonexistent: No such file or directory')


# -- As PID 1 -----------------------------------------------------------------


def as_init(t, command, **more):
    probe = subprocess.run(['unshare', '-pf', '--mount-proc', 'true'],
                           stderr=subprocess.DEVNULL, check=False)
    if probe.returncode != 0:
        t.skip('no PID namespaces here')
    return Command(t, 'unshare', '-pf', '--mount-proc', *command, **more)


@test(120)
def each_is_an_init(t):
    """It reaps what it did not start, forwards, and exits as the command."""
    script = ('exec 2>&-; (sh -c "sleep 0 & exec true" &) ; echo $PPID; '
              'until ! grep -l "^State:.Z" /proc/[0-9]*/status 2>&-; do :; '
              'done; '
              'trap "exit 9" TERM; kill -TERM 1; while :; do sleep 0.1; done')
    for name in (['tini', '--'], ['dumb-init'], ['dumb-init', '-c'],
                 ['timeout', '100'], ['timeout', '--foreground', '100']):
        run = as_init(t, [ours(t, name[0]), *name[1:], 'sh', '-c', script])
        run.finish(9)
        contains(run.stdout.text(), '1\n', ' '.join(name))
        # What a shell says of a command that the group's signal ended.
        equal(run.stderr.text().replace('Terminated\n', ''), '',
              ' '.join(name))


@test(120)
def as_init_a_death_is_128_and_its_number(t):
    for name in (['tini', '--'], ['dumb-init'], ['timeout', '100']):
        run = as_init(t, [ours(t, name[0]), *name[1:], 'sh', '-c',
                          'kill -KILL $$'])
        run.finish(137)


main()
