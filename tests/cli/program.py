"""program.py: belay-get as a user starts it, watched.

`Get(t, 'http://...', '-d', 'out')` starts the program of BELAY_GET in a home of
the test's own: its state, its configuration and its terminal settings are
nobody else's.  What it prints is read at once by threads, so that it never
waits for us; `expect()` waits for words instead of sleeping.
"""

import hashlib
import os
import random
import re
import select
import signal
import subprocess
import threading
import time

import tap

HERE = os.path.dirname(os.path.abspath(__file__))
GET = os.environ.get('BELAY_GET') or ''
BELAY = os.environ.get('BELAY') or ''
PART = '.belay-part'

# Words of a sanitizer or of valgrind in what a program says fail any test.
_ALARMS = (b'Sanitizer', b'runtime error:', b'Invalid read', b'Invalid write',
           b'Assertion `')


class Output:
    """Everything that arrives at an fd; several may wait for parts of it.
    With `copy`, an fd, it is shown there as it comes."""

    def __init__(self, fd, copy=None):
        self.copy = copy
        self.data = bytearray()
        self.closed = False
        self.changed = threading.Condition()
        self.fd = fd
        self.stopped, self.stopper = os.pipe()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _next(self):
        """What comes next; nothing at the end, or when told to stop."""
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)
        poll.register(self.stopped, select.POLLIN)
        if self.stopped in dict(poll.poll()):
            return b''
        try:
            return os.read(self.fd, 65536)
        except OSError:  # EIO: the other side of a pty is gone
            return b''

    def _read(self):
        while not self.closed:
            block = self._next()
            with self.changed:
                self.data += block
                self.closed = not block
                self.changed.notify_all()
            if self.copy is not None:
                os.write(self.copy, block)

    def join(self):
        """Waits for the end of what can be read."""
        self.thread.join(5)

    def stop(self):
        """Reads no more; afterwards nobody uses the fd."""
        if self.stopper is None:
            return
        os.close(self.stopper)
        self.stopper = None
        self.thread.join()
        os.close(self.stopped)

    def expect(self, pattern, start=0, seconds=10):
        """Waits for a pattern (bytes of a regular expression) at or after
        `start`; returns the match."""
        if isinstance(pattern, str):
            pattern = pattern.encode()
        deadline = time.monotonic() + seconds * tap.SCALE
        with self.changed:
            while True:
                match = re.compile(pattern, re.S | re.M).search(
                    bytes(self.data), start)
                if match:
                    return match
                left = deadline - time.monotonic()
                if self.closed or left <= 0:
                    why = 'it ended' if self.closed else f'{seconds} s'
                    raise AssertionError(
                        f'{why} without {pattern!r} in:\n'
                        f'{self.text()[-3000:]}')
                self.changed.wait(left)

    def text(self):
        return bytes(self.data).decode('utf-8', 'backslashreplace')


def environment(t, **more):
    """The environment of a user who has nothing but a home."""
    home = t.path('home')
    os.makedirs(home, exist_ok=True)
    env = {'HOME': home, 'XDG_STATE_HOME': t.path('state'),
           'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm'}
    for name, value in os.environ.items():
        if name.endswith('SAN_OPTIONS') or name.startswith('VALGRIND'):
            env[name] = value
    env.update({name: value for name, value in more.items()
                if value is not None})
    return env


