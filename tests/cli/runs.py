"""runs.py: any program as a user starts it, watched: belay-run, under whatever
name, and the tools that it stands beside.

`Run(t, [RUN, '--', 'true'])` starts it in a process group of its own and reads
what it prints at once, so that it never waits for us; `expect()` waits for
words instead of sleeping.
"""

import os
import signal
import subprocess

import program
import tap

RUN = os.environ.get('BELAY_RUN') or ''

# A child that says which signals it gets, one number on a line.
TELL_SIGNALS = '''
import os, signal
def tell(number, frame):
    os.write(1, b"got %d\\n" % number)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
        signal.signal(number, tell)
os.write(1, b"ready %d\\n" % os.getpid())
while True:
    signal.pause()
'''


def need(t):
    if not RUN:
        t.skip('BELAY_RUN does not name the program')


def state(pid):
    """The letter of /proc: R, S, T, Z; '' if there is none."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rpartition(')')[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ''


def is_gone(pid):
    return state(pid) in ('', 'Z')


def kill(pid, number=signal.SIGKILL):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


class Run:
    def __init__(self, t, command, env=None, stdin=subprocess.DEVNULL,
                 cwd=None, prepare=None, pass_fds=()):
        need(t)
        self.t = t
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command, cwd=cwd or t.dir, stdin=stdin,
            env=program.environment(t, **(env or {})), pass_fds=pass_fds,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: (os.setpgrp(), prepare and prepare()))
        self.pid = self.process.pid
        self.stdout = program.Output(self.process.stdout.fileno())
        self.stderr = program.Output(self.process.stderr.fileno())
        t.defer(self._end)
        t.on_failure.append(self._tell)

    def _end(self):
        if self.process.poll() is None:
            for pid in self.children():
                kill(pid)
            self.process.kill()
        self.process.wait()
        for output in (self.stdout, self.stderr):
            output.stop()
        self.process.stdout.close()
        self.process.stderr.close()

    def _tell(self):
        return (f'$ {" ".join(self.command)}\n'
                f'status: {self.process.poll()}\n'
                f'stdout: {self.stdout.text()[-2000:]}\n'
                f'stderr: {self.stderr.text()[-2000:]}')

    def children(self):
        try:
            with open(f'/proc/{self.pid}/task/{self.pid}/children') as file:
                return [int(pid) for pid in file.read().split()]
        except FileNotFoundError:
            return []

    def signal(self, number):
        self.process.send_signal(number)

    def expect(self, pattern, start=0, seconds=20):
        """Waits for a pattern in its standard output."""
        return self.stdout.expect(pattern, start, seconds)

    def wait(self, seconds=20):
        """Waits for the end; returns the status, negative for a signal."""
        try:
            return self.process.wait(seconds * tap.SCALE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'still running after {seconds} s') from None

    def finish(self, status=0, seconds=20):
        """Waits for the end, which must be `status`, and for all output;
        returns what it said on standard error."""
        got = self.wait(seconds)
        tap.equal(program.ending(got), program.ending(status), 'exit status')
        self.stdout.join()
        self.stderr.join()
        return self.stderr.text()


def run(t, *command, status=0, **more):
    """Runs it to its end, which must be `status`."""
    started = Run(t, command, **more)
    started.finish(status)
    return started
