#!/usr/bin/python3
"""Nothing is left behind, whatever commands leave, and however."""

import signal
import subprocess
import time

from running import (PATIENCE, RUN, SUBJECT, Run, children, is_over, kill,
                     mark, nobody_left, wait_stopped)
from tap import contains, equal, fewer, main, test

GRACE = ('--grace', '0.2s')
MANY = ('-j', '4', '--output', 'raw', *GRACE)


def both(*command, jobs=4):
    """The same for one command, and for several at once."""
    return ([*GRACE, *command],
            [*MANY, *command, ':::', *map(str, range(jobs))])


def leaves_nobody(t, arguments, words=None, status=0, seconds=PATIENCE):
    it = Run(t, *arguments)
    it.finish(status, seconds)
    nobody_left(t)
    if words:
        contains(it.stderr.text(), words, 'what it says')
    return it


# -- Of who had to be killed ---------------------------------------------------


@test(seconds=60)
def what_a_killed_command_leaves_is_killed_too(t):
    """Its own grace is over, and theirs begins."""
    script = ('trap "" TERM; setsid sleep 1000 & sleep 1000 & '
              'while :; do sleep 0.02; done')
    leaves_nobody(t, ['-t', '0.2s', *GRACE, 'sh', '-c', script], 'behind', 124)
    leaves_nobody(t, ['-t', '0.2s', *MANY, 'sh', '-c', script, ':::', 'x'],
                  None, 1)


def leaves_one_that_is_waited_for(t, rest=''):
    """Returns it, and who ignores SIGUSR1 and nothing else."""
    it = Run(t, '--orphans', 'wait', '-j1', '--output=raw', 'sh', '-c',
             'setsid -f "$0" hear 10' + rest, ':::', SUBJECT)
    return it, it.ready()


@test(seconds=60)
def a_signal_while_the_last_are_waited_for_is_told(t):
    it, left = leaves_one_that_is_waited_for(t)
    t.until(lambda: children(it.process.pid) == [left], 'the command is gone',
            PATIENCE)
    it.process.send_signal(signal.SIGTERM)
    contains(it.said(-signal.SIGTERM), 'asked to end', 'what it says')
    nobody_left(t)


@test(seconds=60)
def who_is_left_after_a_signal_is_not_waited_for_in_vain(t):
    it, _ = leaves_one_that_is_waited_for(t, '; exec sleep 1000')
    it.process.send_signal(signal.SIGTERM)
    contains(it.said(-signal.SIGTERM), 'asked to end', 'what it says')
    nobody_left(t)


# -- Of the group -------------------------------------------------------------


@test(seconds=60)
def others_of_the_group_are_told_and_ended(t):
    it = leaves_nobody(t, ['sh', '-c', 'for i in 1 2 3; do sleep 1000 & done'],
                       'left 3 processes behind: s')
    equal(it.stderr.text().count('\n'), 1, 'lines')
    it = leaves_nobody(t, ['sh', '-c', 'for i in 0 1 2 3 4 5 6 7 8 9; do'
                           ' sleep 1000 & done'], 'left 10 processes behind: ')
    contains(it.stderr.text(), ', ...; asked to end', 'message')
    leaves_nobody(t, [*MANY, 'sh', '-c', 'sleep 1000 & sleep 1001 &', ':::',
                      '1', '2', '3'], 'behind')


@test(seconds=60)
def they_have_the_time_to_end_in_order(t):
    script = ('(trap "sleep 0.3; echo cleaned; exit 0" TERM; echo ready $$;'
              ' while :; do sleep 0.02; done) & read x; exit 0')
    for arguments in (['sh', '-c', script],
                      ['-j', '1', '--output', 'raw', '--stdin', 'inherit',
                       'sh', '-c', script, ':::', 'x']):
        it = Run(t, *arguments, stdin=subprocess.PIPE)
        it.ready()
        it.process.stdin.close()
        contains(it.finish(), 'cleaned\n', 'output')
        nobody_left(t)


@test(seconds=60)
def who_ignores_it_is_killed_when_the_grace_is_over(t):
    script = 'trap "" TERM; sleep 1000 & exit 3'
    for arguments, status in ((['sh', '-c', script], 3),
                              (['-j', '1', 'sh', '-c', script, ':::', 'x'], 1)):
        began = time.monotonic()
        leaves_nobody(t, ['--grace', '0.5s', *arguments], 'asked to end',
                      status)
        if time.monotonic() - began < 0.5:
            raise AssertionError('killed before the grace was over')


@test(seconds=60)
def who_is_stopped_is_ended_too(t):
    for options in ((), ('-j', '1', '--output', 'raw', '--stdin', 'inherit')):
        last = (':::', 'x') if options else ()
        it = Run(t, *options, 'sh', '-c', f'{SUBJECT} hear 18 & read x; exit 0',
                 *last, stdin=subprocess.PIPE)
        subject = it.ready()
        kill(subject, signal.SIGSTOP)
        wait_stopped(t, subject)
        it.process.stdin.close()
        it.finish()
        nobody_left(t)


@test(seconds=60)
def the_terminated_leaves_nobody_either(t):
    """Its shell dies of SIGTERM, and the child that ignores it does not."""
    script = '(trap "" TERM; echo ready $$; sleep 1000) & wait'
    for options, status in (((), -15),
                            (('-j', '1', '--output', 'raw'), -15)):
        last = (':::', 'x') if options else ()
        it = Run(t, *GRACE, *options, 'sh', '-c', script, *last)
        it.ready()
        it.signal(signal.SIGTERM)
        it.finish(status)
        nobody_left(t)


