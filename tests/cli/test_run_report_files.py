#!/usr/bin/python3
"""Where the reports of `belay run` go: to files, links, fifos, standard output;
and what is said where they cannot."""

import json
import os
import re
import signal
import subprocess

import program
from reports import Junit, Tap, Trace, read_json
from running import RUN, Run, children
from tap import equal, main, test

KINDS = ('json', 'junit', 'tap', 'trace')


@test(seconds=60)
def a_path_that_cannot_be_written_is_told_before_anything_starts(t):
    os.mkdir(t.path('folder'))
    for kind in KINDS:
        for path, why in (('nowhere/x', 'No such file or directory'),
                          ('folder', 'Is a directory')):
            run = Run(t, '--' + kind, path, 'touch', ':::', 'started')
            equal(run.said(125),
                  f'belay run: --{kind}: {path}: {why}\n', 'message')
            equal(sorted(os.listdir(t.dir)), ['folder', 'home'], 'files')


@test(seconds=60)
def two_reports_in_one_file_are_refused(t):
    for path, words in (('-', 'standard output'), ('x', 'x')):
        run = Run(t, '--json', path, '--tap', path, 'touch', ':::', 'started')
        equal(run.said(125), 'belay run: --json and --tap cannot both go to '
              f'{words}\n')
        equal(os.path.exists(t.path('started')), False)


@test(seconds=60)
def two_names_of_one_file_are_refused(t):
    """Of one that is there and of one that is not; and what is there stays."""
    names = {'-': 'standard output'}
    t.write('old', 'kept')
    os.link(t.path('old'), t.path('hard'))
    os.mkdir(t.path('folder'))
    os.symlink('.', t.path('here'))
    for name in ('old', 'new'):
        os.symlink(name, t.path('to_' + name))
        os.symlink('here/to_' + name, t.path('to_to_' + name))
    for one, two in [
            ('old', './old'), ('old', 'to_old'), ('to_to_old', 'to_old'),
            ('old', t.path('old')), ('old', 'hard'), ('new', 'folder/../new'),
            ('new', 'to_new'), ('to_to_new', 'here/here/new'),
            ('new', t.path('new')), ('-', '/dev/stdout')]:
        for first, second in (('json', 'tap'), ('junit', 'trace')):
            run = Run(t, '--' + first, one, '--' + second, two, 'touch', ':::',
                      'started')
            equal(run.said(125), f'belay run: --{first} and --{second} cannot '
                  f'both go to {names.get(one, one)}, which is also {two}\n')
            equal(os.path.exists(t.path('new')), False, 'a new file')
            equal(program.read(t.path('old')), b'kept', 'the old one')
    equal(os.path.exists(t.path('started')), False, 'what was to be done')


@test(seconds=60)
def a_link_to_a_new_report_stays(t):
    os.symlink('new', t.path('link'))
    Run(t, '--junit', 'link', '--json', 'other', 'true', ':::', 'x').finish(0)
    equal(os.path.islink(t.path('link')), True, 'link')
    equal(len(Junit(t.path('new')).cases), 1)


@test(seconds=60)
def a_full_disk_is_told_at_the_end(t):
    for kind in KINDS:
        run = Run(t, '--' + kind, '/dev/full', 'touch', ':::', kind)
        equal(run.said(125), f'belay run: --{kind}: /dev/full: '
              'No space left on device\n', 'message')
        equal(os.path.exists(t.path(kind)), True, 'what was to be done')


@test(seconds=60)
def a_dash_is_standard_output(t):
    readers = {'json': read_json, 'junit': Junit, 'tap': Tap, 'trace': Trace}
    for kind, reader in readers.items():
        for path in ('-', '/dev/stdout'):
            run = Run(t, '--' + kind, path, 'sh', '-c', ':::', 'exit 0',
                      'exit 1')
            run.finish(1)
            reader(t.write('copy', bytes(run.stdout.data)))
            t.write('out', '')
            number = os.stat(t.path('out')).st_ino
            Run(t, '--' + kind, path, 'true', ':::', '1',
                before=['sh', '-c', 'exec "$@" >>out', 'sh']).finish(0)
            reader(t.path('out'))
            equal(os.stat(t.path('out')).st_ino, number, 'the file itself')


