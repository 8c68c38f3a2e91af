#!/usr/bin/python3
"""belay run called timeout, tini or dumb-init: what is the same under each
name, or differs as these do."""

import os
import re
import signal
import subprocess

from running import Command, is_over, kill
from tap import contains, equal, lacks, main, test
from terminal import CTRL_C, Terminal
from tools import TELLING, ours, real


def leaver(t, name):
    """A command that starts another, in its group, and says its pid."""
    run = Command(t, ours(t, name[0]), *name[1:], 'sh', '-c',
                  'sleep 1000 >/dev/null 2>&1 & echo left $!')
    pid = int(run.expect(r'left (\d+)').group(1))
    t.defer(kill, pid)
    run.finish()
    return pid


@test(120)
def survivors_are_left_as_each_tool_leaves_them(t):
    for name in (['timeout', '1000'], ['tini', '-s', '--'],
                 ['tini', '-s', '-g', '--'], ['dumb-init', '-c']):
        equal(is_over(leaver(t, name)), False, ' '.join(name))
    pid = leaver(t, ['dumb-init'])
    t.until(lambda: is_over(pid), "dumb-init's group is ended")


@test(120)
def signals_arrive_one_for_one_under_every_name(t):
    numbers = [n for n in range(1, 32) if n not in (4, 5, 7, 8, 9, 11, 17, 19,
                                                    20, 21, 22, 31, 6)]
    for name in (['tini', '-s', '--'], ['tini', '-sg', '--'], ['dumb-init'],
                 ['dumb-init', '-c']):
        run = Command(t, ours(t, name[0]), *name[1:], *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        for number in numbers + numbers:
            mark = len(run.stdout.data)
            run.signal(number)
            run.expect(rf'got {number}\n', mark)
        kill(pid)
        run.finish(137)
        equal([int(n) for n in re.findall(r'got (\d+)', run.stdout.text())],
              numbers + numbers, ' '.join(name))


# -- What commands inherit ----------------------------------------------------


def signal_lines(path, tool, arguments, t):
    """Blocked and ignored signals of a command, of one started with some."""
    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGWINCH, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK,
                               {signal.SIGUSR2, signal.SIGALRM})
    run = Command(t, path, *arguments, 'grep', '-E', 'Sig(Blk|Ign)',
                  '/proc/self/status', prepare=prepare)
    run.finish()

    def without_those_of_libc(match):
        bits = int(match.group(), 16) & ~(3 << 31)
        return f'{bits:016x}'
    return re.sub(r'\b[0-9a-f]{16}\b', without_those_of_libc,
                  run.stdout.text())


@test(120)
def dispositions_and_mask_are_passed_on_as_each_tool_does(t):
    ignored = (1 << (signal.SIGUSR1 - 1)) | (1 << (signal.SIGWINCH - 1))
    blocked = (1 << (signal.SIGUSR2 - 1)) | (1 << (signal.SIGALRM - 1))
    for tool, arguments, keeps in [('timeout', ['1000'], True),
                                   ('timeout', ['--foreground', '9'], True),
                                   ('tini', ['-s', '--'], True),
                                   ('dumb-init', [], False)]:
        got = signal_lines(ours(t, tool), tool, arguments, t)
        contains(got, f'SigBlk:\t{blocked if keeps else 0:016x}\n', tool)
        contains(got, f'SigIgn:\t{ignored if keeps else 0:016x}\n', tool)
        if real(tool):
            equal(got, signal_lines(real(tool), tool, arguments, t), tool)


@test(120)
def fds_are_passed_on(t):
    for tool, arguments in [('timeout', ['50']), ('tini', ['-s', '--']),
                            ('dumb-init', [])]:
        read_end, write_end = os.pipe()
        run = Command(t, ours(t, tool), *arguments, 'sh', '-c',
                      f'echo here >/proc/self/fd/{write_end}',
                      pass_fds=[write_end])
        os.close(write_end)
        run.finish()
        equal(os.read(read_end, 100), b'here\n', tool)
        os.close(read_end)


@test(120)
def the_command_does_not_outlive_us(t):
    for tool, arguments in [('timeout', ['1000']),
                            ('timeout', ['--foreground', '1000']),
                            ('tini', ['-s', '--']), ('dumb-init', [])]:
        run = Command(t, ours(t, tool), *arguments, *TELLING)
        pid = int(run.expect(r'ready (\d+)').group(1))
        t.defer(kill, pid)
        run.signal(signal.SIGKILL)
        t.until(lambda: is_over(pid), f'{tool}: the command is gone')


# -- On a terminal ------------------------------------------------------------


@test(120)
def a_shell_under_each_name_has_job_control(t):
    for name in (['dumb-init'], ['dumb-init', '-c'], ['tini', '-s', '--'],
                 ['timeout', '1000'], ['timeout', '--foreground', '1000']):
        terminal = Terminal(t, [ours(t, name[0]), *name[1:], 'bash', '--norc',
                                '-i'])
        terminal.type('echo "flags=$-"; exit 5\n')
        flags = terminal.expect(r'flags=(\w+)', seconds=20).group(1)
        contains(flags, b'm', ' '.join(name))
        equal(terminal.wait(), 5, ' '.join(name))
        lacks(terminal.text(), 'no job control')


@test(120)
def ctrl_c_arrives_once(t):
    """In our group the terminal has told the command already."""
    for name in (['timeout', '--foreground', '1000'], ['timeout', '1000'],
                 ['tini', '-s', '--'], ['dumb-init', '-c'], ['dumb-init']):
        terminal = Terminal(t, [ours(t, name[0]), *name[1:], *TELLING])
        pid = int(terminal.expect(r'ready (\d+)', seconds=20).group(1))
        terminal.type(CTRL_C)
        terminal.expect('got 2', seconds=20)
        # A signal after it shows that nothing of it is under way any more.
        os.kill(terminal.pid, signal.SIGUSR1)
        terminal.expect('got 10', seconds=20)
        equal(terminal.text().count('got 2\n'), 1, ' '.join(name))
        kill(pid)
        terminal.wait()


# -- As PID 1 -----------------------------------------------------------------


def as_init(t, command, **more):
    probe = subprocess.run(['unshare', '-pf', '--mount-proc', 'true'],
                           stderr=subprocess.DEVNULL, check=False)
    if probe.returncode != 0:
        t.skip('no PID namespaces here')
    return Command(t, 'unshare', '-pf', '--mount-proc', *command, **more)


@test(120)
def each_is_an_init(t):
    """It reaps what it did not start, forwards, and exits as the command."""
    script = ('exec 2>&-; (sh -c "sleep 0 & exec true" &) ; echo $PPID; '
              'until ! grep -l "^State:.Z" /proc/[0-9]*/status 2>&-; do :; '
              'done; '
              'trap "exit 9" TERM; kill -TERM 1; while :; do sleep 0.1; done')
    for name in (['tini', '--'], ['dumb-init'], ['dumb-init', '-c'],
                 ['timeout', '100'], ['timeout', '--foreground', '100']):
        run = as_init(t, [ours(t, name[0]), *name[1:], 'sh', '-c', script])
        run.finish(9)
        contains(run.stdout.text(), '1\n', ' '.join(name))
        # What a shell says of a command that the group's signal ended.
        equal(run.stderr.text().replace('Terminated\n', ''), '',
              ' '.join(name))


@test(120)
def as_init_a_death_is_128_and_its_number(t):
    for name in (['tini', '--'], ['dumb-init'], ['timeout', '100']):
        run = as_init(t, [ours(t, name[0]), *name[1:], 'sh', '-c',
                          'kill -KILL $$'])
        run.finish(137)


main()
