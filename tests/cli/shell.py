"""shell.py: an interactive shell with job control, on a real terminal.

Its prompt is '@@ ', which nothing else prints; what is typed is echoed by the
terminal.
"""

import os
import re
import shutil
import signal

import running
from running import (MARK, PATIENCE, alive, describe, kill, name_of,
                     need_programs)
from terminal import CTRL_C, CTRL_Z, Terminal

COMMANDS = {
    'bash': ['bash', '--norc', '--noprofile', '--noediting', '-i'],
    'dash': ['dash', '-i'],
}


class Window(Terminal):
    """A terminal on which any command is the leader of the session."""

    def __init__(self, t, command, **more):
        need_programs(t)
        marked = running.environment(t)
        env = {'PS1': '@@ ', MARK: marked[MARK], 'R': running.RUN,
               'S': running.SUBJECT}
        super().__init__(t, command, env=env, **more)
        t.defer(self._kill_all)
        t.on_failure.append(lambda: f'alive: {describe(alive(t))}')
        self.start = 0

    def _kill_all(self):
        for pid in alive(self.t):
            kill(pid, signal.SIGKILL)

    def named(self, name, count=1):
        """Waits until so many of that name run; returns their numbers."""
        def look():
            found = [pid for pid in self.others() if name_of(pid) == name]
            return found if len(found) == count else None
        return self.t.until(look, f'{count} {name} run', PATIENCE)

    def has_foreground(self, pid):
        """Waits until its group has the terminal."""
        self.t.until(lambda: self.foreground() == os.getpgid(pid),
                     f'{pid} has the terminal', PATIENCE)

    def others(self):
        """Those that run, apart from the leader of the session."""
        return [pid for pid in alive(self.t) if pid != self.pid]

    def see(self, pattern, seconds=PATIENCE):
        """Waits for words after what was typed last."""
        return self.expect(pattern, self.start, seconds)

    def press(self, data):
        self.start = self.mark()
        self.type(data)

    def count(self, pattern):
        """How many lines end so, since the beginning."""
        return self.text().count(pattern + '\n')


class Shell(Window):
    def __init__(self, t, name='bash', **more):
        if shutil.which(name) is None:
            t.skip(f'no {name} here')
        super().__init__(t, COMMANDS[name], **more)
        self.see('@@ $')

    def line(self, text):
        """Types a line; returns without waiting."""
        self.press(text + '\n')

    def prompt(self, words=''):
        """Waits for words, and for a prompt after them."""
        return self.see(words + '[^@]*@@ ')

    def run(self, text, words=''):
        """Types a line and waits for the prompt."""
        self.line(text)
        return self.prompt(words)

    def ready(self, count=1):
        """Waits until so many subjects said that they are; their numbers."""
        def look():
            text = bytes(self.output.data[self.start:])
            found = re.findall(rb'ready (\d+)\r', text)
            return [int(pid) for pid in found] if len(found) >= count else None
        return self.t.until(look, f'{count} are ready', PATIENCE)

    def has_terminal(self):
        """Waits until the shell has it back."""
        self.t.until(lambda: self.foreground() == self.pid,
                     'the shell has the terminal', PATIENCE)

    def stop(self):
        """Ctrl-Z, and the shell says so."""
        self.press(CTRL_Z)
        self.prompt('Stopped')

    def interrupt(self):
        """Ctrl-C, after which nobody is left."""
        self.press(CTRL_C)
        self.prompt()
        self.alone()

    def alone(self):
        """Asserts that nobody but the shell is left."""
        left = self.others()
        if left:
            raise AssertionError(f'left: {describe(left)}')
