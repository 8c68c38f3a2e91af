"""The examples do what their first lines say.

    test_examples.py [--not-built=NAME]... [--fault=BELAY-FAULT] PROGRAM...

Those that were not built, for want of somebody else's library, are skipped.
"""
import os
import pathlib
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

from gate import ROOT, case, main

sys.path.append(str(ROOT / 'tests' / 'cli'))
import tap  # noqa: E402
import terminal as tty  # noqa: E402

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


def resets(name, *scope):
    """Starts a client, resets its connection once it has one."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        example = Example(name, server.getsockname()[1], *scope,
                          stderr=subprocess.STDOUT)
        connection, _ = server.accept()
        example.says('connected')
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack('ii', 1, 0))
        connection.close()
        return example


def refused(name, *scope):
    """Starts a client with a port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(('127.0.0.1', 0))
        example = Example(name, bound.getsockname()[1], *scope,
                          stderr=subprocess.STDOUT)
        example.says('connect: Connection refused')
        return example


@case
def a_client_dies_of_a_reset_without_a_word(folder):
    with resets('client_that_dies') as example:
        example.says('read: Connection reset by peer')
        example.ends(-signal.SIGPIPE, 'now it writes\n')


@case
def a_client_dies_of_a_refusal_without_a_word(folder):
    with refused('client_that_dies') as example:
        example.says_like('read: .*')
        example.ends(-signal.SIGPIPE, 'now it writes\n')


# What is said once it has been survived, by what was guarded.
SCOPES = {
    'call': 'belay_send: Broken pipe\nbelay_write: Broken pipe\n',
    'thread': 'write, thread guarded: Broken pipe\n',
    'process': 'write, process guarded: Broken pipe\n',
}


@case
def a_client_lives_and_reports_a_reset(folder):
    for scope, said in SCOPES.items():
        with resets('client_that_lives', scope) as example:
            example.says('read: Connection reset by peer')
            example.ends(0, f'now it writes\n{said}still here\n')


@case
def a_client_lives_and_reports_a_refusal(folder):
    for scope, said in SCOPES.items():
        with refused('client_that_lives', scope) as example:
            example.says_like('read: .*')
            example.ends(0, f'now it writes\n{said}still here\n')


def lives_or_dies(port, reset):
    """Both clients, each scope; reset by the server, or refused."""
    began = ('connected\nread: Connection reset by peer\n' if reset else
             'connect: Connection refused\n'
             'read: Transport endpoint is not connected\n')
    with Example('client_that_dies', port, stderr=subprocess.STDOUT) as dying:
        dying.ends(-signal.SIGPIPE, began + 'now it writes\n')
    for scope, said in SCOPES.items():
        with Example('client_that_lives', port, scope,
                     stderr=subprocess.STDOUT) as living:
            living.ends(0, f'{began}now it writes\n{said}still here\n')


def with_belay_fault(function):
    """Against belay fault, if it was built."""
    name = function.__name__ + ('' if FAULT else ' # SKIP it was not built')
    run = function if FAULT else lambda folder: None
    run.__name__ = name
    return case(run)


def fault_says(folder, *arguments):
    """A running belay fault, and where its servers are."""
    ready = folder / 'ready'
    process = subprocess.Popen(
        [FAULT, '--quiet', '--ready-file', ready, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.communicate()
            return None, {}
        time.sleep(0.01)
    lines = ready.read_text().splitlines()
    ready.unlink()
    return process, {line.split()[0]: int(line.rpartition(':')[2])
                     for line in lines if '127.0.0.1:' in line}


@with_belay_fault
def sigpipe_101_with_belay_fault_in_cynics_place(folder):
    """The ports of Cynic may be taken; then it is the same on another."""
    process, ports = fault_says(folder)
    if process is None:
        process, ports = fault_says(folder, 'rst')
    with process:
        try:
            port = ports.get('rst') or ports['main']
            lives_or_dies(port, reset=True)
        finally:
            process.terminate()


@with_belay_fault
def sigpipe_101_where_nobody_listens(folder):
    process, ports = fault_says(folder, 'refused')
    with process:
        try:
            lives_or_dies(ports['main'], reset=False)
        finally:
            process.terminate()


class Client:
    """A connection to threaded_server, which has a thread for it."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), SECONDS)
        self.is_served('hello')

    def is_served(self, word):
        self.socket.sendall(word.encode())
        got = b''
        while len(got) < len(word):
            block = self.socket.recv(100)
            assert block, 'the server has ended the connection'
            got += block
        assert got.decode() == word, got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def serve(example):
    return int(example.says_like('listening on port ([0-9]+)')[1])


@case
def a_server_lets_connections_come_to_their_end(folder):
    with Example('threaded_server') as example:
        port = serve(example)
        with Client(port):
            pass
        with Client(port) as one, Client(port) as two:
            example.send(signal.SIGINT)
            example.says_like('no more are accepted; '
                              'connections that run on: [23]')
            try:
                socket.create_connection(('127.0.0.1', port), SECONDS).close()
                raise AssertionError('a connection was accepted')
            except ConnectionRefusedError:
                pass
            one.is_served('still')
            two.is_served('here')
        example.ends(-signal.SIGINT)


@case
def a_server_without_connections_ends_at_the_first_ctrl_c(folder):
    with Example('threaded_server') as example:
        with Client(serve(example)) as client:
            client.socket.shutdown(socket.SHUT_WR)
            assert client.socket.recv(1) == b''
        example.send(signal.SIGINT)
        example.says_like('no more are accepted; .*')
        example.ends(-signal.SIGINT)


@case
def a_second_ctrl_c_ends_the_server_at_once(folder):
    with Example('threaded_server') as example:
        with Client(serve(example)):
            example.send(signal.SIGINT)
            example.says('no more are accepted; connections that run on: 1')
            example.is_silent()
            example.send(signal.SIGINT)
            example.ends(-signal.SIGINT)


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
    assert STARTED == set(PROGRAMS), f'no test runs {set(PROGRAMS) - STARTED}'
    for path in sorted((ROOT / 'examples').glob('*.c')):
        lines = len(path.read_text().splitlines())
        assert lines <= 80, f'{path} has {lines} lines, more than 80'


main()
