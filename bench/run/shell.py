"""shell.py: an interactive bash on a terminal of its own, and what can be seen
of the processes there.  Nothing here waits for a time to pass: it waits until
something is so, or has not become so in PATIENCE seconds.
"""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time

PATIENCE = 20
CTRL_C, CTRL_Z = b'\x03', b'\x1a'


class Failed(Exception):
    """What was not seen."""


def read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError:
        return b''


def pids():
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def state(pid):
    """R, S, T and so on; Z if it has ended."""
    return (read(f'/proc/{pid}/stat').rpartition(b')')[2].split()
            or [b'Z'])[0].decode().replace('X', 'Z')


def is_alive(pid):
    return state(pid) != 'Z'


def children(pid):
    return [int(child) for child in
            read(f'/proc/{pid}/task/{pid}/children').split()
            if is_alive(int(child))]


def processes_of(program, word):
    """Those alive of a program which have the word as an argument."""
    found = []
    for pid in pids():
        line = read(f'/proc/{pid}/cmdline').decode(errors='replace')
        words = line.split('\0')
        if (os.path.basename(words[0]) == program and word in words[1:]
                and is_alive(pid)):
            found.append(pid)
    return found


def until(what, condition, seconds=None, between=lambda: None):
    """What the condition returned when it was true."""
    deadline = time.monotonic() + (seconds or PATIENCE)
    while True:
        between()
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise Failed(what)
        time.sleep(0.02)


class Shell:
    def __init__(self, directory):
        self.master, slave = os.openpty()
        self.resize(40, 1000)
        os.set_blocking(self.master, False)
        environment = {'PATH': os.environ['PATH'], 'HOME': directory,
                       'TERM': 'dumb', 'PS1': '<$?>$ ', 'LC_ALL': 'C',
                       'PARALLEL_HOME': directory}
        self.process = subprocess.Popen(
            ['setsid', '-c', 'bash', '--norc', '--noprofile', '-i'],
            stdin=slave, stdout=slave, stderr=slave, cwd=directory,
            env=environment)
        os.close(slave)
        self.pid = self.process.pid
        self.output = bytearray()
        self.prompt(0, 'the shell does not start')

    def pump(self):
        """Takes what was written, so that nobody waits for us."""
        while self.master is not None and select.select(
                [self.master], [], [], 0)[0]:
            try:
                self.output += os.read(self.master, 65536)
            except OSError:
                return

    def until(self, what, condition, seconds=None):
        return until(what, condition, seconds, self.pump)

    def mark(self):
        self.pump()
        return len(self.output)

    def type(self, data):
        """Returns where the output was."""
        mark = self.mark()
        os.write(self.master, data)
        return mark

    def run(self, line):
        return self.type(line.encode() + b'\n')

    def prompt(self, mark, what='no prompt'):
        """Waits for one after the mark: the status that it shows."""
        found = self.until(what, lambda: re.search(rb'<(\d+)>\$ ',
                                                   self.output[mark:]))
        return int(found[1])

    def said(self, mark):
        self.pump()
        return self.output[mark:].decode(errors='replace')

    def foreground_job(self):
        """The process that the shell started for it."""
        return self.until('no process of the shell',
                          lambda: children(self.pid))[-1]

    def is_away(self):
        """Whether the terminal is not the shell's: what is typed before may be
        lost, as the shell then has the terminal in modes of its own."""
        return os.tcgetpgrp(self.master) != self.pid

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack('HHHH', rows, columns, 0, 0))

    def hang_up(self):
        os.close(self.master)
        self.master = None


def kill_all_but_us():
    """Everything in our PID namespace.  Only ever called in one that
    unshare made for us, of which PID 1 is our parent."""
    assert os.getppid() == 1 and os.environ.get('MATRIX_SPACE') == 'own'
    for _ in range(200):
        others = [pid for pid in pids() if pid not in (1, os.getpid())]
        for pid in others:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        if not others:
            return
        time.sleep(0.02)
