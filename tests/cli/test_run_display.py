#!/usr/bin/python3
"""test_run_display.py: the line at the bottom of a terminal, keys, answers;
and the terminal's settings, which are as they were whatever happens."""

import fcntl
import os
import re
import signal
import struct
import termios
import unicodedata

from running import Gate, Run, check_asleep, children, on_terminal
from shell import Shell
from tap import contains, equal, lacks, main, test
from terminal import CTRL_C, CTRL_Z

TIOCGPTN = 0x80045430


def waiting(t, count, *options, word='', **more):
    """`count` commands on a terminal, all of which wait until the gate opens;
    their names have the word."""
    gate = Gate(t, 'gate')
    terminal = on_terminal(t, f'-j{count}', *options, 'sh', '-c',
                           f'read x < $0; true {word}', ':::',
                           *[gate.path] * count, **more)
    return terminal, gate


def end(t, terminal, gate, status=0):
    """Opens the gate until all have gone."""
    gate.open_until(t, lambda: terminal.process.poll() is not None)
    equal(terminal.wait(), status, 'status')


def bottom(terminal):
    """The last line that is not empty."""
    lines = [line for line in terminal.screen() if line]
    return lines[-1] if lines else ''


def settings(terminal):
    return termios.tcgetattr(terminal.master)


def is_keyboard(terminal):
    """Whether single keys are read, without echo; ^C is a signal still."""
    flags = settings(terminal)[3]
    return (not flags & (termios.ICANON | termios.ECHO)
            and flags & termios.ISIG)


# -- The line -----------------------------------------------------------------


@test(seconds=40)
def it_says_how_far_we_are_and_what_runs(t):
    terminal, gate = waiting(t, 3, columns=200)
    t.until(lambda: bottom(terminal).startswith('0/3 done, 3 running, '),
            'the line')
    t.until(lambda: re.search(r'running, \d+ s: sh -c read x < \$0; true ',
                              bottom(terminal)), 'names')
    end(t, terminal, gate)
    equal(terminal.screen()[-1:], [''], 'what is left')
    lacks('\n'.join(terminal.screen()), 'done', 'screen')


@test(seconds=40)
def failures_are_counted(t):
    gate = Gate(t, 'gate')
    terminal = on_terminal(t, '-j2', 'sh', '-c', '[ $0 = no ] || read x < $0',
                           ':::', gate.path, 'no', gate.path, 'no', 'no')
    t.until(lambda: bottom(terminal).startswith('1/5 done, 2 running') or
            bottom(terminal).startswith('3/5 done, '), 'some are done')
    gate.open_until(t, lambda: terminal.process.poll() is not None)
    terminal.wait()
    lacks(bottom(terminal), 'done', 'last line')


@test(seconds=40)
def the_time_goes_on_though_nothing_happens(t):
    terminal, gate = waiting(t, 1)
    for second in range(3):
        t.until(lambda: f'running, {second} s' in bottom(terminal),
                f'second {second}', 20)
    end(t, terminal, gate)


@test(seconds=40)
def nothing_wakes_it_but_the_time(t):
    """Once a second: no more than a few system calls each."""
    terminal, gate = waiting(t, 1)
    terminal.expect('running, 0 s')

    def switches():
        with open(f'/proc/{terminal.pid}/status') as file:
            return int(re.search(r'^voluntary_ctxt_switches:\s+(\d+)',
                                 file.read(), re.M).group(1))
    terminal.expect('running, 1 s')
    before = switches()
    terminal.expect('running, 4 s', seconds=20)
    if switches() - before > 12:
        raise AssertionError(f'woke {switches() - before} times in 3 s')
    end(t, terminal, gate)


def columns_of(text):
    return sum(2 if unicodedata.east_asian_width(char) == 'W' else 1
               for char in text)


@test(seconds=40)
def it_never_takes_more_than_one_row(t):
    for columns in (1, 2, 10, 25, 60):
        terminal, gate = waiting(t, 4, columns=columns, word='日本語')
        t.until(lambda: len([line for line in terminal.screen() if line]) == 1,
                'one row')
        equal(columns_of(bottom(terminal)) < max(2, columns), True, 'width')
        end(t, terminal, gate)
        os.unlink(gate.path)


