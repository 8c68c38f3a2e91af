"""tap.py: a test is a function; each ends as one line of TAP.

    from tap import main, test

    @test()
    def a_url_becomes_a_file(t):
        ...

    main()

A test gets a context `t` with an empty directory (`t.dir`), and a stack of
things to undo (`t.defer`), which runs whatever happens.  It fails by an
exception; `t.skip(why)` ends it as skipped.  It has a time limit, which the
factor BELAY_TEST_SCALE stretches for slow builds (sanitizers, valgrind).

By hand: test_x.py [-v] [--keep] [--list] [WORD...] runs the tests whose names
contain one of the words; --keep leaves their directories.
"""

import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

SCALE = max(1.0, float(os.environ.get('BELAY_TEST_SCALE') or 1))

_tests = []


class Skip(Exception):
    """Ends a test that this machine does not permit."""


class TimeLimit(BaseException):
    """Raised in the test by the clock; no `except Exception` stops it."""


def test(seconds=20):
    """Registers a test with its time limit."""
    def register(function):
        _tests.append((function, seconds))
        return function
    return register


def fewer(count):
    """`count`, made smaller for a build that is slow."""
    return max(1, round(count / SCALE))


class Context:
    """What one test has to itself."""

    def __init__(self, name, directory):
        self.name = name
        self.dir = directory
        self.notes = []
        self.stack = contextlib.ExitStack()
        self.on_failure = []

    def defer(self, function, *args):
        """Calls function(*args) at the end, last deferred first."""
        self.stack.callback(function, *args)

    def note(self, text):
        """A line that goes with the result."""
        self.notes.append(str(text))

    def skip(self, why):
        raise Skip(why)

    def path(self, *parts):
        return os.path.join(self.dir, *parts)

    def write(self, name, content):
        """Writes a file below the test's directory; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        mode = 'wb' if isinstance(content, bytes) else 'w'
        with open(path, mode) as file:
            file.write(content)
        return path

    def random(self):
        """A source of chance; its seed is noted, and taken from SEED."""
        seed = int(os.environ.get('SEED') or time.time_ns() % 1000000)
        self.note(f'seed {seed} (SEED={seed} repeats it)')
        return random.Random(seed)

    def until(self, condition, what, seconds=10):
        """Waits until condition() is true; returns its value."""
        deadline = time.monotonic() + seconds * SCALE
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f'not within {seconds} s: {what}')
            time.sleep(0.002)


def equal(got, wanted, what=''):
    """Asserts equality, and prints both sides when there is none."""
    if got != wanted:
        raise AssertionError(
            f'{what or "value"}:\n'
            f'  got    {got!r:.2000}\n  wanted {wanted!r:.2000}')


def contains(text, part, what=''):
    if part not in text:
        raise AssertionError(f'{what or "text"} has no {part!r}:\n{text:.2000}')


def lacks(text, part, what=''):
    if part in text:
        raise AssertionError(f'{what or "text"} has {part!r}:\n{text:.2000}')


def _expire(_number, _frame):
    raise TimeLimit


def _leave(number, _frame):
    sys.exit(128 + number)


def _run(context, function, seconds):
    """Runs one test; returns its outcome and what to say about it."""
    signal.setitimer(signal.ITIMER_REAL, seconds * SCALE)
    try:
        try:
            function(context)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        return 'ok', ''
    except Skip as why:
        return 'skip', str(why)
    except TimeLimit:
        frames = traceback.format_exc().splitlines()
        return 'failed', '\n'.join([f'longer than {seconds} s'] + frames)
    except Exception:  # a test may fail in any way
        return 'failed', traceback.format_exc()


def _one(number, function, seconds, options):
    name = function.__name__
    directory = tempfile.mkdtemp(prefix='belay-cli-')
    os.chmod(directory, 0o755)
    context = Context(name, directory)
    began = time.monotonic()
    outcome, text = 'failed', ''
    try:
        outcome, text = _run(context, function, seconds)
        if outcome == 'failed':
            for tell in context.on_failure[-4:]:
                text += '\n' + tell()
    finally:
        try:
            context.stack.close()
        except Exception:
            outcome, text = 'failed', text + traceback.format_exc()
        if options.keep:
            context.note(f'kept {directory}')
        else:
            shutil.rmtree(directory, ignore_errors=True)
    words = name.replace('_', ' ')
    line = f'{"not ok" if outcome == "failed" else "ok"} {number} - {words}'
    if outcome == 'skip':
        line += f' # SKIP {text}'
    print(line)
    comments = list(context.notes)
    if options.verbose:
        comments.append(f'{time.monotonic() - began:.2f} s')
    if outcome == 'failed':
        comments += text.splitlines()
    for comment in '\n'.join(comments).splitlines():
        print(f'#   {comment}')
    sys.stdout.flush()
    return outcome != 'failed'


def _options():
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument('words', nargs='*', metavar='WORD')
    parser.add_argument('-v', '--verbose', action='store_true')
    parser.add_argument('--keep', action='store_true')
    parser.add_argument('--list', action='store_true')
    return parser.parse_args()


def main():
    """Runs the tests of the calling program, and exits."""
    options = _options()
    chosen = [(function, seconds) for function, seconds in _tests
              if not options.words or any(
                  word.replace(' ', '_') in function.__name__
                  for word in options.words)]
    if options.list:
        for function, _ in chosen:
            print(function.__name__)
        sys.exit(0)
    signal.signal(signal.SIGALRM, _expire)
    # Clean up when interrupted.  And a runner may ignore these for us: what
    # we catch is at its default in the programs that we start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, _leave)
    print(f'1..{len(chosen)}', flush=True)
    good = [_one(number, function, seconds, options)
            for number, (function, seconds) in enumerate(chosen, 1)]
    # Threads that still wait for somebody are not to meet an interpreter that
    # is being taken down.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0 if all(good) else 1)
