"""The examples do what their first lines say.

    test_examples.py PROGRAM...
"""
import os
import pathlib
import select
import signal
import subprocess
import sys
import threading

from gate import ROOT, case, main

PROGRAMS = {pathlib.Path(path).name: path for path in sys.argv[1:]}
STARTED = set()
SECONDS = 20 * max(1, float(os.environ.get('BELAY_TEST_SCALE') or 1))


def clean_dispositions():
    """Whoever runs the tests may ignore or block what we send."""
    for signo in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(signo, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


class Example:
    """A running example, with a time limit; lines are waited for."""

    def __init__(self, name):
        STARTED.add(name)
        self.process = subprocess.Popen(
            [PROGRAMS[name]], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1,
            preexec_fn=clean_dispositions)
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

    def is_silent(self):
        """Says nothing for a moment, and would not if it were longer."""
        readable, _, _ = select.select([self.process.stdout], [], [], 0.1)
        assert not readable, f'it says {self.process.stdout.readline()!r}'

    def ends_input(self):
        self.process.stdin.close()
        self.process.stdin = None

    def ends(self, status, rest=''):
        output, _ = self.process.communicate()
        assert output == rest, f'{output!r}, wanted {rest!r}'
        got = self.process.returncode
        assert got == status, f'status {got}, wanted {status}'


@case
def a_loop_ticks_until_a_signal_ends_it(folder):
    with Example('loop_signals') as example:
        example.says('tick 1')
        example.send(signal.SIGHUP)
        seen = []
        while not seen or seen[-1].startswith('tick '):
            seen.append(example.process.stdout.readline())
        assert seen[-1] == f'SIGHUP from process {os.getpid()}\n', seen
        example.send(signal.SIGTERM)
        output, _ = example.process.communicate()
        assert output.endswith(f'SIGTERM from process {os.getpid()}\n'), output
        assert example.process.returncode == -signal.SIGTERM


@case
def a_stream_fits_into_a_plain_poll_loop(folder):
    with Example('foreign_poll') as example:
        example.process.stdin.write('hello\n')
        example.says('hello')
        example.send(signal.SIGUSR1)
        example.says('[SIGUSR1]')
        example.process.stdin.write('again\n')
        example.says('again')
        example.ends_input()
        example.send(signal.SIGUSR1)
        example.says('[SIGUSR1]')
        example.send(signal.SIGTERM)
        example.ends(0, '[SIGTERM]\n')


@case
def two_ctrl_c_end_it_at_once(folder):
    with Example('double_ctrl_c') as example:
        example.says('working; Ctrl-C stops it')
        example.send(signal.SIGINT)
        example.says('cleaning up; Ctrl-C again ends it at once')
        example.send(signal.SIGINT)
        example.process.wait()
        example.ends(-signal.SIGINT)


@case
def one_ctrl_c_lets_it_clean_up(folder):
    with Example('double_ctrl_c') as example:
        example.says('working; Ctrl-C stops it')
        example.send(signal.SIGINT)
        example.says('cleaning up; Ctrl-C again ends it at once')
        example.ends(-signal.SIGINT, 'cleaned up, all of it\n')


@case
def a_reader_that_is_gone_is_an_error_and_no_signal(folder):
    with Example('safe_writes') as example:
        example.ends(0, 'belay_write: Broken pipe\nfclose: Broken pipe\n'
                        'still here\n')


@case
def a_signal_cancels_every_thread(folder):
    with Example('cancel_threads') as example:
        example.says('working; SIGINT or SIGTERM stops it')
        example.is_silent()
        example.send(signal.SIGINT)
        example.ends(0, 'worker: stopped between two steps\n' * 4 +
                     'all workers have stopped\n')


@case
def every_example_has_been_run_and_is_short(folder):
    assert STARTED == set(PROGRAMS), f'no test runs {set(PROGRAMS) - STARTED}'
    for path in sorted((ROOT / 'examples').glob('*.c')):
        lines = len(path.read_text().splitlines())
        assert lines <= 40, f'{path} has {lines} lines, more than 40'


main()
