"""situations.py: what is done to a command under each peer, and what has to be
seen then.  Each function is a row of the table, in this order, and its text
says there what is tested.  Failed says what was not seen; NotApplicable is a
dot.
"""

import os
import signal
import subprocess
import time

import shell
from shell import CTRL_C, CTRL_Z, Failed, Shell, is_alive, state


class NotApplicable(Exception):
    """It makes no sense for this peer."""


ROWS = []
LIMIT, STOPPED_FOR, LEFT = 10, 12, 3  # seconds, for timerpause
FORWARDED = [signo for signo in range(1, 32) if signo not in (
    signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD, signal.SIGTSTP,
    signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT)]


def row(function):
    ROWS.append(function)
    return function


class Cell:
    """One peer in one situation."""

    def __init__(self, peer, subject, directory):
        self.peer, self.subject, self.directory = peer, subject, directory
        self.log = os.path.join(directory, 'log')
        self.shell = None
        self.runner = None

    def command(self, role, *more):
        return [self.subject, role, self.log, *map(str, more)]

    # -- What is seen ------------------------------------------------------

    def lines(self, beginning):
        text = shell.read(self.log).decode(errors='replace')
        return [line for line in text.splitlines()
                if line.startswith(beginning)]

    def until(self, what, condition, seconds=None):
        wait = self.shell.until if self.shell else shell.until
        return wait(what, condition, seconds)

    def subjects(self):
        return shell.processes_of('subject', self.log)

    def until_ready(self):
        self.until('the command does not start', lambda: self.lines('ready'))

    def until_stopped(self):
        self.until('the command is not stopped',
                   lambda: self.subjects() and
                   all(state(pid) == 'T' for pid in self.subjects()))

    def until_going_on(self):
        self.until('fg does not make the command go on',
                   lambda: self.subjects() and
                   all(state(pid) == 'S' for pid in self.subjects()))

    def until_gone(self, what='the command does not end'):
        self.until(what, lambda: not self.subjects())

    # -- At a terminal -----------------------------------------------------

    def open_shell(self):
        self.shell = Shell(self.directory)

    def start(self, role, limit=None):
        self.open_shell()
        mark = self.shell.run(self.peer.line(self.command(role), limit))
        self.until_ready()
        return mark

    def type(self, key, name):
        """And waits for the shell's prompt."""
        return self.shell.prompt(self.shell.type(key),
                                 f'no prompt after {name}')

    def stop_and_go_on(self):
        self.type(CTRL_Z, 'Ctrl-Z')
        self.until_stopped()
        self.shell.run('fg')
        self.until_going_on()

    def interrupt(self):
        self.type(CTRL_C, 'Ctrl-C')
        self.until_gone('the command survives Ctrl-C')

    # -- Without one -------------------------------------------------------

    def spawn(self, role, **options):
        """In a session without a terminal, as a service is."""
        self.process = subprocess.Popen(
            self.peer.service_words(self.command(role)),
            start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd=self.directory, **options)
        self.runner = self.process.pid

    def spawn_ready(self, role, children=0):
        self.spawn(role)
        self.until_ready()
        self.until('its children do not start',
                   lambda: len(self.lines('child')) >= children)

    def begin_again(self):
        for pid in self.subjects():
            os.kill(pid, signal.SIGKILL)
        self.until_gone()
        os.unlink(self.log)

    def signal_runner(self, signo):
        try:
            if self.process.poll() is None:
                os.kill(self.runner, signo)
        except ProcessLookupError:
            pass


# -- At a terminal ------------------------------------------------------------

@row
def ctrlC(cell):
    """Ctrl-C ends a command that has the default for it, and the prompt is
    back."""
    cell.start('wait')
    cell.interrupt()


@row
def intcount(cell):
    """A command that catches SIGINT gets exactly one for each Ctrl-C, five
    times."""
    cell.start('count')
    for wanted in range(1, 6):
        cell.shell.type(CTRL_C)
        cell.until(f'Ctrl-C number {wanted} does not reach the command',
                   lambda: len(cell.lines('signal 02')) >= wanted)
        time.sleep(0.5)  # one that is too many would come now
    time.sleep(1)
    came = len(cell.lines('signal 02'))
    if came != 5:
        raise Failed(f'{came} SIGINT for five Ctrl-C')


@row
def ctrlZ(cell):
    """Ctrl-Z stops it and the prompt is back; fg takes it back; Ctrl-C ends
    it."""
    cell.start('wait')
    cell.stop_and_go_on()
    cell.interrupt()