@test(seconds=60)
def a_timeout_leaves_nobody(t):
    script = '(trap "" TERM; sleep 1000) & setsid sleep 1001 & sleep 1002'
    leaves_nobody(t, ['-t', '0.2s', *GRACE, 'sh', '-c', script], 'timed out',
                  124)
    leaves_nobody(t, ['-t', '0.2s', *MANY, 'sh', '-c', script, ':::', '1', '2'],
                  'timed out', 1)


# -- In sessions of their own -------------------------------------------------


@test(seconds=60)
def one_that_leaves_the_session_is_found(t):
    for arguments in both('setsid', '-f', 'sleep', '1000'):
        leaves_nobody(t, arguments, 'behind')
    for arguments in both(SUBJECT, 'sessions', '1'):
        leaves_nobody(t, arguments, 'behind')


@test(seconds=60)
def one_that_keeps_its_environment_to_itself_is_found(t):
    for arguments in both('env', '-i', mark(t), SUBJECT, 'sessions', '2'):
        leaves_nobody(t, arguments, 'behind')


@test(seconds=60)
def it_is_found_while_other_commands_go_on(t):
    """Not only at the end of all."""
    script = f'case $0 in one) {SUBJECT} sessions 1;; *) read x;; esac'
    it = Run(t, '-j', '2', '--output', 'raw', '--stdin', 'inherit', 'sh', '-c',
             script, ':::', 'one', 'two', stdin=subprocess.PIPE)
    it.expect('sessions 1\n')
    pid = int(it.expect_said(r'command 1 left process (\d+) behind').group(1))
    t.until(lambda: is_over(pid), 'it ends', PATIENCE)
    equal(it.process.poll(), None, 'status while the other runs')
    it.process.stdin.close()
    it.wait()
    nobody_left(t)


@test(seconds=90)
def two_hundred_sessions(t):
    count = fewer(200)
    for arguments in both(SUBJECT, 'sessions', str(count), jobs=2):
        leaves_nobody(t, arguments, 'behind')
    script = f'trap "" TERM; {SUBJECT} sessions {count}'
    for arguments in both('sh', '-c', script, jobs=2):
        leaves_nobody(t, arguments, 'behind')


@test(seconds=60)
def who_holds_our_output_is_not_waited_for(t):
    """The reader of a pipe hears its end when we end, not two minutes later."""
    for options in ((), ('-j', '1')):
        last = (':::', 'x') if options else ()
        it = Run(t, *GRACE, *options, SUBJECT, 'pipe', *last)
        contains(it.finish(), 'holding ', 'output')
        equal(it.stdout.closed, True, 'end of the output')
        nobody_left(t)


# -- Faster than one can look -------------------------------------------------


@test(seconds=120)
def eight_chains_that_flee_for_ever(t):
    for arguments in both(SUBJECT, 'chains', '8', '60', jobs=1):
        began = time.monotonic()
        leaves_nobody(t, arguments, seconds=50)
        if time.monotonic() - began > 50:
            raise AssertionError('they ended by themselves')


@test(seconds=120)
def chains_that_flee_while_they_are_timed_out(t):
    leaves_nobody(t, ['-t', '0.3s', *GRACE, 'sh', '-c',
                      f'{SUBJECT} chains 4 60; sleep 1000'], 'timed out', 124,
                  50)


@test(seconds=150)
def a_bomb_that_is_held_at_two_thousand(t):
    """Held by the kernel if we are the superuser, else by itself."""
    count = str(fewer(2000))
    for arguments in both(SUBJECT, 'bomb', count, '60', jobs=1):
        it = leaves_nobody(t, arguments, seconds=55)
        t.note(it.stdout.text().strip())


# -- When we are interrupted meanwhile ----------------------------------------


@test(seconds=60)
def a_signal_in_the_time_of_grace_reaches_those_who_are_left(t):
    """Whoever hears TERM and stays, ends by what is sent next."""
    for options in ((), ('-j', '1', '--output', 'raw', '--stdin', 'inherit')):
        last = (':::', 'x') if options else ()
        it = Run(t, '--grace', '100s', *options, 'sh', '-c',
                 f'{SUBJECT} hear 15 & read x; exit 0', *last,
                 stdin=subprocess.PIPE)
        it.ready()
        it.process.stdin.close()
        it.expect('heard 15')
        it.signal(signal.SIGUSR2)
        it.finish()
        nobody_left(t)


@test(seconds=60)
def killed_we_take_several_along(t):
    it = Run(t, '-j', '4', '--output', 'raw', SUBJECT, 'hear', ':::', '1', '2',
             '3', '4')
    t.until(lambda: it.stdout.text().count('ready') == 4, 'all', PATIENCE)
    it.signal(signal.SIGKILL)
    it.finish(-9)
    nobody_left(t, at_once=False)


@test(seconds=60)
def nested_each_looks_after_its_own(t):
    leaves_nobody(t, [*GRACE, RUN, *GRACE, SUBJECT,
                      'sessions', '3'], 'left 3 processes behind')
    leaves_nobody(t, [*GRACE, RUN, '--orphans',
                      'leave', SUBJECT, 'sessions', '3'],
                  'belay-run left 3 processes behind')
    leaves_nobody(t, [*MANY, RUN, '-j', '2',
                      '--output', 'raw', *GRACE, SUBJECT, 'sessions', ':::',
                      '1', '2', ':::', 'x'], None, 1)


main()
