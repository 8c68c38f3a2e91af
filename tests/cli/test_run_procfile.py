#!/usr/bin/python3
"""test_run_procfile.py: many long-lived commands: who ends when, with which
status, and who is started again."""

import os
import re
import signal

from running import Gate, Run, children, nobody_is_left, run
from shell import Shell
from tap import contains, equal, lacks, main, test
from terminal import CTRL_C


def procfile(t, text):
    """Writes one; every command has the test's directory in its arguments."""
    return '--procfile=' + t.write('Procfile', text.replace('DIR', t.dir))


FOREVER = 'exec tail -f /dev/null DIR/x'  # until it is ended


def start(t, text, *arguments):
    """A run of a Procfile in which somebody runs for ever, and its mark."""
    t.write('x', '')
    return Run(t, procfile(t, text), *arguments)


# -- What is written ----------------------------------------------------------


@test()
def each_line_has_the_name_in_a_column_of_its_own(t):
    one = run(t, procfile(t, 'web: echo a\nlonger_name: echo b >&2\n'))
    contains(one.stdout.text(), 'web         | a\n', 'stdout')
    contains(one.stderr.text(), 'longer_name | b\n', 'stderr')
    contains(one.stderr.text(), 'belay run: web: exited with status 0\n',
             'stderr')


@test()
def a_prefix_that_is_asked_for_is_not_filled_up(t):
    one = run(t, procfile(t, 'web: echo a\nlonger: echo b\n'),
              '--prefix={name}: ')
    equal(sorted(one.stdout.text().splitlines()), ['longer: b', 'web: a'],
          'stdout')


@test()
def output_goes_to_files_and_goes_on_there_after_a_restart(t):
    one = run(t, procfile(t, 'web: echo x >> DIR/n; echo here; '
                          '[ $(wc -l < DIR/n) = 3 ]\n'),
              '--output-dir=out', '--restart=failure', '--restart-wait=0')
    equal(one.stdout.text(), '', 'stdout')
    with open(t.path('out/1-web.out')) as file:
        equal(file.read(), 'here\n' * 3, 'file')
    with open(t.path('out/1-web.err')) as file:
        equal(file.read(), 'belay run: attempt 2\nbelay run: attempt 3\n',
              'file of errors')
    equal(sorted(os.listdir(t.path('out'))), ['1-web.err', '1-web.out'],
          'files')


# -- --exit-on ----------------------------------------------------------------


@test()
def all_ended_well_is_success(t):
    run(t, procfile(t, 'a: true\nb: sh -c "exit 0"\n'))


@test()
def with_all_one_failure_is_1_and_the_others_go_on(t):
    gate = Gate(t, 'gate')
    one = start(t, f'a: exit 7\nb: read x < {gate.path}; echo still there\n')
    one.expect_said('a: exited with status 7')
    t.until(lambda: children(one.pid), 'b runs')
    gate.open_until(t, lambda: one.process.poll() is not None)
    one.finish(1)
    contains(one.stdout.text(), 'b | still there', 'stdout')


@test()
def with_any_the_first_to_end_decides(t):
    for status in (0, 5):
        one = start(t, f'a: {FOREVER}\nb: exit {status}\n', '--exit-on=any')
        one.finish(status)
        nobody_is_left(t, t.path('x'))
        lacks(one.stderr.text(), 'a: ', 'those that were ended are not told')


@test()
def one_that_is_killed_decides_with_128_and_the_signal(t):
    one = start(t, f'a: {FOREVER}\nb: kill -KILL $$\n', '--exit-on=any')
    one.finish(128 + signal.SIGKILL)
    contains(one.stderr.text(), 'b: killed by SIGKILL', 'stderr')


@test()
def with_failure_success_does_not_decide(t):
    gate = Gate(t, 'gate')
    one = start(t, f'a: {FOREVER}\nb: true\nc: read x < {gate.path}; exit 9\n',
                '--exit-on=failure')
    one.expect_said('b: exited with status 0')
    equal(len(children(one.pid)), 2, 'a and c run on')
    gate.open_until(t, lambda: one.process.poll() is not None)
    one.finish(9)
    nobody_is_left(t, t.path('x'))


@test()
def with_failure_and_none_it_is_0(t):
    run(t, procfile(t, 'a: true\nb: true\n'), '--exit-on=failure')


@test()
def who_ignores_the_wish_is_killed_after_the_grace(t):
    one = start(t, "a: trap '' TERM; touch DIR/ready; "
                'while :; do tail -f DIR/x; done\n'
                'b: while ! [ -e DIR/ready ]; do :; done; exit 4\n',
                '--exit-on=any', '--grace=100ms')
    one.finish(4)
    nobody_is_left(t, t.path('x'))


# -- --restart ----------------------------------------------------------------


@test()
def a_restart_is_told_with_its_wait_which_doubles(t):
    one = run(t, procfile(t, 'web: echo x >> DIR/n; [ $(wc -l < DIR/n) = 4 ]'),
              '--restart=failure', '--restart-wait=10ms')
    equal(re.findall('web: (.*)', one.stderr.text()), [
        'exited with status 1; starting again in 0.01 s',
        'exited with status 1; starting again in 0.02 s',
        'exited with status 1; starting again in 0.04 s',
        'exited with status 0'], 'messages')


@test()
def always_means_after_success_too(t):
    one = start(t, 'web: echo x >> DIR/n; echo run $(wc -l < DIR/n)\n',
                '--restart=always', '--restart-wait=1ms')
    one.expect(r'web \| run 3\n')
    one.expect_said(r'web: exited with status 0; starting again in 0\.00 s')
    one.signal(signal.SIGTERM)
    one.finish(-signal.SIGTERM)


