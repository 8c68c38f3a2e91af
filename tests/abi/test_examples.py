"""The examples that need nobody else do what their first lines say."""
import os
import re
import signal
import termios
import time

from examples import NOT_BUILT, PROGRAMS, STARTED, Example, all_have_been_run
from gate import ROOT, case, main
import tap
import terminal as tty


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
        output = example.rest()
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
def a_self_pipe_loses_nothing(folder):
    with Example('self_pipe') as example:
        example.says('a signal, and one more after the pipe was emptied:')
        example.says('  it happened, acting')
        example.says('  nothing new: a wake-up too many does no harm')
        example.says('100000 signals:')
        bytes_read = example.says_like('  ([0-9]+) bytes, one wake-up')
        assert 1 <= int(bytes_read[1]) < 100000, bytes_read
        example.ends(0, '  it happened, acting\n'
                        '  a stream beside it counted 100000\n')


@case
def a_service_reloads_on_sighup_and_ends_on_sigterm(folder):
    path = folder / 'service.conf'
    path.write_text('# a comment\ngreeting = good morning\nworkers = 3\n')
    with Example('reload', path) as example:
        example.says("greeting 'good morning', 3 workers")
        path.write_text('workers = 5\ngreeting = good evening\n')
        example.send(signal.SIGHUP)
        example.says("greeting 'good evening', 5 workers")
        path.write_text('workers = 7\ngreting = oh\n')
        example.send(signal.SIGHUP)
        example.says('line 2 is not understood, nothing is changed')
        example.says("greeting 'good evening', 5 workers")
        path.unlink()
        example.send(signal.SIGHUP)
        example.says(f'{path}: cannot be read, nothing is changed')
        example.says("greeting 'good evening', 5 workers")
        example.send(signal.SIGTERM)
        example.ends(0, 'ended as it was told to\n')


@case
def two_libraries_share_sigchld(folder):
    with Example('shared_sigchld') as example:
        lines = sorted([example.process.stdout.readline() for _ in range(2)])
        assert lines == ['one: my child exited with 3\n',
                         'two: my child was ended by SIGTERM\n'], lines
        example.ends(0, 'each has heard of its own\n')


@case
def downloads_are_interrupted_in_good_order(folder):
    with Example('download_loop') as example:
        example.says('after 0 ms')
        example.says_like('  downloading disk.iso [0-9]+/1000000')
        example.send(signal.SIGINT)
        example.says_like('  interrupted disk.iso [0-9]+/1000000')
        example.ends(-signal.SIGINT, '  queued      more.pdf 0/30\n')


@case
def a_stop_is_no_time_of_the_downloads(folder):
    began = time.monotonic()
    with Example('download_loop') as example:
        example.says_like('  downloading disk.iso [0-9]+/1000000')
        example.send(signal.SIGTSTP)
        assert example.stops() == signal.SIGTSTP
        stopped = time.monotonic()
        time.sleep(0.5)  # how long it is stopped, which it is not to count
        stopped = time.monotonic() - stopped
        example.send(signal.SIGCONT)
        example.send(signal.SIGTERM)
        told = []
        while line := example.process.stdout.readline():
            told += re.findall('after ([0-9]+) ms', line)
        example.ends(-signal.SIGTERM)
        most = time.monotonic() - began - stopped
        assert int(told[-1]) <= most * 1000, (told, most)


# They say when they can be signalled.  (No "sleep" for the polite one: a shell
# loses a SIGINT that comes right before it executes a program.)
JOBS = {'exit 3': 'exited with status 3',
        'echo polite; read never': 'killed by SIGINT',
        'trap "" INT; echo stubborn; sleep 1000; true': 'killed by SIGKILL'}


@case
def jobs_are_ended_politely_then_surely(folder):
    with Example('run_jobs', *JOBS) as example:
        said = sorted([example.process.stdout.readline() for _ in range(3)])
        assert said == ['exit 3: exited with status 3\n', 'polite\n',
                        'stubborn\n'], said
        example.send(signal.SIGINT)
        for command, how in list(JOBS.items())[1:]:
            example.says(f'{command}: {how}')
        example.ends(-signal.SIGINT)


@case
def jobs_stop_and_go_on_with_us(folder):
    with Example('run_jobs', 'echo ready; exec sleep 1000') as example:
        example.says('ready')
        example.send(signal.SIGTSTP)
        assert example.stops() == signal.SIGTSTP
        example.send(signal.SIGCONT)
        example.send(signal.SIGTERM)
        example.ends(-signal.SIGTERM,
                     'echo ready; exec sleep 1000: killed by SIGTERM\n')


@case
def jobs_run_to_their_ends(folder):
    with Example('run_jobs', 'true', 'kill -KILL $$') as example:
        output = example.rest()
        assert sorted(output.splitlines()) == [
            'kill -KILL $$: killed by SIGKILL', 'true: exited with status 0'], output
        assert example.process.returncode == 0


