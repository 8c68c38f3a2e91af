#!/usr/bin/python3
"""As PID 1 of a PID namespace: what a container's entry point owes it."""

import os
import signal
import subprocess

from running import (PATIENCE, RUN, SUBJECT, Run, alive, cpu_seconds,
                     is_stopped, kill, nobody_left, parent, state, wait_stopped)
from shell import Window
from tap import equal, fewer, main, test
from terminal import CTRL_C, CTRL_Z

UNSHARE = ['unshare', '-pf', '--mount-proc']
if os.getuid() != 0:
    UNSHARE = ['unshare', '-Urpf', '--mount-proc']


def need_namespaces(t):
    try:
        done = subprocess.run([*UNSHARE, 'true'], capture_output=True,
                              text=True, check=False)
    except FileNotFoundError:
        t.skip('there is no unshare')
    if done.returncode != 0:
        t.skip(f'no PID namespace: {done.stderr.strip()}')


class First(Run):
    """belay-run as PID 1; `pid1` is its number here.  What unshare says of its
    end is a shell's status."""

    def __init__(self, t, *arguments, **more):
        need_namespaces(t)
        super().__init__(t, *arguments, before=UNSHARE, **more)
        self.pid1 = t.until(self._find, 'it runs', PATIENCE)

    def _find(self):
        if self.process.poll() is not None:
            return -1  # it was quick
        with open(f'/proc/{self.pid}/task/{self.pid}/children') as file:
            children = file.read().split()
        return int(children[0]) if children else None

    def signal(self, number):
        os.kill(self.pid1, number)

    def inside(self):
        """The numbers here of all that runs in there, apart from PID 1."""
        return [pid for pid in alive(self.t)
                if pid not in (self.pid, self.pid1)]


def wait_heard(t, it, number, count=1):
    t.until(lambda: it.stdout.text().count(f'heard {int(number)}\n') >= count,
            f'signal {number} is heard', PATIENCE)


# -- How it ends --------------------------------------------------------------


@test(seconds=60)
def the_status_is_the_commands_or_128_and_the_signal(t):
    for script, status in (('exit 0', 0), ('exit 7', 7), ('kill -TERM $$', 143),
                           ('kill -KILL $$', 137), ('kill -INT $$', 130)):
        First(t, 'sh', '-c', script).finish(status)
    First(t, '/no/such/command').finish(127)
    First(t, '-t', '0.2s', 'sleep', '1000').finish(124)


@test(seconds=60)
def the_rest_of_the_namespace_ends(t):
    it = First(t, '--grace', '0.2s', 'sh', '-c',
               f'{SUBJECT} sessions 20; trap "" TERM; sleep 1000 & exit 5')
    it.finish(5)
    nobody_left(t)
    it = First(t, '--orphans', 'leave', SUBJECT, 'sessions', '20')
    it.finish(0)
    nobody_left(t, at_once=False)


# -- Signals ------------------------------------------------------------------


@test(seconds=60)
def signals_are_forwarded(t):
    it = First(t, SUBJECT, 'hear')
    it.ready()
    for number in (15, 2, 10, 12, 1, 3, 28, 14, 13, 6, signal.SIGRTMIN + 3):
        for count in range(1, 4):
            it.signal(number)
            wait_heard(t, it, number, count)
    it.process.kill()


@test(seconds=60)
def it_ends_by_what_ends_the_command(t):
    for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130),
                           (signal.SIGUSR1, 138)):
        it = First(t, 'sh', '-c', 'echo ready $$; exec sleep 1000')
        it.ready()
        it.signal(number)
        it.finish(status)
        nobody_left(t)


@test(seconds=60)
def a_stop_that_somebody_sends_is_the_commands(t):
    """podman kill -s TSTP: we cannot stop, but it can."""
    it = First(t, SUBJECT, 'hear', '18')
    it.ready()
    subject, = it.inside()
    it.signal(signal.SIGTSTP)
    wait_stopped(t, subject)
    equal(is_stopped(it.pid1), False, 'whether PID 1 is stopped')
    it.signal(signal.SIGCONT)
    wait_heard(t, it, 18)
    it.signal(signal.SIGSTOP)  # from outside it may
    it.signal(signal.SIGCONT)
    wait_heard(t, it, 18, 2)
    it.signal(signal.SIGTERM)
    it.finish(143)