@row
def selfstop(cell):
    """The command stops itself with SIGSTOP: the shell notices, and fg makes it
    go on."""
    mark = cell.start('stopself')
    cell.shell.prompt(mark, 'no prompt when the command stops itself')
    cell.shell.run('fg')
    cell.until('fg does not make the command go on',
               lambda: cell.lines('goes on'))
    cell.interrupt()


def reads_line(cell, role):
    cell.start(role)
    mark = cell.shell.type(b'hello\n')
    cell.until('the command does not get the line',
               lambda: cell.lines('line hello'))
    cell.shell.prompt(mark, 'no prompt after it has read')


@row
def ttyread(cell):
    """It reads a line from /dev/tty."""
    reads_line(cell, 'tty')


@row
def stdinread(cell):
    """It reads a line from standard input, which is the terminal."""
    reads_line(cell, 'stdin')


@row
def bgread(cell):
    """In the background (&) it reads the terminal: the shell says Stopped,
    keeps the terminal, and fg lets it read."""
    cell.open_shell()
    mark = cell.shell.run(cell.peer.line(cell.command('tty')) + ' &')
    cell.shell.prompt(mark, 'the shell has lost the terminal')
    cell.until_ready()
    cell.until_stopped()

    def jobs_says_so():
        mark = cell.shell.run('jobs')
        cell.shell.prompt(mark, 'the shell has lost the terminal')
        return 'Stopped' in cell.shell.said(mark)

    cell.until('the shell does not see it stopped', jobs_says_so)
    cell.shell.run('fg')
    cell.until('fg does not take it to the foreground', cell.shell.is_away)
    mark = cell.shell.type(b'hello\n')
    cell.until('fg does not let it read', lambda: cell.lines('line hello'))
    cell.shell.prompt(mark, 'no prompt after it has read')


@row
def winch(cell):
    """The terminal changes its size: the command gets SIGWINCH."""
    cell.start('count')
    cell.shell.resize(30, 900)
    cell.until('no SIGWINCH', lambda: cell.lines('signal 28'))


@row
def hangup(cell):
    """The terminal goes away: runner and command end."""
    cell.start('wait')
    runner = cell.shell.foreground_job()
    cell.shell.hang_up()
    cell.until_gone()
    cell.until('the runner does not end', lambda: not is_alive(runner))


@row
def nested(cell):
    """The peer under itself: Ctrl-Z, fg and Ctrl-C as before."""
    if not cell.peer.prefix:
        raise NotApplicable
    cell.open_shell()
    cell.shell.run(cell.peer.line(cell.peer.words(cell.command('wait'))))
    cell.until_ready()
    cell.stop_and_go_on()
    cell.interrupt()


@row
def script(cell):
    """In a script: Ctrl-Z stops all of it, fg takes it back, Ctrl-C ends script
    and command."""
    path = os.path.join(cell.directory, 'script')
    with open(path, 'w') as file:
        file.write(cell.peer.line(cell.command('wait')) +
                   f'\necho after >>{cell.log}\n')
    cell.open_shell()
    cell.shell.run(f'sh {path}')
    cell.until_ready()
    cell.stop_and_go_on()
    cell.interrupt()
    if cell.lines('after'):
        raise Failed('the script goes on after Ctrl-C')


@row
def pipe(cell):
    """`PEER yes | head -n 1` ends, and so does yes."""
    cell.open_shell()
    mark = cell.shell.run(cell.peer.line(['yes', cell.log]) + ' | head -n 1')
    cell.shell.prompt(mark, 'it does not end')
    cell.until('yes does not end',
               lambda: not shell.processes_of('yes', cell.log))


@row
def timerpause(cell):
    """A limit of ten seconds does not run while Ctrl-Z has it stopped for
    twelve."""
    if not cell.peer.limit:
        raise NotApplicable
    begun = time.monotonic()
    cell.start('wait', LIMIT)
    cell.type(CTRL_Z, 'Ctrl-Z')
    cell.until_stopped()
    used = time.monotonic() - begun
    if used > LIMIT - LEFT - 1:
        raise Failed('the machine was too slow')
    time.sleep(STOPPED_FOR)
    cell.shell.run('fg')
    time.sleep(LEFT)
    if not cell.subjects():
        raise Failed('the limit runs on while it is stopped')
    cell.until_gone('the limit never comes')


