"""examples.py: an example that runs; for the tests of the examples.

    test_examples*.py [--not-built=NAME]... [--fault=BELAY-FAULT] PROGRAM...

Those that were not built, for want of somebody else's library, are skipped.
"""
import os
import pathlib
import re
import select
import signal
import subprocess
import sys
import threading

from gate import ROOT

sys.path.append(str(ROOT / 'tests' / 'cli'))
import tap  # noqa: E402

NOT_BUILT = [argument.partition('=')[2] for argument in sys.argv[1:]
             if argument.startswith('--not-built=')]
FAULT = next((os.path.abspath(argument.partition('=')[2])
              for argument in sys.argv[1:]
              if argument.startswith('--fault=')), None)
PROGRAMS = {pathlib.Path(path).name: os.path.abspath(path)
            for path in sys.argv[1:]
            if not path.startswith('--')}
STARTED = set()
SECONDS = 20 * tap.SCALE


def clean_dispositions():
    """Whoever runs the tests may ignore or block what we send."""
    for signo in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGTSTP):
        signal.signal(signo, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


class Example:
    """A running example, with a time limit; lines are waited for.  It has a
    group of its own in our session, as a shell would give it, and so can be
    stopped."""

    def __init__(self, name, *arguments, stderr=None):
        STARTED.add(name)
        self.process = subprocess.Popen(
            [PROGRAMS[name], *map(str, arguments)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=stderr, text=True, bufsize=1,
            preexec_fn=lambda: (os.setpgrp(), clean_dispositions()))
        self.clock = threading.Timer(SECONDS, self.process.kill)
        self.clock.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.clock.cancel()
        self.process.kill()
        self.process.__exit__(None, None, None)

    def send(self, signo):
        self.process.send_signal(signo)

    def says(self, wanted):
        """Its next line has to be this one."""
        line = self.process.stdout.readline()
        assert line == wanted + '\n', f'{line!r}, wanted {wanted!r}'

    def says_like(self, pattern):
        """The next line that fits, as a match; others are passed over."""
        while line := self.process.stdout.readline():
            match = re.fullmatch(pattern, line.rstrip('\n'))
            if match:
                return match
        raise AssertionError(f'it ended without {pattern!r}')

    def stops(self):
        """Waits until it has stopped; by which signal."""
        got = os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED |
                        os.WNOWAIT)
        assert got.si_code == os.CLD_STOPPED, got
        return got.si_status

    def is_silent(self):
        """Says nothing for a moment, and would not if it were longer."""
        readable, _, _ = select.select([self.process.stdout], [], [], 0.1)
        assert not readable, f'it says {self.process.stdout.readline()!r}'

    def ends_input(self):
        self.process.stdin.close()

    def rest(self):
        """All that it still says, until it has ended.  (communicate() would
        pass over what readline() has read ahead.)"""
        self.ends_input()
        said = self.process.stdout.read()
        self.process.wait()
        return said

    def ends(self, status, rest=''):
        output = self.rest()
        assert output == rest, f'{output!r}, wanted {rest!r}'
        got = self.process.returncode
        assert got == status, f'status {got}, wanted {status}'


def all_have_been_run():
    assert STARTED == set(PROGRAMS), f'no test runs {set(PROGRAMS) - STARTED}'
