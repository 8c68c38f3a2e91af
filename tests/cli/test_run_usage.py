#!/usr/bin/python3
"""belay run with what it cannot do anything with: one clear line on standard
error, and the right status."""

import os
import resource
import subprocess

from running import RUN, Command, Run, need_programs
from tap import equal, lacks, main, test


def said(t, arguments, status, **more):
    """What it says on standard error; on standard output it says nothing."""
    run = Run(t, *arguments, **more)
    text = run.said(status)
    equal(run.stdout.text(), '', f'output of {arguments}')
    return text


def check(t, arguments, status, line, **more):
    equal(said(t, arguments, status, **more), f'belay run: {line}\n',
          f'what is said of {arguments}')


@test(120)
def wrong_options_are_named_with_the_nearest(t):
    for arguments, line in [
            (['--timeot', '1', 'true'],
             "unknown option '--timeot'; did you mean '--timeout'?"),
            (['--retrys=1', 'true'],
             "unknown option '--retrys'; did you mean '--retries'?"),
            (['--xyzzy', 'true'], "unknown option '--xyzzy'; --help lists "
             'them'),
            (['-Z', 'true'], "unknown option '-Z'; --help lists them"),
            (['-é', 'true'], "unknown option '-é'; --help lists them"),
            (['--a\x1b[31mb', 'true'],
             "unknown option '--a?[31mb'; --help lists them"),
            (['--quiet=1', 'true'], '--quiet takes no value'),
            (['--timeout'], '--timeout needs a value (TIME)'),
            (['-j'], '-j needs a value (N)')]:
        check(t, arguments, 125, line)


@test(120)
def wrong_values_are_named(t):
    for arguments, line in [
            (['-t', 'soon', 'true'], "--timeout: 'soon' is not a duration, "
             'such as 500ms, 10s or 1m30s'),
            (['--grace=-1', 'true'], "--grace: '-1' is not a duration, such "
             'as 500ms, 10s or 1m30s'),
            (['-s', 'FOO', 'true'],
             "--signal: 'FOO' is no signal; try TERM, INT or a number"),
            (['--limit', 'nofile=x', 'true'],
             "--limit: 'nofile=x' is not of the form NAME=N or "
             'NAME=SOFT:HARD, each a number or unlimited'),
            (['--limit', 'foo=1', 'true'],
             "--limit: 'foo' is none of as, core, cpu, data, fsize, memlock, "
             'nofile, nproc, stack'),
            (['--limit', 'nofile=2:1', 'true'],
             "--limit: 'nofile=2:1': the soft limit is above the hard"),
            (['--rewrite', 'TERM', 'true'],
             "--rewrite: 'TERM' is not of the form SIG=SIG, such as TERM=INT"),
            (['--rewrite', 'KILL=TERM', 'true'],
             '--rewrite: KILL can be neither caught, blocked nor ignored'),
            (['--ignore', 'STOP', 'true'],
             '--ignore: STOP can be neither caught, blocked nor ignored'),
            (['--orphans=no', 'true'],
             "--orphans: 'no' is none of kill, wait, leave"),
            (['-j0', 'true', ':::'],
             "--jobs: '0' is not a number from 1 to 10000"),
            (['-e', '=x', 'true'], "--env: '=x' has no name"),
            (['-e', '', 'true'], "--env: '' has no name")]:
        check(t, arguments, 125, line)


@test(120)
def options_that_do_not_go_together_are_named(t):
    for arguments, line in [
            ([], "no command; --help explains, 'belay run -- COMMAND' runs "
             'one'),
            (['--'], "no command; --help explains, 'belay run -- COMMAND' "
             'runs one'),
            (['-f', 'list', 'true'],
             "-f has the commands: 'true' is one too many"),
            (['-a', 'list'], '-a has arguments: for which command?'),
            (['-f', 'list', '-i'],
             '-f, -a, -i, --procfile and ::: exclude each other'),
            (['-j2', 'true'],
             '-j is for many commands: give :::, -i, -a or -f'),
            (['--retry-wait=1s', 'true'],
             '--retry-wait is for many commands: give :::, -i, -a or -f'),
            (['--restart-wait=1s', 'true'],
             '--restart-wait is for many commands: give :::, -i, -a or -f'),
            (['--progress=live', 'true'],
             '--progress is for many commands: give :::, -i, -a or -f'),
            (['--restart-wait=1s', 'true', ':::', 'x'],
             '--restart-wait goes with --procfile'),
            (['--terminal=keep', 'true', ':::', 'x'],
             '--terminal is for one command')]:
        check(t, arguments, 125, line)


