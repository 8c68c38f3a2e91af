"""one.py: one running command, looked at from outside through /proc,
strace and steps.c: how much memory, how many calls, how often it wakes up, and
what it does as PID 1.
"""

import ctypes
import os
import re
import subprocess
import tempfile
import time

from measure import Failed, run

PATIENCE = 30
PR_SET_CHILD_SUBREAPER = 36


def read(path):
    """Nothing, if the process has gone."""
    try:
        with open(path, errors='replace') as file:
            return file.read()
    except OSError:
        return ''


def until(what, condition):
    """Waits for it and returns it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.002)
    raise Failed(f'{what}: not within {PATIENCE} s')


def children(pid):
    return list(map(int, read(f'/proc/{pid}/task/{pid}/children').split()))


def family(pid):
    """It, and all that came of it."""
    found = [pid]
    for each in found:
        found += children(each)
    return found


def state(pid):
    return (read(f'/proc/{pid}/stat').rpartition(')')[2].split() or ['X'])[0]


def switches(pid):
    """How often it has gone to sleep."""
    found = re.search(r'\nvoluntary_ctxt_switches:\s*(\d+)',
                      read(f'/proc/{pid}/status'))
    return int(found[1]) if found else 0


def cpu_ns(pid):
    return int((read(f'/proc/{pid}/schedstat').split() or [0])[0])


class Running:
    """A command of which one process is `sleeper`; `peers` are all others that
    came of it, once all of them sleep too.  Who left his parent is ours."""

    def __init__(self, words, sleeper):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.sleeper = sleeper
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

    def __enter__(self):
        try:
            self.peers = until('asleep', self.settled)
        except Failed:
            self.__exit__()
            raise
        return self

    def all(self):
        """Without those who have ended and only wait for us to notice."""
        found = family(os.getpid())[1:]
        for pid in found:
            if state(pid) == 'Z' and pid != self.process.pid:
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    pass  # it is not we who have to
        return [pid for pid in found if os.path.exists(f'/proc/{pid}')]

    def settled(self):
        pids = self.all()
        sleepers = [pid for pid in pids if self.sleeps_for_us(pid)]
        if len(sleepers) != 1 or any(state(pid) != 'S' for pid in pids):
            return None
        return [pid for pid in pids if pid not in sleepers]

    def sleeps_for_us(self, pid):
        try:
            return os.readlink(f'/proc/{pid}/exe') == self.sleeper
        except OSError:
            return False

    def __exit__(self, *_):
        for pid in filter(self.sleeps_for_us, self.all()):
            os.kill(pid, 9)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        for pid in self.all():
            os.kill(pid, 9)
        self.process.wait()
        until('gone', lambda: not self.all())


def memory(words, sleeper):
    """Resident, proportional and private KiB, and how many processes."""
    sums = {'Rss': 0, 'Pss': 0, 'Private_Clean': 0, 'Private_Dirty': 0}
    with Running(words, sleeper) as running:
        for pid in running.peers:
            text = read(f'/proc/{pid}/smaps_rollup')
            for name in sums:
                sums[name] += int(re.search(rf'{name}:\s+(\d+)', text)[1])
    return [sums['Rss'], sums['Pss'],
            sums['Private_Clean'] + sums['Private_Dirty'], len(running.peers)]


def sizes(program):
    """KiB of text and data, and of the stripped file; None for a script."""
    with open(program, 'rb') as file:
        if file.read(4) != b'\x7fELF':
            return [None, None]
    text, data = run(['size', program]).splitlines()[1].split()[:2]
    with tempfile.NamedTemporaryFile() as stripped:
        run(['strip', '-o', stripped.name, program])
        size = os.path.getsize(stripped.name)
    return [(int(text) + int(data)) // 1024, size // 1024]


def idle(words, sleeper, seconds):
    """How often it woke up, and milliseconds of CPU time."""
    with Running(words, sleeper) as running:
        before = [(switches(pid), cpu_ns(pid)) for pid in running.peers]
        time.sleep(seconds)
        after = [(switches(pid), cpu_ns(pid)) for pid in running.peers]
    woken, ns = (sum(new[i] - old[i] for old, new in zip(before, after))
                 for i in (0, 1))
    return [woken, ns / 1e6]


def calls(words, trace):
    """System calls of the program, and of what it forks until that executes
    something else."""
    run(['strace', '-f', '-o', trace, *words])
    own, forked, first, done = 0, 0, None, set()
    for line in read(trace).splitlines():
        pid, _, call = line.partition(' ')
        call = call.lstrip()
        first = first or pid
        if not call.startswith(('<...', '+++', '---')):
            own += pid == first
            forked += pid != first and pid not in done
        if 'execve' in call and call.endswith(' = 0'):
            done.add(pid)
    return [own, forked]


def instructions(words, steps):
    """In user space, of the program without its children; by steps.c."""
    try:
        process = subprocess.run([steps, *words], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, timeout=PATIENCE * 2)
    except subprocess.TimeoutExpired:
        raise Failed('too many to be counted') from None
    last = process.stderr.decode(errors='replace').strip().rpartition('\n')[2]
    if process.returncode != 0 or not last.isdigit():
        raise Failed(last or f'status {process.returncode}')
    return int(last)


# -- PID 1 --------------------------------------------------------------------

class Space:
    """A PID namespace in which `words` run as PID 1, and under them
    zombies.c."""

    def __init__(self, words, zombies, count):
        user = [] if os.geteuid() == 0 else ['--user', '--map-root-user']
        self.process = subprocess.Popen(
            ['unshare', *user, '-pf', '--mount-proc', '--kill-child', *words,
             zombies, str(count)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.hear('ready')
        self.init = children(self.process.pid)[0]

    def hear(self, word):
        line = self.process.stdout.readline().decode().split()
        if not line or line[0] != word:
            self.process.kill()
            self.process.wait()
            raise Failed(f'no {word!r} from the namespace')
        return int(line[1])

    def go(self):
        self.process.stdin.write(b'x')
        self.process.stdin.flush()

    def end(self):
        self.go()
        status = self.process.wait(PATIENCE)
        if status != 0:
            raise Failed(f'ended with {status}')


def trace_init(space, trace):
    """How many system calls, by strace."""
    strace = subprocess.Popen(
        ['strace', '-c', '-o', trace, '-p', str(space.init)],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until('traced', lambda: re.search(r'TracerPid:\s+[1-9]',
                                      read(f'/proc/{space.init}/status')))
    space.go()
    space.hear('gone')
    strace.send_signal(2)
    strace.wait(PATIENCE)
    return int(re.search(r'(.*) total', read(trace))[1].split()[3])


def reap(words, zombies, count, trace=None):
    """Milliseconds until all are gone, of CPU time, and how often it waited;
    with `trace` how many system calls instead."""
    space = Space(words, zombies, count)
    if trace:
        result = trace_init(space, trace)
    else:
        before = switches(space.init), cpu_ns(space.init)
        space.go()
        ns = space.hear('gone')
        result = [ns / 1e6, (cpu_ns(space.init) - before[1]) / 1e6,
                  switches(space.init) - before[0]]
    space.end()
    return result