class Get:
    """One run of belay-get, or of another program of ours (running.py)."""

    program, variable = GET, 'BELAY_GET'

    def __init__(self, t, *arguments, cwd=None, env=None, stdin=None,
                 before=(), prepare=None, **more):
        """`before`: words in front of the program (setpriv, nohup, ...);
        `prepare`: called in the child before exec; `stdin`: what it reads, or
        what subprocess takes for it, as it does `more`.  It has a process
        group of its own in our session, as a shell would give it, and so can
        be stopped."""
        if not self.program:
            t.skip(f'{self.variable} does not name the program')
        self.t = t
        self.cwd = cwd or t.dir
        self.arguments = [
            word if isinstance(word, bytes) else str(word)
            for word in (*before, self.program, *arguments)]
        feeds = isinstance(stdin, (str, bytes))
        self.process = subprocess.Popen(
            self.arguments, cwd=self.cwd, env=environment(t, **(env or {})),
            stdin=(subprocess.PIPE if feeds else
                   subprocess.DEVNULL if stdin is None else stdin),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: (os.setpgrp(), prepare and prepare()), **more)
        self.began = time.monotonic()
        self.pid = self.process.pid
        t.defer(self._end)
        self.stdout = Output(self.process.stdout.fileno())
        self.stderr = Output(self.process.stderr.fileno())
        t.on_failure.append(self._tell)
        if feeds:
            self._feed(stdin)

    def _feed(self, text):
        data = text if isinstance(text, bytes) else text.encode()

        def write():
            with self.process.stdin as pipe:
                try:
                    pipe.write(data)
                except BrokenPipeError:
                    pass
        threading.Thread(target=write, daemon=True).start()

    def _end(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for output in (self.stdout, self.stderr):
            output.stop()
        self.process.stdout.close()
        self.process.stderr.close()

    def _tell(self):
        return (f'$ {" ".join(map(str, self.arguments))}\n'
                f'status: {self.process.poll()}\n'
                f'stdout: {self.stdout.text()[-2000:]}\n'
                f'stderr: {self.stderr.text()[-2000:]}')

    def signal(self, number):
        self.process.send_signal(number)

    def expect(self, pattern, start=0, seconds=10):
        return self.stderr.expect(pattern, start, seconds)

    def wait(self, seconds=20):
        """Waits for the end; returns the status, negative for a signal."""
        try:
            status = self.process.wait(seconds * tap.SCALE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'still running after {seconds} s') from None
        self.ended = time.monotonic()
        for output in (self.stdout, self.stderr):
            output.join()
        for alarm in _ALARMS:
            if alarm in self.stderr.data:
                raise AssertionError(f'{alarm!r} in what it says')
        return status

    def finish(self, status=0, seconds=20):
        """Waits, and asserts how it ended; returns what it said."""
        tap.equal(ending(self.wait(seconds)), ending(status), 'exit status')
        return self.stderr.text()


def ending(status):
    """A status of subprocess's in words."""
    if status < 0:
        name = signal.strsignal(-status)
        return f'killed by signal {-status} ({name})'
    return f'exit {status}'


def get(t, *arguments, status=0, seconds=20, **more):
    """Runs belay-get to its end, which must be `status`."""
    run = Get(t, *arguments, **more)
    run.finish(status, seconds)
    return run


def digest(data):
    return hashlib.sha256(data).hexdigest()


def content(size, seed=0):
    """`size` bytes; those of two seeds have nothing in common."""
    return random.Random(repr(seed)).randbytes(size)


def read(*parts):
    with open(os.path.join(*parts), 'rb') as file:
        return file.read()


def check_file(wanted, *parts):
    """A file holds exactly these bytes."""
    got = read(*parts)
    if got == wanted:
        return
    at = next((index for index, (a, b) in enumerate(zip(got, wanted))
               if a != b), min(len(got), len(wanted)))
    raise AssertionError(f'{os.path.join(*parts)} is wrong from byte {at}: '
                         f'{len(got)} bytes, wanted {len(wanted)}')


def files_below(directory):
    """Relative paths of all files, sorted."""
    found = []
    for folder, _, names in os.walk(directory):
        found += [os.path.relpath(os.path.join(folder, name), directory)
                  for name in names]
    return sorted(found)


def size_of(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def rows(t, *arguments, **more):
    """What `belay get status --json` says, a list of dictionaries."""
    import json
    run = get(t, 'status', '--json', *arguments, **more)
    return [json.loads(line) for line in run.stdout.text().splitlines()]


def die_with_parent():
    """For a server: ends when this program does, however that ends."""
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