@test(120)
def a_command_that_cannot_run_has_the_shells_status(t):
    t.write('plain', 'text\n')
    os.mkdir(t.path('folder'))
    for command, status, why in [
            ('/nonexistent', 127, 'No such file or directory'),
            ('nonexistent-command', 127, 'No such file or directory'),
            ('', 127, 'No such file or directory'),
            ('./plain/x', 127, 'Not a directory'),
            ('./plain', 126, 'Permission denied'),
            ('./folder', 126, 'Permission denied')]:
        check(t, ['--', command], status, f'{command}: {why}')
        shell = subprocess.run(['sh', '-c', '"$0"', command], cwd=t.dir,
                               stderr=subprocess.DEVNULL, check=False)
        if command != '' and 'x' not in command[-1]:
            equal(shell.returncode, status, 'of the shell')


@test(120)
def many_that_cannot_run_are_told_one_by_one(t):
    text = said(t, ['nonexistent-command', ':::', 'a', 'b'], 1)
    equal(sorted(text.splitlines()),
          [f'belay run: nonexistent-command {word}: No such file or directory'
           for word in 'ab'])


@test(120)
def a_list_that_cannot_be_read_is_named(t):
    os.mkdir(t.path('folder'))
    for options in (['-f'], ['-a']):
        command = ['echo'] if options == ['-a'] else []
        check(t, [*options, 'none', *command], 125,
              'none: No such file or directory')
        check(t, [*options, 'folder', *command], 125,
              'folder: is a directory, and no list')
    if os.geteuid() != 0:
        os.chmod(t.write('secret', 'true\n'), 0)
        check(t, ['-f', 'secret'], 125, 'secret: Permission denied')


@test(120)
def a_0_byte_in_a_list_is_named_with_its_line(t):
    t.write('list', b'a\nb\0c\nd\n')
    run = Run(t, '-a', 'list', 'echo')
    equal(run.said(125), 'belay run: list:2: has a 0 byte; -0 is for lists '
          'with these\n')
    equal(run.stdout.text(), 'a\n', 'what came before it')


@test(120)
def a_closed_standard_input_is_no_list(t):
    check(t, ['-i', 'echo'], 125, 'standard input: Bad file descriptor',
          prepare=lambda: os.close(0))


@test(120)
def a_wrong_directory_is_not_the_commands_fault(t):
    t.write('plain', 'text\n')
    check(t, ['-C', 'none', 'true'], 125,
          '--cwd: none: No such file or directory')
    check(t, ['-C', 'plain', 'true'], 125, '--cwd: plain: is no directory')
    check(t, ['-C', '', 'true'], 125, '--cwd: : No such file or directory')


@test(120)
def a_limit_that_may_not_be_raised_is_not_either(t):
    with open('/proc/sys/fs/nr_open') as file:
        most = int(file.read())
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], most)
    check(t, ['--limit', f'nofile={most + 1}', 'true'], 125,
          f'--limit: the hard limit is {hard}, and may not be raised')
    run = Run(t, '--limit', 'nofile=17:18', '--', 'sh', '-c',
              'ulimit -Sn; ulimit -Hn')
    run.finish()
    equal(run.stdout.text(), '17\n18\n')


@test(120)
def a_full_disk_is_told(t):
    for option in ('--help', '--version'):
        run = Command(t, 'sh', '-c', f'exec {RUN} {option} >/dev/full')
        equal(run.said(125),
              'belay run: standard output: No space left on device\n')


@test(120)
def help_and_version_come_before_what_is_wrong(t):
    need_programs(t)
    for arguments in (['--help'], ['-h'], ['--version'],
                      ['--help', '-s', 'FOO']):
        run = Run(t, *arguments)
        equal(run.said(), '')
        lacks(run.stdout.text(), 'unknown')
        equal(run.stdout.text() != '', True, 'something is said')


main()