@test(seconds=60)
def several_at_once_end_too(t):
    it = First(t, '-j', '3', '--output', 'raw', SUBJECT, 'hear', '12', ':::',
               'x', 'y', 'z')
    t.until(lambda: it.stdout.text().count('ready') == 3, 'all', PATIENCE)
    it.signal(signal.SIGUSR2)
    wait_heard(t, it, 12, 3)
    it.signal(signal.SIGTERM)
    it.finish(143)
    nobody_left(t)


# -- Orphans ------------------------------------------------------------------


def zombies_of(pid):
    found = 0
    for name in os.listdir('/proc'):
        if name.isdigit() and state(name) == 'Z':
            try:
                found += parent(name) == pid
            except TypeError:  # gone since
                pass
    return found


@test(seconds=60)
def orphans_are_reaped_while_the_command_runs(t):
    it = First(t, 'sh', '-c', f'{SUBJECT} sessions 50; {SUBJECT} zombies 50;'
               ' echo ready $$; exec sleep 1000')
    it.ready()
    t.until(lambda: zombies_of(it.pid1) == 0, 'no zombie is left', PATIENCE)
    for pid in it.inside():
        with open(f'/proc/{pid}/cmdline', 'rb') as file:
            if file.read().split(b'\0')[1:2] == [b'sessions']:
                kill(pid, signal.SIGKILL)
    t.until(lambda: len(it.inside()) == 1, 'the sessions end', PATIENCE)
    t.until(lambda: zombies_of(it.pid1) == 0, 'no zombie is left', PATIENCE)
    equal(it.process.poll(), None, 'status')
    it.signal(signal.SIGTERM)
    it.finish(143)


@test(seconds=120)
def ten_thousand_zombies_at_once_cost_little(t):
    """The processor's time, which does not depend on who else runs: a few
    system calls for each, and no waiting by asking again."""
    count = fewer(10000)
    it = First(t, 'sh', '-c', f'{SUBJECT} zombies {count}; echo ready $$;'
               ' exec sleep 1000')
    it.ready()
    t.until(lambda: zombies_of(it.pid1) == 0, 'no zombie is left', 60)
    used = cpu_seconds(it.pid1)
    t.note(f'{used:.2f} s of the processor for {count}')
    if used > 2.0:
        raise AssertionError(f'{used:.2f} s of the processor')
    it.signal(signal.SIGTERM)
    it.finish(143)


@test(seconds=60)
def who_waits_uses_no_processor(t):
    it = First(t, SUBJECT, 'hear')
    it.ready()
    it.signal(signal.SIGUSR1)
    wait_heard(t, it, 10)

    def switches():
        with open(f'/proc/{it.pid1}/status') as file:
            line, = [line for line in file if line.startswith('voluntary')]
        return int(line.split()[1])

    t.until(lambda: state(it.pid1) == 'S', 'it waits', PATIENCE)
    before = switches()
    t.until(lambda: state(it.pid1) == 'S' and sleep_a_while(), 'time', PATIENCE)
    equal(switches(), before, 'times that it woke up')
    it.process.kill()


def sleep_a_while():
    """Time for what should not happen."""
    import time
    time.sleep(0.5)
    return True


# -- On a terminal ------------------------------------------------------------


@test(seconds=60)
def on_a_terminal_ctrl_z_does_not_hang(t):
    """docker run -it: nobody could say fg."""
    need_namespaces(t)
    window = Window(t, [*UNSHARE, RUN, SUBJECT, 'hear', '18'])
    window.see(r'ready \d')
    for _ in range(3):
        window.press(CTRL_Z)
        window.see('heard 18\r')
    window.press(CTRL_C)
    window.wait(PATIENCE)
    nobody_left(t, at_once=False)


@test(seconds=60)
def under_a_shell_that_is_pid_1_too(t):
    need_namespaces(t)
    window = Window(t, [*UNSHARE, 'sh', '-c', '$R $S hear 18; echo after $?'])
    window.see(r'ready \d')
    for _ in range(3):
        window.press(CTRL_Z)
        window.see('heard 18\r')
    window.press(CTRL_C)
    window.wait(PATIENCE)
    nobody_left(t, at_once=False)


main()
