#!/usr/bin/python3
"""belay run called timeout: the same as timeout, case by case."""

import os
import resource
import signal

from running import Command, children, is_over, kill
from tap import contains, equal, lacks, main, test
from tools import TELLING, check, ended, ours, real

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


# -- What commands inherit ----------------------------------------------------


@test(120)
def a_blocked_alarm_is_no_hindrance(t):
    def prepare():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    check(t, 'timeout', ['0.1', 'sleep', '100'], 124, prepare=prepare)


main()