@test(seconds=40)
def a_window_that_becomes_narrow_is_left_clean(t):
    terminal, gate = waiting(t, 2, columns=100)
    t.until(lambda: len(bottom(terminal)) > 60, 'a long line')
    terminal.resize(24, 30)
    start = terminal.mark()
    terminal.expect(r'\x1b\[\d*A\x1b\[J', start, seconds=20)
    end(t, terminal, gate)


@test(seconds=40)
def output_comes_above_it_and_stays(t):
    gate = Gate(t, 'gate')
    terminal = on_terminal(
        t, '-j2', 'sh', '-c',
        '[ $0 = now ] && echo "it is here" || read x < $0; true',
        ':::', gate.path, 'now')
    t.until(lambda: [line for line in terminal.screen() if line][:1] ==
            ['it is here'] and bottom(terminal).startswith('1/2 done'),
            'both')
    end(t, terminal, gate)
    equal([line for line in terminal.screen() if line], ['it is here'],
          'the screen')


@test(seconds=40)
def output_without_a_newline_is_not_covered(t):
    gate = Gate(t, 'gate')
    terminal = on_terminal(
        t, '-j2', 'sh', '-c',
        '[ $0 = now ] && printf partial || read x < $0; true',
        ':::', gate.path, 'now')
    t.until(lambda: [line for line in terminal.screen() if line][:1] ==
            ['partial'] and bottom(terminal).startswith('1/2 done'), 'both')
    end(t, terminal, gate)
    contains(terminal.screen()[0], 'partial', 'the screen')


@test(seconds=40)
def messages_take_it_away_first(t):
    terminal, gate = waiting(t, 1, '--slow=400ms', columns=200)
    terminal.expect('done.*has been running for.*has been running for')
    end(t, terminal, gate)
    for line in filter(None, terminal.screen()):
        if not re.fullmatch(r'belay run: sh -c \S+ .* has been running for '
                            r'[\d.]+ s', line):
            raise AssertionError(f'{line!r} on the screen')


def undrawn(t, *options, **more):
    """The output of a run that is long enough for a line, but has none."""
    terminal, gate = waiting(t, 1, '--slow=300ms', *options, **more)
    terminal.expect('has been running for')
    end(t, terminal, gate)
    os.unlink(gate.path)
    lacks(terminal.text(), 'done', f'output with {options} {more}')


@test(seconds=60)
def there_is_none_where_it_is_not_wanted(t):
    undrawn(t, '--progress=none')
    undrawn(t, '-q')
    undrawn(t, '--output=raw')
    undrawn(t, env={'TERM': 'dumb'})


@test(seconds=40)
def a_procfile_has_none(t):
    gate = Gate(t, 'gate')
    t.write('Procfile', f'a: read x < {gate.path}; true\n')
    terminal = on_terminal(t, '--procfile=Procfile', '--slow=300ms')
    terminal.expect('has been running for')
    end(t, terminal, gate)
    lacks(terminal.text(), 'done', 'output')


@test(seconds=40)
def live_means_in_any_case(t):
    terminal, gate = waiting(t, 1, '-q', '--progress=live')
    terminal.expect('0/1 done')
    end(t, terminal, gate)


# -- Answers ------------------------------------------------------------------


@test(seconds=40)
def a_signal_asks_what_runs(t):
    gate = Gate(t, 'gate')
    one = Run(t, '-j2', 'sh', '-c', 'read x < $0', ':::', gate.path, gate.path)
    t.until(lambda: len(children(one.pid)) == 2, 'both run')
    one.signal(signal.SIGUSR1)
    one.expect_said(r'belay run: 0/2 done, 2 running, \d+ s\n')
    for _ in range(2):
        one.expect_said(r'belay run: sh -c read x < \$0 \S+/gate: '
                   r'running for \d+ s, pid \d+\n')
    pid = int(re.search(r'pid (\d+)', one.stderr.text()).group(1))
    start = len(one.stderr.data)
    os.kill(pid, signal.SIGSTOP)


    def says(pattern):
        one.signal(signal.SIGUSR1)
        return re.search(pattern, one.stderr.text()[start:])
    t.until(lambda: says(rf'stopped, started \d+ s ago, pid {pid}\n'),
            'that it is stopped')
    os.kill(pid, signal.SIGCONT)
    gate.open_until(t, lambda: one.process.poll() is not None)
    one.wait()


