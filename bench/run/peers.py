"""peers.py: what `belay run` is compared with, and how each is told to run one
command, or one command many times.
"""

import os
import shutil

import measure

# Names of rows that others are compared with.
DIRECT = 'nothing between'
HAND = 'fork and exec by hand'
HAND_STATIC = 'the same, static'
BARE = 'bare vfork loop'
BARE_SHELL = 'bare vfork loop of sh -c'


def find(name):
    return shutil.which(name, path=os.environ.get('PATH', '') + ':/usr/bin')


def moreutils_parallel():
    """GNU parallel's package moves it aside."""
    return find('parallel.moreutils') or (
        None if find('parcat') else find('parallel'))


class Peers:
    def __init__(self, build, directory, others):
        """`others`: more programs like belay-run: (name, path)."""
        self.build, self.directory = os.path.abspath(build), directory
        self.run = measure.install(directory, f'{build}/src/run/belay-run')
        self.others = [(name, measure.install(directory, path, f'belay-run-{i}'))
                       for i, (name, path) in enumerate(others)]
        self.hand = measure.build(directory, 'hand')
        self.hand_static = measure.build(directory, 'hand', '-static',
                                         output='hand-static')
        self.driver = measure.build(directory, 'driver')
        self.missing = []

    def file(self, name, text):
        """Its path, made anew."""
        path = os.path.join(self.directory, name)
        with open(path, 'w') as file:
            file.write(text)
        return path

    def known(self, commands):
        """name -> words, without those whose program is not installed."""
        there = {}
        for name, words in commands.items():
            program = words[0] and find(words[0])
            if program:
                there[name] = [program, *words[1:]]
            elif name not in self.missing:
                self.missing.append(name)
        return there

    def belays(self):
        return {'belay run (belay-run)': [self.run],
                **{name: [path] for name, path in self.others}}

    def dispatcher(self):
        """As it is typed: belay, which executes belay-run."""
        return {'belay run (by belay)': [f'{self.build}/src/belay/belay',
                                         'run']}

    def inits(self):
        return self.known({'tini': ['tini', '-s', '--'],
                           'dumb-init': ['dumb-init'],
                           'catatonit': ['catatonit']})

    def timeouts(self):
        return self.known({
            'timeout': ['timeout', '1000'],
            'timeout --foreground': ['timeout', '--foreground', '1000'],
            'busybox timeout': ['busybox', 'timeout', '1000'],
            'toybox timeout': ['toybox', 'timeout', '1000']})

    def one_command(self, command):
        """name -> words that run the command (words) once."""
        shell = ' '.join(command)
        tag = os.path.basename(command[0])
        makefile = self.file(f'one-{tag}.make', f'x:\n\t@{shell}\n')
        ninja = f'{self.directory}/one-{tag}'
        os.makedirs(ninja, exist_ok=True)
        self.file(f'one-{tag}/build.ninja',
                  f'rule x\n  command = {shell}\nbuild out: x\n')
        before = {HAND: [self.hand], HAND_STATIC: [self.hand_static],
                  **self.belays(), **self.dispatcher(), **self.inits(),
                  **self.timeouts(),
                  **self.known({'xargs': ['xargs', '-a', '/dev/null']})}
        return {DIRECT: command,
                **{name: words + command for name, words in before.items()},
                **self.known({
                    'make': ['make', '-rsf', makefile],
                    'moreutils parallel': [moreutils_parallel(), *command,
                                           '--', 'x'],
                    'ninja': ['ninja', '--quiet', '-C', ninja],
                    'GNU parallel': [gnu_parallel(), '--will-cite',
                                     *command, ':::', 'x']})}

    def many_commands(self, command, count, jobs):
        """name -> (words that run the command so many times, how often).

        With an argument everywhere, since some have to give it one, and with one
        `true` looks for its translations."""
        call = f'{command} 1'
        few = max(count // 10, 1)
        arguments = self.file('arguments', lines(str(i) for i in range(count)))
        fewer = self.file('fewer', lines(str(i) for i in range(few)))
        commands = self.file('commands', lines([call] * count))
        targets = ' '.join(f'x{i}' for i in range(count))
        makefile = self.file('Makefile', f'all: {targets}\n{targets}:\n'
                                         f'\t@{call}\n')
        os.makedirs(f'{self.directory}/ninja', exist_ok=True)
        self.file('ninja/build.ninja', f'rule x\n  command = {call}\n' +
                  lines(f'build x{i}: x' for i in range(count)))
        loop = [self.driver, 'loop', str(jobs), str(count)]
        both = {BARE: [*loop, command, '1'],
                BARE_SHELL: [*loop, '/bin/sh', '-c', call]}
        for name, words in self.belays().items():
            short = name.replace('belay run (belay-run)', 'belay run')
            start = [*words, '-q', '-j', str(jobs), '--progress=none']
            for output in ('raw', 'group'):
                both[f'{short} -a, {output}'] = [
                    *start, f'--output={output}', '-a', arguments, command]
            for output in ('raw', 'group'):
                both[f'{short} -f, {output}'] = [
                    *start, f'--output={output}', '-f', commands]
        both.update(self.known({
            'xargs': ['xargs', '-a', arguments, '-n1', f'-P{jobs}', command],
            'make': ['make', '-rs', f'-j{jobs}', '-f', makefile],
            'moreutils parallel': [moreutils_parallel(), '-j', str(jobs),
                                   command, '--',
                                   *map(str, range(count))],
            'ninja': ['ninja', '--quiet', f'-j{jobs}', '-C',
                      f'{self.directory}/ninja'],
            'GNU parallel': [gnu_parallel(), '--will-cite', f'-j{jobs}', '-a',
                             fewer, command]}))
        return {name: (words, few if name == 'GNU parallel' else count)
                for name, words in both.items()}


def gnu_parallel():
    """Where moreutils' has the name, there is no parcat."""
    return find('parallel') if find('parcat') else None


def lines(items):
    return ''.join(item + '\n' for item in items)
