"""A signal at each system call of `belay run` in turn: no status lies, nothing
hangs, nobody is left.

strace injects it at the first system call, in the next run at the second, and
so on to the last; skipped where there is no strace, or it may not trace.
BELAY_RUN names the program.
"""
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'cli'))
from running import (RUN, alive, describe, environment, kill,  # noqa: E402
                     name_of)
from tap import SCALE, main, test  # noqa: E402

SECONDS = 60 * SCALE
# One that takes a moment, and leaves a process to be ended.
COMMAND = ['sh', '-c', 'echo begin >>log; sleep 1000 & sleep 0.02;'
           ' echo end >>log; exit 3']
ONE = ['-q', '--grace', '5s', *COMMAND]
SEVERAL = ['-q', '-j', '2', '--grace', '5s', *COMMAND, ':::', '1', '2', '3']
ENDINGS = {'one': (ONE, 3, 1), 'several': (SEVERAL, 1, 3)}


class Place:
    """A directory, and a mark, of one run: what alive() asks of a test."""

    def __init__(self, t):
        self.dir = tempfile.mkdtemp(dir=t.dir)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def log(self):
        try:
            with open(self.path('log')) as file:
                return collections.Counter(file.read().split())
        except FileNotFoundError:
            return collections.Counter()


def keep_going(strace, over):
    """What strace traces is told to go on again and again; before it is the
    program, strace itself stops it."""
    while not over.wait(0.005):
        try:
            with open(f'/proc/{strace}/task/{strace}/children') as file:
                children = map(int, file.read().split())
        except OSError:
            return
        for pid in children:
            if name_of(pid) == os.path.basename(RUN):
                kill(pid, signal.SIGCONT)


def traced(place, arguments, *options, cont=False):
    """How it ended, and what it said."""
    process = subprocess.Popen(
        ['strace', '-qq', *options, RUN, *arguments], cwd=place.dir,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, env=environment(place), text=True,
        preexec_fn=os.setpgrp)
    over = threading.Event()
    helper = threading.Thread(target=keep_going, args=(process.pid, over))
    if cont:
        helper.start()
    try:
        _, said = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        said = f'hangs: {describe(alive(place))}'
        for pid in alive(place):
            kill(pid, signal.SIGKILL)
        process.kill()
        process.wait()
    finally:
        over.set()
        if cont:
            helper.join()
    return process.returncode, said.strip()


def need_strace(t):
    if not RUN:
        t.skip('BELAY_RUN does not name the program')
    if shutil.which('strace') is None:
        t.skip('strace is not installed')
    status, said = traced(Place(t), ['true'], '-o', os.devnull)
    if status != 0 and 'strace' in said:
        t.skip(said)


def system_calls(t, arguments):
    """Those that it makes when nobody disturbs it, each as its name and the
    how manyth of that name it is."""
    place = Place(t)
    traced(place, arguments, '-o', place.path('calls'))
    count = collections.Counter()
    with open(place.path('calls')) as file:
        for line in file:
            name = re.match(r'(\w+)\(', line)
            if name:
                count[name.group(1)] += 1
                yield name.group(1), count[name.group(1)]


def first_wait(calls):
    """Before it, no command has ended that a signal could have been late for.
    """
    return [name.startswith('epoll_') and 'wait' in name
            for name, _ in calls].index(True)


def judge(place, number, result, wanted, count, is_early):
    """What is wrong with how it ended; None."""
    status, said = result
    if said:
        return said
    left = alive(place)
    if left:
        return f'left: {describe(left)}'
    log = place.log()
    is_asked_to_end = is_early and number != signal.SIGTSTP
    if status == wanted and log['end'] == count and not is_asked_to_end:
        return None
    if number != signal.SIGTSTP and status == -number and log['end'] <= count:
        return None
    return f'status {status}, and the commands wrote {dict(log)}'


def sweep(t, name, number):
    need_strace(t)
    arguments, wanted, count = ENDINGS[name]
    calls = list(system_calls(t, arguments))
    early = set(calls[1:first_wait(calls)])  # the execve is not disturbed

    def disturbed(call):
        place = Place(t)
        inject = 'inject={}:signal={}:when={}'.format(
            call[0], int(number), call[1])
        result = traced(place, arguments, '-o', os.devnull, '-e', inject,
                        cont=number == signal.SIGTSTP)
        wrong = judge(place, number, result, wanted, count, call in early)
        for pid in alive(place):
            kill(pid, signal.SIGKILL)
        return call, wrong

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        found = [(call, wrong) for call, wrong in workers.map(disturbed, calls)
                 if wrong]
    t.note(f'{len(calls)} system calls, {len(early)} before it waits')
    if found:
        raise AssertionError('\n'.join(
            f'at {name} {nth}: {wrong}' for (name, nth), wrong in found[:20]))


@test(seconds=300)
def one_command_and_sigterm_at_any_system_call(t):
    sweep(t, 'one', signal.SIGTERM)


@test(seconds=300)
def one_command_and_sigint_at_any_system_call(t):
    sweep(t, 'one', signal.SIGINT)


@test(seconds=300)
def one_command_stops_and_goes_on_at_any_system_call(t):
    sweep(t, 'one', signal.SIGTSTP)


@test(seconds=300)
def several_and_sigterm_at_any_system_call(t):
    sweep(t, 'several', signal.SIGTERM)


@test(seconds=300)
def several_stop_and_go_on_at_any_system_call(t):
    sweep(t, 'several', signal.SIGTSTP)


main()
