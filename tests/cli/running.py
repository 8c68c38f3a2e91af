"""running.py: belay-run as a user starts it, watched; and who is left.

`Run(t, 'sleep', '100')` starts the program of BELAY_RUN.  All that it starts
inherits a variable whose value is the test's own, so that `alive(t)` finds
them wherever they went: other groups, other sessions, other parents.
"""

import os
import signal
import subprocess
import time

import program
import tap

RUN = os.environ.get('BELAY_RUN') or ''
SUBJECT = os.environ.get('BELAY_SUBJECT') or ''
MARK = 'BELAY_TEST_MARK'

# Longer than anything takes on a machine that is busy with other things.
PATIENCE = 30


def need_programs(t):
    if not RUN or not SUBJECT:
        t.skip('BELAY_RUN and BELAY_SUBJECT do not name the programs')


def mark(t):
    """What everything started for this test has in its environment."""
    return f'{MARK}={os.path.basename(t.dir)}'


def environment(t, **more):
    return program.environment(t, **{MARK: os.path.basename(t.dir), **more})


class Run:
    """One run of belay-run.  It has a process group of its own in our
    session, as a shell would give it, so that it can be stopped."""

    def __init__(self, t, *arguments, before=(), prepare=None, stdin=None,
                 env=None, group=True, close_fds=True, **more):
        need_programs(t)
        self.t = t
        self.arguments = [*before, RUN, *map(str, arguments)]
        streams = {'stdin': stdin or subprocess.DEVNULL,
                   'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}

        def begin():
            if group:
                os.setpgrp()
            if prepare:
                prepare()

        self.process = subprocess.Popen(
            self.arguments, cwd=t.dir, env=environment(t, **(env or {})),
            preexec_fn=begin, close_fds=close_fds, **{**streams, **more})
        self.pid = self.process.pid
        t.defer(self._end)
        t.on_failure.append(self._tell)
        self.stdout = program.Output(self.process.stdout.fileno())
        self.stderr = program.Output(self.process.stderr.fileno())

    def _end(self):
        for pid in {self.pid, *alive(self.t)}:
            kill(pid, signal.SIGKILL)
        self.process.wait()
        for output in (self.stdout, self.stderr):
            output.stop()
        self.process.stdout.close()
        self.process.stderr.close()

    def _tell(self):
        return (f'$ {" ".join(self.arguments)}\n'
                f'status: {self.process.poll()}\n'
                f'stdout: {self.stdout.text()[-2000:]}\n'
                f'stderr: {self.stderr.text()[-2000:]}\n'
                f'alive: {describe(alive(self.t))}')

    def signal(self, number):
        self.process.send_signal(number)

    def expect(self, pattern, start=0, seconds=PATIENCE):
        return self.stdout.expect(pattern, start, seconds)

    def expect_said(self, pattern, start=0, seconds=PATIENCE):
        return self.stderr.expect(pattern, start, seconds)

    def ready(self, start=0):
        """Waits for a subject to say that it is; returns its number."""
        return int(self.expect(r'^ready (\d+)\n', start).group(1))

    def wait(self, seconds=PATIENCE):
        """Waits for the end; returns the status, negative for a signal."""
        try:
            status = self.process.wait(seconds * tap.SCALE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'still running after {seconds} s') from None
        for output in (self.stdout, self.stderr):
            output.join()
        for alarm in (b'Sanitizer', b'runtime error:', b'Assertion `'):
            if alarm in self.stderr.data:
                raise AssertionError(f'{alarm!r} in what it says')
        return status

    def finish(self, status=0, seconds=PATIENCE):
        """Waits, and asserts how it ended; returns what it printed."""
        tap.equal(program.ending(self.wait(seconds)), program.ending(status),
                  'how it ended')
        return self.stdout.text()


def run(t, *arguments, status=0, **more):
    """Runs belay-run to its end; returns what it printed, and what it said."""
    it = Run(t, *arguments, **more)
    return it.finish(status), it.stderr.text()


# -- Processes, as /proc shows them -------------------------------------------


def kill(pid, number):
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


def alive(t):
    """All processes that belong to the test, but for those of Python."""
    wanted, found = mark(t).encode(), []
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open(f'/proc/{name}/environ', 'rb') as file:
                environ = file.read()
        except OSError:
            continue
        if wanted in environ.split(b'\0') and state(name) not in ('Z', 'X', ''):
            found.append(int(name))
    return found


def describe(pids):
    def line(pid):
        try:
            with open(f'/proc/{pid}/cmdline', 'rb') as file:
                return file.read().replace(b'\0', b' ').decode().strip()
        except OSError:
            return 'gone'
    return '; '.join(f'{pid} {state(pid)} {line(pid)}' for pid in pids[:20])


def nobody_left(t, at_once=True):
    """Fails if somebody is alive; `at_once`: already now."""
    if not at_once:
        t.until(lambda: not alive(t), 'nobody is left', PATIENCE)
    left = alive(t)
    if left:
        raise AssertionError(f'{len(left)} left: {describe(left)}')


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