@test(seconds=40)
def attempts_wishes_and_leftovers_are_told(t):
    gate = Gate(t, 'gate')
    one = Run(t, '--retries=1', '--grace=1h', '--orphans=wait', 'sh', '-c',
              'mkdir $0 && exit 1; trap "" TERM; (read x < $1) & echo > $0/x; '
              'read x < $1', t.path('once'), ':::', gate.path)
    t.until(lambda: os.path.exists(t.path('once/x')), 'the second runs', 20)
    one.signal(signal.SIGUSR1)
    match = one.expect_said(r': running for \d+ s, pid (\d+), attempt 2\n')
    pid = int(match.group(1))
    os.kill(pid, signal.SIGKILL)

    def says(words):
        one.signal(signal.SIGUSR1)
        return words in one.stderr.text()
    t.until(lambda: says('and others of its group did not, pid '), 'leftovers')
    one.signal(signal.SIGTERM)
    t.until(lambda: says('did not, asked to end, pid '), 'the wish')
    gate.open_until(t, lambda: one.process.poll() is not None)
    one.wait()


@test(seconds=40)
def keys_ask_too_and_are_not_echoed(t):
    terminal, gate = waiting(t, 1, '-q')
    t.until(lambda: is_keyboard(terminal), 'keys are read')
    for key in '?', '\r', '\n':
        start = terminal.mark()
        terminal.type(key)
        terminal.expect(r'^belay run: 0/1 done, 1 running.*running for \d+ s, '
                        r'pid \d+\r\n', start)
    start = terminal.mark()
    terminal.type('xyzh')
    terminal.expect('^belay run: \\? or Enter tells what runs', start)
    end(t, terminal, gate)


@test(seconds=40)
def without_progress_there_are_no_keys(t):
    gate = Gate(t, 'gate')
    terminal = on_terminal(t, '--progress=none', 'sh', '-c', 'read x < $0',
                           ':::', gate.path)
    before = settings(terminal)
    t.until(lambda: children(terminal.pid), 'it runs')
    equal(settings(terminal), before, 'settings')
    terminal.type(CTRL_C)
    equal(terminal.wait(), -signal.SIGINT, 'status')


# -- The terminal's settings --------------------------------------------------


def with_settings(t, *options):
    """A run that reads keys, and the settings before it."""
    terminal = Shell(t, columns=150)
    gate = Gate(t, 'gate')
    before = settings(terminal)
    start = terminal.mark()
    terminal.type(f'$R {" ".join(options)} sh -c \'read x < $0\' ::: '
                  f'{gate.path}\n')
    t.until(lambda: is_keyboard(terminal), 'keys are read')
    return terminal, gate, before, start


def run_pid(terminal):
    """belay-run, which has the foreground."""
    return terminal.foreground()


def check_settings(t, terminal, before, start):
    terminal.expect('@@ ', start + 1)
    t.until(lambda: settings(terminal) == before, 'settings')


def open_slave(master):
    number = struct.unpack('I', fcntl.ioctl(master, TIOCGPTN, b'\0' * 4))[0]
    return os.open(f'/dev/pts/{number}', os.O_RDWR | os.O_NOCTTY)


class Direct:
    """belay-run itself leads the terminal: no shell repairs what it leaves."""

    def __init__(self, t, *options):
        self.gate = Gate(t, 'gate')
        self.terminal = on_terminal(t, *options, 'sh', '-c', 'read x < $0',
                                    ':::', self.gate.path)
        # Held open, so that the settings outlive the program.
        self.slave = open_slave(self.terminal.master)
        t.defer(os.close, self.slave)
        t.until(lambda: is_keyboard(self.terminal), 'keys are read')
        t.until(lambda: children(self.terminal.pid), 'it runs')

    def check(self, status):
        """How it ended; there is no end of its output, as we hold it open."""
        equal(self.terminal.process.wait(20), status, 'status')
        flags = termios.tcgetattr(self.slave)[3]
        wanted = termios.ICANON | termios.ECHO | termios.ISIG
        equal(flags & wanted, wanted, 'settings')


@test(seconds=40)
def they_are_restored_at_the_end(t):
    direct = Direct(t)
    direct.gate.open_until(
        t, lambda: direct.terminal.process.poll() is not None)
    direct.check(1)