@case
def a_pipeline_is_fed_and_read_at_once(folder):
    with Example('pipeline') as example:
        example.ends(0, 'sent 1000000 bytes, got 1700000\n'
                        'cat: status 0\ntr: status 0\n')


def fits_into(name):
    """The case of a stream in somebody else's loop."""
    def run(folder):
        with Example(name) as example:
            example.says('waiting')
            example.send(signal.SIGUSR1)
            example.says('[SIGUSR1]')
            example.is_silent()
            example.send(signal.SIGUSR1)
            example.says('[SIGUSR1]')
            example.send(signal.SIGTERM)
            example.ends(0, '[SIGTERM]\n')

    def skip(folder):
        pass

    function = skip if name in NOT_BUILT else run
    function.__name__ = f'a stream fits {name}' + (
        ' # SKIP its library is not here' if name in NOT_BUILT else '')
    case(function)


for each in ('in_epoll', 'in_glib', 'in_libevent', 'in_libuv'):
    fits_into(each)


class Screen:
    """full_screen, started by a shell (one that does not put the terminal in
    order itself) on a terminal of its own."""

    def __init__(self, folder):
        STARTED.add('full_screen')
        self.context = tap.Context('full_screen', str(folder))
        self.terminal = tty.Terminal(
            self.context, ['env', '--default-signal', 'sh', '-i'],
            env={'PS1': 'ready> '})
        self.terminal.expect('ready> ')
        self.settings = termios.tcgetattr(self.terminal.master)
        self.then(PROGRAMS['full_screen'] + '\n',
                  r'\x1b\[\?1049h.*80 columns, 24 rows.*last key: -')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.stack.close()

    def then(self, typed, wanted):
        """Types, and waits for what is seen after it."""
        start = self.terminal.mark()
        self.terminal.type(typed)
        self.terminal.expect(wanted, start)

    def is_left(self):
        """The shell's screen, the cursor, the settings."""
        text = self.terminal.output.text()
        for off, on in (('?1049l', '?1049h'), ('?25h', '?25l')):
            assert text.rfind('\x1b[' + off) > text.rfind('\x1b[' + on), text
        assert termios.tcgetattr(self.terminal.master) == self.settings

    def ended_with(self, status):
        self.then('echo status $?\n', rf'status {status}\r\n.*ready> ')
        self.terminal.type('exit\n')
        self.terminal.wait()


@case
def a_full_screen_is_drawn_again_when_it_changes(folder):
    with Screen(folder) as screen:
        assert termios.tcgetattr(screen.terminal.master) != screen.settings
        screen.then('x', 'last key: x')
        start = screen.terminal.mark()
        screen.terminal.resize(30, 100)
        screen.terminal.expect('100 columns, 30 rows.*last key: x', start)
        screen.then('q', 'ready> ')
        screen.is_left()
        screen.ended_with(0)


@case
def a_full_screen_survives_ctrl_z_and_fg(folder):
    with Screen(folder) as screen:
        screen.then('x', 'last key: x')
        for rows in (30, 20):
            screen.then(tty.CTRL_Z, 'ready> ')
            screen.is_left()
            screen.terminal.resize(rows, 90)
            screen.then('fg\n', rf'1049h.*90 columns, {rows} rows.*key: x')
        screen.then('y', 'last key: y')
        screen.then('q', 'ready> ')
        screen.is_left()
        screen.ended_with(0)


@case
def a_full_screen_does_not_draw_in_the_background(folder):
    with Screen(folder) as screen:
        screen.then(tty.CTRL_Z, 'ready> ')
        stopped = screen.terminal.mark()
        screen.then('bg\n', 'ready> ')
        screen.then('echo as$((40+2))if\n', 'as42if\r\n.*ready> ')
        text = screen.terminal.output.text()[stopped:]
        assert '1049h' not in text and 'columns' not in text, text
        screen.then('fg\n', '1049h.*80 columns, 24 rows')
        screen.then('q', 'ready> ')
        screen.is_left()


@case
def a_full_screen_ended_by_a_signal_is_left(folder):
    with Screen(folder) as screen:
        screen.then(tty.CTRL_C, 'ready> ')
        screen.is_left()
        screen.ended_with(128 + signal.SIGINT)
    with Screen(folder) as screen:
        group = screen.terminal.foreground()
        start = screen.terminal.mark()
        os.kill(group, signal.SIGTERM)
        screen.terminal.expect('ready> ', start)
        screen.is_left()
        screen.ended_with(128 + signal.SIGTERM)


@case
def every_example_has_been_run_and_is_short(folder):
    all_have_been_run()
    for path in sorted((ROOT / 'examples').glob('*.c')):
        lines = len(path.read_text().splitlines())
        assert lines <= 80, f'{path} has {lines} lines, more than 80'


main()
