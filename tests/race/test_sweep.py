"""A signal at each system call in turn, and the program keeps its invariants.

    test_sweep.py PROGRAM

strace injects SIGUSR1 at the first system call, in the next run at the second,
and so on to the last; skipped where there is no strace, or it may not trace.
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

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'cli'))
from tap import main, test  # noqa: E402

PROGRAM = sys.argv.pop(1)
SECONDS = 30 * max(1, float(os.environ.get('BELAY_TEST_SCALE') or 1))


def ignoring():
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)


def traced(*options):
    """How the program ended, and what it said."""
    done = subprocess.run(['strace', '-qq', *options, PROGRAM],
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=SECONDS, preexec_fn=ignoring)
    return done.returncode, done.stderr.strip()


def why_not():
    if shutil.which('strace') is None:
        return 'strace is not installed'
    status, said = traced('-o', os.devnull)
    return f'strace: {said}' if status != 0 and 'strace' in said else None


def system_calls(t):
    """Those that the program makes when nobody disturbs it, each as its name
    and the how manyth of that name it is."""
    log = t.path('log')
    status, said = traced('-o', log)
    assert status == 0, said
    count = collections.Counter()
    for line in open(log):
        name = re.match(r'(\w+)\(', line)
        if name:
            count[name.group(1)] += 1
            yield name.group(1), count[name.group(1)]


def disturbed(call):
    inject = 'inject={}:signal=SIGUSR1:when={}'.format(*call)
    return call, *traced('-o', os.devnull, '-e', inject)


@test(seconds=300)
def a_signal_at_any_system_call_is_counted_and_harms_nothing(t):
    if why_not():
        t.skip(why_not())
    calls = list(system_calls(t))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        for call, status, said in workers.map(disturbed, calls):
            assert status == 0, f'at {call}: {said}'
    t.note(f'{len(calls)} system calls')


main()