@test(seconds=40)
def they_are_restored_when_a_signal_ends_it(t):
    for what in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        direct = Direct(t)
        if what == signal.SIGINT:
            direct.terminal.type(CTRL_C)
        else:
            os.kill(direct.terminal.pid, what)
        direct.check(-what)
        os.unlink(direct.gate.path)


@test(seconds=60)
def ctrl_z_gives_them_back_and_fg_takes_them_again(t):
    terminal, gate, before, start = with_settings(t)
    for _ in range(3):
        pid = run_pid(terminal)
        start = terminal.mark()
        terminal.type(CTRL_Z)
        terminal.expect('Stopped.*?@@ ', start)
        equal(settings(terminal), before, 'settings while stopped')
        start = terminal.mark()
        terminal.type('fg\n')
        t.until(lambda: run_pid(terminal) == pid and is_keyboard(terminal),
                'keys are read again', 20)
        start = terminal.mark()
        terminal.type('?')
        terminal.expect('running for', start)
    terminal.type(CTRL_C)
    check_settings(t, terminal, before, start)


@test(seconds=60)
def in_the_background_the_terminal_is_not_touched(t):
    terminal, gate, before, start = with_settings(t)
    start = terminal.mark()
    terminal.type(CTRL_Z)
    terminal.expect('Stopped.*?@@ ', start)
    start = terminal.mark()
    terminal.type('bg\n')
    terminal.expect('@@ ', start)
    # The shell reads what is typed, and nothing is drawn over it.
    start = terminal.mark()
    terminal.type('echo as$((40+2))if ?\n')
    terminal.expect(r'as42if \?\r\n@@ ', start)
    equal(settings(terminal), before, 'settings in the background')
    terminal.type('kill -USR1 $!\n')
    terminal.expect('running for', start)
    lacks(terminal.output.text()[start:], '\x1b[J', 'drawn')
    # And when it comes to the front it reads keys.
    start = terminal.mark()
    terminal.type('fg\n')
    t.until(lambda: is_keyboard(terminal), 'keys are read', 20)
    terminal.type('h')
    terminal.expect('tells what runs', start)
    gate.open_until(t, lambda: not children(terminal.pid))
    check_settings(t, terminal, before, start)


@test(seconds=60)
def one_started_in_the_background_reads_keys_when_it_is_in_front(t):
    terminal = Shell(t)
    gate = Gate(t, 'gate')
    before = settings(terminal)
    start = terminal.mark()
    terminal.type(f'$R sh -c \'read x < $0\' ::: {gate.path} &\n')
    terminal.expect('@@ ', start)
    pid = children(terminal.pid)[0]
    t.until(lambda: children(pid), 'it runs')
    equal(settings(terminal), before, 'settings in the background')
    terminal.type('fg\n')
    t.until(lambda: is_keyboard(terminal), 'keys are read', 20)
    start = terminal.mark()
    terminal.type(CTRL_C)
    check_settings(t, terminal, before, start)


@test(seconds=40)
def where_standard_input_has_the_commands_keys_are_left_alone(t):
    gate = Gate(t, 'gate')
    terminal = on_terminal(t, '-i')
    before = settings(terminal)
    terminal.type(f'read x < {gate.path}\n')
    terminal.expect('0 done, 1 running')
    equal(settings(terminal), before, 'settings')
    terminal.type(b'\x04')
    gate.open_until(t, lambda: terminal.process.poll() is not None)
    terminal.wait()


@test(seconds=40)
def a_closed_window_does_not_make_it_spin(t):
    """HUP ends it, with time of grace for who ignores it: asleep meanwhile."""
    gate = Gate(t, 'gate')
    terminal = on_terminal(t, '--grace=1h', 'sh', '-c',
                           'trap "" HUP; echo > $1; while :; do read x < $0; '
                           'done', gate.path, ':::', t.path('ready'))
    t.until(lambda: is_keyboard(terminal), 'keys are read')
    t.until(lambda: os.path.exists(t.path('ready')), 'it runs')
    terminal.hang_up()
    check_asleep(terminal.pid)
    equal(terminal.process.poll(), None, 'it waits')
    terminal.process.send_signal(signal.SIGTERM)
    terminal.process.send_signal(signal.SIGTERM)
    t.until(lambda: terminal.process.send_signal(signal.SIGTERM) or
            terminal.process.poll() is not None, 'the end', 20)


main()