@test()
def failure_does_not_restart_success(t):
    one = run(t, procfile(t, 'web: echo once'), '--restart=failure')
    equal(one.stdout.text(), 'web | once\n', 'stdout')


@test()
def a_restart_at_once_and_without_end_still_hears_signals(t):
    one = start(t, 'web: false\n', '--restart=always', '--restart-wait=0')
    one.expect_said('web: exited with status 1; starting again')
    one.signal(signal.SIGTERM)
    one.finish(-signal.SIGTERM)


@test()
def while_one_waits_for_its_restart_a_signal_ends_all(t):
    one = start(t, 'web: false\n', '--restart=failure', '--restart-wait=1h')
    one.expect_said('starting again in 1h00m')
    one.signal(signal.SIGINT)
    one.finish(-signal.SIGINT)


# -- Ctrl-C -------------------------------------------------------------------


@test(seconds=40)
def ctrl_c_ends_all_and_starts_nothing(t):
    t.write('x', '')
    given = procfile(t, f'a: {FOREVER}\nb: {FOREVER}\n'
                     "c: trap 'echo c ends; exit 3' INT; touch DIR/c; "
                     'while :; do tail -f DIR/x & wait; done\n')
    terminal = Shell(t)
    start_ = terminal.mark()
    terminal.type(f'$R {given} --restart=always --restart-wait=0\n')
    t.until(lambda: os.path.exists(t.path('c')) and
            len(children(terminal.foreground())) == 3, 'all run')
    terminal.type(CTRL_C)
    terminal.expect('@@ ', start_ + 1)
    nobody_is_left(t, t.path('x'))
    said = terminal.text()
    lacks(said, 'starting again', 'output')
    contains(said, 'c | c ends', 'output')
    terminal.type('echo status $?\n')
    terminal.expect(r'status 130\r\n')


# -- Bad Procfiles ------------------------------------------------------------


def refused(t, text, said, *names):
    path = t.write('Bad', text)
    one = run(t, '--procfile', path, *names, status=125)
    equal(one.stderr.text(), f'belay run: {path}{said}\n', 'stderr')


@test()
def a_bad_line_is_told_with_its_number(t):
    refused(t, 'a: true\n\nweb\n',
            ":3: no ':' after the name; a line is 'name: command'")
    refused(t, '# x\na b: true\n', ":2: 'a b' is no name; it may have "
            'letters, digits, - and _')
    refused(t, ': true\n', ":1: '' is no name; it may have letters, digits, "
            '- and _')
    refused(t, 'a: true\nb:  \n', ":2: 'b' has no command")
    refused(t, 'a: true\nb: true\na: false\n', ":3: 'a' is in line 1 already")
    refused(t, b'a: true\nb: tr\0ue\n', ':2: a 0 byte; this is no Procfile')


@test()
def nothing_was_started_when_a_later_line_is_bad(t):
    path = t.write('Bad', f'a: touch {t.path("ran")}\nb\n')
    run(t, '--procfile', path, status=125)
    equal(os.path.exists(t.path('ran')), False, 'ran')


@test()
def an_empty_one_is_refused(t):
    refused(t, '', ": no commands; a line is 'name: command'")
    refused(t, '# nothing\n\n', ": no commands; a line is 'name: command'")


@test()
def what_cannot_be_read_is_told(t):
    one = run(t, '--procfile=nowhere', status=125)
    equal(one.stderr.text(), 'belay run: nowhere: No such file or directory\n',
          'stderr')
    one = run(t, '--procfile=.', status=125)
    equal(one.stderr.text(), 'belay run: .: Is a directory\n', 'stderr')
    one = run(t, '--procfile=/dev/zero', status=125)
    equal(one.stderr.text(), 'belay run: /dev/zero: File too large\n',
          'stderr')


@test()
def names_choose_and_a_wrong_one_is_told_the_nearest(t):
    text = 'web: echo w\nworker: echo k\ndb: echo d\n'
    one = run(t, procfile(t, text), 'db', 'web')
    equal(sorted(one.stdout.text().splitlines()), ['db  | d', 'web | w'],
          'stdout')
    refused(t, text, ": no command 'wbe'; did you mean 'web'?", 'wbe')
    refused(t, text, ": no command 'nothing-like-it'", 'nothing-like-it')


@test()
def it_comes_from_standard_input_and_from_windows_too(t):
    one = run(t, '--procfile=-', stdin=b'\xef\xbb\xbfweb: echo hi\r\n')
    equal(one.stdout.text(), 'web | hi\n', 'stdout')
    one = run(t, '--procfile=-', stdin=b'x', status=125)
    contains(one.stderr.text(), 'standard input:1: no', 'stderr')


@test()
def while_it_is_typed_a_signal_ends_us(t):
    read, write = os.pipe()
    t.defer(os.close, write)
    one = Run(t, '--procfile=-', prepare=lambda: os.dup2(read, 0))
    os.close(read)
    os.write(write, b'web: true\n')
    t.until(lambda: sleeps_in_read(one.pid), 'it reads')
    one.signal(signal.SIGTERM)
    one.finish(-signal.SIGTERM)


def sleeps_in_read(pid):
    """Nothing more comes: the pipe is empty, and it sleeps in read()."""
    try:
        with open(f'/proc/{pid}/wchan') as file:
            return 'pipe' in file.read()
    except OSError:
        return False


main()