@test(seconds=60)
def a_report_takes_the_place_of_the_old_one_where_a_link_leads(t):
    t.write('there/old.xml', 'old')
    os.symlink('there/old.xml', t.path('r.xml'))
    with open(t.path('there/old.xml'), encoding='utf-8') as old:
        Run(t, '--junit', 'r.xml', 'true', ':::', 'x').finish(0)
        equal(old.read(), 'old', 'what a reader of the old one has')
    equal(os.path.islink(t.path('r.xml')), True, 'link')
    equal(len(Junit(t.path('r.xml')).cases), 1)
    equal(os.listdir(t.path('there')), ['old.xml'], 'files')
    mask = os.umask(0)
    os.umask(mask)
    equal(os.stat(t.path('r.xml')).st_mode & 0o777, 0o666 & ~mask, 'mode')


@test(seconds=60)
def a_file_in_a_directory_of_others_is_written_in_place(t):
    t.write('there/r.xml', 'old' * 1000)
    os.chmod(t.path('there/r.xml'), 0o666)
    os.chmod(t.path('there'), 0o555)
    t.defer(os.chmod, t.path('there'), 0o755)
    before = ['setpriv', '--reuid', '65534'] if os.geteuid() == 0 else []
    if subprocess.run([*before, RUN, '--version'], stderr=subprocess.DEVNULL,
                      stdout=subprocess.DEVNULL, check=False).returncode:
        t.skip('nobody may not execute it')
    Run(t, '--junit', 'there/r.xml', 'true', ':::', 'x',
        before=before).finish(0)
    equal(len(Junit(t.path('there/r.xml')).cases), 1)
    run = Run(t, '--trace', 'there/new', 'true', ':::', 'x', before=before)
    equal(run.said(125),
          'belay run: --trace: there/new: Permission denied\n')


@test(seconds=60)
def a_file_that_is_mounted_is_written_in_place(t):
    t.write('r.xml', '')
    mounted = t.write('mounted', 'old' * 1000)
    before = ['unshare', '-rm', 'sh', '-c',
              'mount --bind mounted r.xml && exec "$@"', 'sh']
    if subprocess.run([*before, 'true'], cwd=t.dir, stderr=subprocess.DEVNULL,
                      check=False).returncode:
        t.skip('no mounts here')
    Run(t, '--junit', 'r.xml', 'true', ':::', 'x', before=before).finish(0)
    equal(len(Junit(mounted).cases), 1)
    equal(program.read(t.path('r.xml')), b'', 'what is beneath')
    equal(sorted(os.listdir(t.dir)), ['home', 'mounted', 'r.xml'], 'files')


@test(seconds=60)
def a_fifo_s_reader_is_waited_for_and_reads_along(t):
    os.mkfifo(t.path('fifo'))
    os.mkfifo(t.path('gate'))
    run = Run(t, '--json', 'fifo', 'sh', '-c', ':::', 'read x <gate')
    with open(t.path('fifo'), encoding='utf-8') as fifo:
        equal([json.loads(fifo.readline())['event'] for _ in range(2)],
              ['begin', 'start'], 'while it runs')
        t.write('gate', 'go\n')
        equal([json.loads(line)['event'] for line in fifo],
              ['end', 'summary'])
    run.finish(0)


@test(seconds=60)
def a_fifo_that_nobody_reads_does_not_hold_an_interrupt_up(t):
    os.mkfifo(t.path('fifo'))
    for kind in KINDS:
        run = Run(t, '--' + kind, 'fifo', 'touch', ':::', 'started')
        t.until(lambda: blocks(run.pid, signal.SIGTERM), 'a mask', 20)
        os.kill(run.pid, signal.SIGTERM)
        equal(run.said(-signal.SIGTERM), f'belay run: --{kind}: fifo: '
              'Interrupted system call\n')
        equal(os.path.exists(t.path('started')), False)


def blocks(pid, number):
    """Whether a process blocks a signal."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as file:
        mask = re.search(r'SigBlk:\s*(\w+)', file.read())[1]
    return int(mask, 16) >> (number - 1) & 1


@test(seconds=60)
def a_reader_who_goes_away_does_not_end_the_run(t):
    wait = 'until [ -e go ]; do sleep 0.01; done; >done'
    for kind in KINDS:
        for more in ([], ['true', '>more']):
            reader, writer = os.pipe()
            run = Run(t, '-j', '1', '--' + kind, f'/dev/fd/{writer}', 'sh',
                      '-c', ':::', wait, *more, pass_fds=[writer])
            os.close(writer)
            t.until(lambda: children(run.pid), 'a command', 20)
            os.close(reader)
            t.write('go', '')
            equal(run.said(125), f'belay run: --{kind}: /dev/fd/{writer}: '
                  'Broken pipe\n')
            for name in ['go', 'done'] + (['more'] if more else []):
                os.unlink(t.path(name))


main()