@row
def exit(cell):
    """The shell sees 42 for exit 42, 127 for what is not there, 126 for what
    is not executable, 143 and 137 for death by SIGTERM and SIGKILL."""
    plain = os.path.join(cell.directory, 'plain')
    with open(plain, 'w') as file:
        file.write('not a program\n')
    cell.open_shell()
    wrong = []
    for wanted, command in ((42, ['sh', '-c', 'exit 42']),
                            (127, ['/nowhere/at-all']), (126, [plain]),
                            (143, cell.command('die', 15)),
                            (137, cell.command('die', 9))):
        mark = cell.shell.run(cell.peer.line(command))
        got = cell.shell.prompt(mark, f'no prompt where {wanted} is due')
        if got != wanted:
            wrong.append(f'{got} for {wanted}')
    if wrong:
        raise Failed(', '.join(wrong))


# -- Without a terminal -------------------------------------------------------

@row
def term_forward(cell):
    """SIGTERM to the runner alone reaches a command that catches it."""
    cell.spawn_ready('count')
    cell.signal_runner(signal.SIGTERM)
    cell.until('no SIGTERM', lambda: cell.lines('signal 15'))


@row
def all_signals(cell):
    """So does each of the 24 signals that can be caught and do not stop or
    continue."""
    lost, deadly = [], []
    cell.spawn_ready('count')
    for signo in FORWARDED:
        name = signal.Signals(signo).name[3:]
        cell.signal_runner(signo)
        try:
            cell.until('', lambda: cell.lines(f'signal {signo:02}') or
                       cell.process.poll() is not None, 3)
        except Failed:
            pass
        if cell.process.poll() is not None:
            deadly.append(name)
            cell.begin_again()
            cell.spawn_ready('count')
        elif not cell.lines(f'signal {signo:02}'):
            lost.append(name)
    if lost or deadly:
        raise Failed('; '.join(
            f'{what} {" ".join(names)}' for what, names in
            (('dies of', deadly), ('keeps', lost)) if names))


@row
def term_stopped(cell):
    """SIGTERM to the runner ends a command that somebody has stopped."""
    cell.spawn_ready('wait')
    subject = cell.subjects()[0]
    os.kill(subject, signal.SIGSTOP)
    cell.until('it cannot be stopped', lambda: state(subject) == 'T')
    cell.signal_runner(signal.SIGTERM)
    cell.until_gone()


@row
def setsid_escape(cell):
    """SIGTERM to the runner also ends a child of the command that is in a
    session of its own."""
    cell.spawn_ready('escape', 1)
    cell.signal_runner(signal.SIGTERM)
    cell.until_gone('it survives')


@row
def sleepers(cell):
    """SIGTERM to the runner also ends 200 children of the command."""
    cell.spawn_ready('sleepers', 200)
    cell.signal_runner(signal.SIGTERM)
    cell.until_gone('they survive')


@row
def ignore_term(cell):
    """A command that ignores SIGTERM ends when the runner gets it twice."""
    cell.spawn_ready('ignore')
    cell.signal_runner(signal.SIGTERM)
    time.sleep(1)
    cell.signal_runner(signal.SIGTERM)
    cell.until_gone('it survives')


@row
def runner_sigkill(cell):
    """The runner is killed: so is the command."""
    cell.spawn_ready('wait')
    cell.signal_runner(signal.SIGKILL)
    cell.until_gone('it survives')


@row
def sigkill_tree(cell):
    """The runner is killed: so is a child of the command."""
    cell.spawn_ready('family', 1)
    cell.signal_runner(signal.SIGKILL)
    cell.until_gone('it survives')


@row
def inherit(cell):
    """Ignored signals (HUP, USR1, PIPE) and blocked ones (USR2) reach the
    command as the peer documents it: belay resets all but what nohup or a shell
    ignored on purpose (HUP, INT, QUIT, TSTP, TTIN, TTOU); the others say
    nothing, so unchanged."""
    ignored = (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE)
    before = {signo: signal.signal(signo, signal.SIG_IGN) for signo in ignored}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    wanted = shell.read('/proc/self/status').decode()
    try:
        cell.spawn('inherit', restore_signals=False)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for signo, action in before.items():
            signal.signal(signo, action)
    if cell.peer.resets:
        expected = ['SigBlk:\t%016x' % 0,
                    'SigIgn:\t%016x' % (1 << signal.SIGHUP - 1)]
    else:
        expected = [line for line in wanted.splitlines()
                    if line.startswith(('SigBlk', 'SigIgn'))]
    came = cell.until('the command says nothing', lambda: (
        len(cell.lines('Sig')) == 2 and cell.lines('Sig')))
    wrong = [name for name, line in (('mask', 0), ('ignored signals', 1))
             if came[line].strip() != expected[line]]
    if wrong:
        raise Failed(' and '.join(wrong) + ' differ')
