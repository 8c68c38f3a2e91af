#!/usr/bin/python3
"""Storms of signals while programs are started by the thousand: none is stuck,
none fails, none is lost."""

import os
import signal
import threading
import time

from running import PATIENCE, Run, name_of, nobody_left
from shell import Shell
from tap import equal, fewer, main, test
from terminal import CTRL_Z

STOPS = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


class Storm:
    """Sends rounds of signals until it is ended, at any moment of what is
    going on; the last is SIGCONT."""

    def __init__(self, t, send, signals, chance=None, longest=0.0004):
        self.random = chance or t.random()
        self.send, self.signals, self.longest = send, signals, longest
        self.rounds = 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._blow, daemon=True)
        self.thread.start()
        t.defer(self.end)

    def _blow(self):
        while not self.over.is_set():
            for number in self.signals:
                self._send(number)
                time.sleep(self.random.random() * self.longest)
            self._send(signal.SIGCONT)
            time.sleep(self.random.random() * self.longest)
            self.rounds += 1

    def _send(self, number):
        try:
            self.send(number)
        except ProcessLookupError:
            pass

    def end(self):
        self.over.set()
        self.thread.join()


def to_group(it):
    return lambda number: os.killpg(it.pid, number)


def arguments_file(t, count):
    return t.write('list', ''.join(f'{i}\n' for i in range(count)))


def through(t, count, signals, send=to_group, seconds=500):
    """So many programs run to their end in a storm."""
    it = Run(t, '-j', '8', '-a', arguments_file(t, count), 'true')
    storm = Storm(t, send(it), signals)
    try:
        it.finish(0, seconds)
    finally:
        storm.end()
    t.note(f'{storm.rounds} rounds')
    nobody_left(t)


# -- Ctrl-Z -------------------------------------------------------------------


@test(seconds=300)
def five_thousand_are_started_in_a_storm_of_stops(t):
    through(t, fewer(5000), [signal.SIGTSTP])


@test(seconds=300)
def and_of_all_that_stop(t):
    through(t, fewer(3000), STOPS)


@test(seconds=300)
def and_when_belay_alone_is_meant(t):
    through(t, fewer(3000), [signal.SIGTSTP],
            send=lambda it: lambda number: os.kill(it.pid, number))


@test(seconds=300)
def their_output_is_whole(t):
    count = fewer(2000)
    it = Run(t, '-j', '8', '-a', arguments_file(t, count), 'echo')
    storm = Storm(t, to_group(it), [signal.SIGTSTP])
    try:
        printed = it.finish(0, 250)
    finally:
        storm.end()
    equal(sorted(map(int, printed.split())), list(range(count)), 'output')


@test(seconds=550)
def twenty_thousand_are_started_under_bombardment(t):
    """One in ten of those that posix_spawn() starts so hangs for ever."""
    through(t, fewer(20000), [signal.SIGTSTP])


@test(seconds=300)
def one_after_the_other_each_with_a_runner(t):
    """The runner itself is young when it is hit."""
    current = []

    def send(number):
        if current:
            os.killpg(current[-1], number)

    storm = Storm(t, send, [signal.SIGTSTP])
    for _ in range(fewer(300)):
        it = Run(t, 'sh', '-c', 'exit 3')
        current.append(it.pid)
        it.finish(3, 60)
        it.stdout.stop()
        it.stderr.stop()
        current.clear()
    storm.end()
    t.note(f'{storm.rounds} rounds')
    nobody_left(t)


@test(seconds=300)
def ctrl_z_and_fg_again_and_again(t):
    shell = Shell(t)
    arguments_file(t, fewer(3000))
    # What was typed and not yet read, Ctrl-Z would throw away.
    shell.line('$R -j 8 --progress none -a list true')
    t.until(lambda: 'belay-run' in map(name_of, shell.others()), 'it runs',
            PATIENCE)  # until then it is bash, which ignores Ctrl-Z
    for count in range(1, 31):
        t.until(lambda: shell.foreground() != shell.pid or
                b'@@ ' in shell.output.data[shell.start:], 'it runs', PATIENCE)
        shell.type(CTRL_Z)  # or it has ended just before
        shell.prompt()
        if b'Stopped' not in shell.output.data[shell.start:]:
            break
        shell.line('fg')
    else:
        shell.prompt()
    shell.run('echo status $?', 'status 0')
    shell.alone()
    t.note(f'{count} times')


# -- Others -------------------------------------------------------------------


@test(seconds=300)
def a_storm_of_what_is_forwarded_harms_nobody(t):
    """WINCH and URG are nothing to who does not want them."""
    through(t, fewer(3000), [signal.SIGWINCH, signal.SIGURG],
            send=lambda it: lambda number: os.kill(it.pid, number))


@test(seconds=300)
def ended_in_the_middle_of_a_storm_it_leaves_nobody(t):
    chance = t.random()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        for _ in range(fewer(10)):
            it = Run(t, '-q', '-j', '8', '-a', arguments_file(t, 10000), 'true')
            storm = Storm(t, to_group(it), [signal.SIGTSTP], chance)
            t.until(lambda: storm.rounds > 20, 'some rounds', PATIENCE)
            it.signal(number)
            it.finish(-number, 60)
            storm.end()
            nobody_left(t)


main()
