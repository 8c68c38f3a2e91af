"""terminal.py: a real terminal with somebody who types at it.

The command becomes the leader of a session whose controlling terminal is a
new pty: what is typed goes through the line discipline, so that ^C is a signal
to whatever is in the foreground.  `screen()` is what would be seen, for the
few sequences that the program uses.
"""

import fcntl
import os
import re
import struct
import subprocess
import termios

import program
import tap

CTRL_C, CTRL_Z, CTRL_BACKSLASH = b'\x03', b'\x1a', b'\x1c'


class Terminal:
    def __init__(self, t, command, rows=24, columns=80, cwd=None, env=None,
                 stdout=None, copy=None):
        self.t = t
        self.rows, self.columns = rows, columns
        self.master, slave = os.openpty()
        self.resize(rows, columns)

        def lead():
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            command, cwd=cwd or t.dir, stdin=slave, stdout=stdout or slave,
            stderr=slave, env=program.environment(t, **(env or {})),
            start_new_session=True, preexec_fn=lead)
        os.close(slave)
        self.pid = self.process.pid
        t.defer(self.close)
        t.on_failure.append(self._tell)
        self.output = program.Output(self.master, copy)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.hang_up()

    def hang_up(self):
        """Closes the window: the session gets SIGHUP, and its writes EIO."""
        if self.master is not None:
            self.output.stop()
            os.close(self.master)
            self.master = None

    def _tell(self):
        return 'terminal: ' + repr(bytes(self.output.data[-3000:]))

    def type(self, data):
        os.write(self.master, data if isinstance(data, bytes)
                 else data.encode())

    def resize(self, rows, columns):
        """Tells the terminal's size, which sends SIGWINCH."""
        self.rows, self.columns = rows, columns
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack('HHHH', rows, columns, 0, 0))

    def foreground(self):
        """The process group that has the terminal."""
        return os.tcgetpgrp(self.master)

    def mark(self):
        """Where the output ends now."""
        return len(self.output.data)

    def expect(self, pattern, start=0, seconds=10):
        return self.output.expect(pattern, start, seconds)

    def wait(self, seconds=20):
        try:
            status = self.process.wait(seconds * tap.SCALE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f'still running after {seconds} s') from None
        self.output.join()
        return status

    def text(self):
        """All that was written, without sequences and carriage returns."""
        return strip(self.output.text())

    def screen(self):
        """The lines that are to be seen, without trailing blanks."""
        return screen(self.output.text(), self.rows, self.columns)


_SEQUENCE = re.compile(
    r'\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78]')


def strip(text):
    return _SEQUENCE.sub('', text).replace('\r', '')


def screen(text, rows, columns):
    """A small terminal: what is on it after `text`.  AssertionError for a
    sequence that it does not know."""
    lines, row, column = [[]], 0, 0
    at = 0
    while at < len(text):
        match = _SEQUENCE.match(text, at)
        if match:
            row, column = _obey(lines, row, column, match)
            at = match.end()
            continue
        char, at = text[at], at + 1
        if char == '\r':
            column = 0
        elif char == '\n':
            row += 1
        elif char < ' ':
            raise AssertionError(f'control byte {char!r} on the screen')
        else:
            if column == columns:
                row, column = row + 1, 0
            _put(lines, row, column, char)
            column += 1
        while len(lines) <= row:
            lines.append([])
    return [''.join(line).rstrip() for line in lines][-rows:]


def _put(lines, row, column, char):
    while len(lines) <= row:
        lines.append([])
    line = lines[row]
    line.extend(' ' * (column + 1 - len(line)))
    line[column] = char


def _obey(lines, row, column, match):
    parameter, letter = match.group(1), match.group(2)
    count = int(parameter) if parameter and parameter.isdigit() else 1
    if letter == 'A':
        row = max(0, row - count)
    elif letter == 'B':
        row += count
    elif letter == 'G':
        column = count - 1
    elif letter == 'K' and parameter in ('', '0', '2'):
        del lines[row][0 if parameter == '2' else column:]
    elif letter == 'J' and parameter in ('', '0'):
        del lines[row][column:]
        del lines[row + 1:]
    elif letter is not None and letter not in 'mhl':
        raise AssertionError(f'unknown sequence {match.group(0)!r}')
    return row, column
