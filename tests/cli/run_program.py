"""run_program.py: belay-run as a user starts it, watched.

`Run(t, '-j2', 'echo', ':::', 'a', 'b')` starts the program of BELAY_RUN; see
program.Get for what can be asked of it.  Processes are found by a mark in their
command line: the test's directory.
"""

import os
import time

import program
from terminal import Terminal

RUN = os.environ.get('BELAY_RUN') or ''


class Run(program.Get):
    """One run of belay-run."""

    program, variable = RUN, 'BELAY_RUN'


def run(t, *arguments, status=0, seconds=20, **more):
    """Runs belay-run to its end, which must be `status`."""
    one = Run(t, *arguments, **more)
    one.finish(status, seconds)
    return one


def on_terminal(t, *arguments, **more):
    """belay-run on a terminal of its own."""
    if not RUN:
        t.skip('BELAY_RUN does not name the program')
    return Terminal(t, [RUN, *map(str, arguments)], **more)


def shell(t, **more):
    """An interactive shell on a terminal of its own, ready, with $RUN."""
    if not RUN:
        t.skip('BELAY_RUN does not name the program')
    terminal = Terminal(t, ['bash', '--norc', '--noediting', '-i'],
                        env={'PS1': 'ready> ', 'RUN': RUN}, **more)
    terminal.expect('ready> ')
    return terminal


def children(pid):
    """The processes that it has started."""
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as file:
            return [int(child) for child in file.read().split()]
    except OSError:  # it has ended
        return []


def pids_with(word):
    """Who has the word in its command line, but for belay-run itself.  All
    processes are looked at, which takes its time."""
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                line = file.read()
            if word.encode() in line and not line.startswith(RUN.encode()):
                found.append(int(pid))
        except OSError:  # it has ended
            pass
    return found


def nobody_is_left(t, word):
    t.until(lambda: not pids_with(word), f'nobody of {word} is left', 20)


def check_asleep(pid):
    """It uses no time of the processor: looked at for half a second."""
    def ticks():
        with open(f'/proc/{pid}/stat') as file:
            return sum(map(int, file.read().rsplit(')')[1].split()[11:13]))
    before = ticks()
    time.sleep(0.5)
    if ticks() - before > 10:
        raise AssertionError(f'it spins: {ticks() - before} ticks in 0.5 s')


class Gate:
    """A fifo: whoever reads its path waits until it is opened here."""

    def __init__(self, t, name):
        self.path = t.path(name)
        os.mkfifo(self.path)
        t.defer(self.open)

    def open(self):
        """Lets go those who wait, and all who come later."""
        try:
            os.close(os.open(self.path, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # ENXIO: nobody waits
            pass

    def open_until(self, t, condition):
        """Opens it again and again: who waits for it may come later."""
        t.until(lambda: self.open() or condition(), 'the end', 20)


