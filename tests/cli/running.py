"""running.py: belay-run as a user starts it, watched; and who is left.

`Run(t, 'sleep', '100')` starts the program of BELAY_RUN, `Command(t, 'make')`
any other.  All that they start inherits a variable whose value is the test's
own, so that `alive(t)` finds them wherever they went: other groups, other
sessions, other parents.
"""

import os
import signal
import time

import program
import tap
from terminal import Terminal

RUN = os.environ.get('BELAY_RUN') or ''
SUBJECT = os.environ.get('BELAY_SUBJECT') or ''
MARK = 'BELAY_TEST_MARK'

# Longer than anything takes on a machine that is busy with other things.
PATIENCE = 40


def need_programs(t):
    if not RUN or not SUBJECT:
        t.skip('BELAY_RUN and BELAY_SUBJECT do not name the programs')


def mark(t):
    """What everything started for this test has in its environment."""
    return f'{MARK}={os.path.basename(t.dir)}'


def environment(t, **more):
    return program.environment(t, **{MARK: os.path.basename(t.dir), **more})


class Run(program.Get):
    """One run of belay-run."""

    program, variable = RUN, 'BELAY_RUN'

    def __init__(self, t, *arguments, env=None, **more):
        need_programs(t)
        env = {MARK: os.path.basename(t.dir), **(env or {})}
        super().__init__(t, *arguments, env=env, **more)

    def _end(self):
        for pid in alive(self.t):
            kill(pid)
        super()._end()

    def _tell(self):
        return f'{super()._tell()}\nalive: {describe(alive(self.t))}'

    def expect(self, pattern, start=0, seconds=PATIENCE):
        return self.stdout.expect(pattern, start, seconds)

    def expect_said(self, pattern, start=0, seconds=PATIENCE):
        return self.stderr.expect(pattern, start, seconds)

    def ready(self, start=0):
        """Waits for a subject to say that it is; returns its number."""
        return int(self.expect(r'^ready (\d+)\n', start).group(1))

    def wait(self, seconds=PATIENCE):
        """Waits for the end; returns the status, negative for a signal."""
        return super().wait(seconds)

    def finish(self, status=0, seconds=PATIENCE):
        """Waits, and asserts how it ended; returns what it printed."""
        tap.equal(program.ending(self.wait(seconds)), program.ending(status),
                  'how it ended')
        return self.stdout.text()

    def said(self, status=0, seconds=PATIENCE):
        """Waits, as finish() does; returns what it said."""
        self.finish(status, seconds)
        return self.stderr.text()


class Command(Run):
    """One run of any program: of belay-run under another name, of a tool that
    it stands beside, of what starts it."""

    def __init__(self, t, name, *arguments, **more):
        self.program = name
        super().__init__(t, *arguments, **more)


def run(t, *arguments, status=0, seconds=PATIENCE, **more):
    """Runs belay-run to its end, which must be `status`."""
    one = Run(t, *arguments, **more)
    one.finish(status, seconds)
    return one


# -- On a terminal ------------------------------------------------------------


def on_terminal(t, *arguments, **more):
    """belay-run on a terminal of its own."""
    need_programs(t)
    return Terminal(t, [RUN, *map(str, arguments)], **more)


# -- Processes, as /proc shows them -------------------------------------------


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _stat(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='latin-1') as file:
            return file.read().rpartition(')')[2].split()
    except OSError:
        return None


def state(pid):
    """R, S, D, T, Z; nothing if there is no such process."""
    fields = _stat(pid)
    return fields[0] if fields else ''


def parent(pid):
    return int(_stat(pid)[1])


def children(pid):
    """The processes that it has started."""
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as file:
            return [int(child) for child in file.read().split()]
    except OSError:  # it has ended
        return []


def name_of(pid):
    try:
        with open(f'/proc/{pid}/comm', encoding='latin-1') as file:
            return file.read().strip()
    except OSError:
        return ''


def is_stopped(pid):
    return state(pid) in ('T', 't')


def is_over(pid):
    return state(pid) in ('', 'Z', 'X')


def cpu_seconds(pid):
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def check_asleep(pid):
    """It uses no time of the processor: looked at for half a second."""
    before = cpu_seconds(pid)
    time.sleep(0.5)
    used = cpu_seconds(pid) - before
    if used > 0.1:
        raise AssertionError(f'it spins: {used} s of the processor in 0.5 s')


def _words(pid, name):
    """Its `cmdline` or `environ`; nothing if it has ended."""
    try:
        with open(f'/proc/{pid}/{name}', 'rb') as file:
            return file.read().split(b'\0')
    except OSError:
        return []


def _everybody():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def alive(t):
    """All processes that belong to the test, but for those of Python."""
    wanted = mark(t).encode()
    return [pid for pid in _everybody()
            if wanted in _words(pid, 'environ') and not is_over(pid)]


def pids_with(word):
    """Who has the word in its command line, but for belay-run itself: those
    below a terminal's shell too."""
    found = []
    for pid in _everybody():
        words = _words(pid, 'cmdline')
        if word.encode() in b' '.join(words) and words[0] != RUN.encode():
            found.append(pid)
    return found


def describe(pids):
    def line(pid):
        return b' '.join(_words(pid, 'cmdline')).decode().strip() or 'gone'
    return '; '.join(f'{pid} {state(pid)} {line(pid)}' for pid in pids[:20])


def nobody_left(t, at_once=True):
    """Fails if somebody is alive; `at_once`: already now."""
    if not at_once:
        t.until(lambda: not alive(t), 'nobody is left', PATIENCE)
    left = alive(t)
    if left:
        raise AssertionError(f'{len(left)} left: {describe(left)}')


def nobody_is_left(t, word):
    t.until(lambda: not pids_with(word), f'nobody of {word} is left', PATIENCE)


def wait_stopped(t, *pids):
    for pid in pids:
        t.until(lambda: is_stopped(pid), f'{pid} is stopped', PATIENCE)


def wait_going_on(t, *pids):
    for pid in pids:
        t.until(lambda: not is_stopped(pid), f'{pid} goes on', PATIENCE)


def stopped_time_is_not_counted(t, start, stop, go_on):
    """It runs for its time at least, apart from when it was stopped: slow
    machines only make that longer.  If it ended before it could be stopped, it
    gets more time."""
    for limit in (1, 4, 16):
        began = time.monotonic()
        command = start(limit)
        stop(command)
        if is_over(command):
            continue
        stopped = time.monotonic()
        time.sleep(1.5 * limit)
        asked = time.monotonic()
        go_on(command)
        t.until(lambda: is_over(command), 'it times out', PATIENCE)
        ran = (time.monotonic() - began) - (asked - stopped)
        if ran < limit:
            raise AssertionError(f'timed out after {ran:.2f} of {limit} s')
        return
    raise AssertionError('it could not be stopped in time')


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
        t.until(lambda: self.open() or condition(), 'the end', PATIENCE)
