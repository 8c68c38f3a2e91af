#!/usr/bin/python3
"""Many files, many at once, and several processes on one database."""

import os
import re
import signal
import sqlite3

import tap
from hostile import Hostile, fine, stall_after
from nginx import Nginx
from program import (Get, check_file, content, digest, files_below, get,
                     rows)
from tap import contains, equal, fewer, main, test


def resident_kib(pid):
    """The most memory that a process ever had, and has."""
    with open(f'/proc/{pid}/status') as file:
        text = file.read()
    return [int(re.search(rf'{name}:\s+(\d+) kB', text).group(1))
            for name in ('VmHWM', 'VmRSS')]


@test(seconds=60)
def a_thousand_files_at_64_at_once_with_checksums(t):
    site = Nginx(t)
    count = fewer(1000)
    lines = []
    for index in range(count):
        data = site.put(f'{index % 10}/f{index}', content(index * 20, index))
        lines.append(f'{digest(data)}  {index % 10}/f{index}\n')
    sums = t.write('SUMS', ''.join(lines))
    run = get(t, '-j', '64', '-d', 'out', '--sums', sums, '--base-url',
              site.url(''), seconds=40)
    t.note(f'{run.ended - run.began:.2f} s')
    for index in range(count):
        check_file(content(index * 20, index),
                   t.path(f'out/{index % 10}/f{index}'))
    equal(len(files_below(t.path('out'))), count, 'files')
    contains(run.stderr.text(), f'{count} completed', 'summary')
    again = get(t, '-j', '64', '-d', 'out', '--sums', sums, '--base-url',
                site.url(''), seconds=40)
    t.note(f'again: {again.ended - again.began:.2f} s')
    equal(len(site.requests()), count, 'requests of both runs')


@test(seconds=60)
def a_thousand_files_interrupted_again_and_again(t):
    source = t.random()
    site = Nginx(t)
    count = fewer(1000)
    for index in range(count):
        site.put(f'f{index}', content(3000, index))
    listed = t.write('list', ''.join(site.url(f'f{index}') + '\n'
                                     for index in range(count)))
    interruptions = 0
    for _ in range(6):
        run = Get(t, '-j', '32', '-d', 'out', '-i', listed)
        done = source.randrange(1, 200)
        before = run.stderr.data.count(b'completed')
        t.until(lambda: run.process.poll() is not None
                or run.stderr.data.count(b'completed') >= before + done,
                'some are completed')
        run.signal(source.choice((signal.SIGINT, signal.SIGKILL)))
        interruptions += run.wait() != 0
    get(t, '-j', '32', '-d', 'out', '-i', listed, seconds=40)
    t.note(f'{interruptions} interruptions')
    for index in range(count):
        check_file(content(3000, index), t.path(f'out/f{index}'))
    equal(len(files_below(t.path('out'))), count, 'files')
    served = len(site.requests())
    t.note(f'{served} requests for {count} files')
    # Only what was not recorded yet is ever asked for again: what was under
    # way, and what waited for the disk.
    if served > count + interruptions * (32 + 128):
        raise AssertionError(f'{served} requests for {count} files')


@test(seconds=40)
def two_processes_on_one_database_at_once(t):
    site = Nginx(t)
    lists = []
    for half in 'ab':
        for index in range(100):
            site.put(f'{half}{index}', content(20000, (half, index)))
        lists.append(t.write(half, ''.join(
            site.url(f'{half}{index}') + '\n' for index in range(100))))
    runs = [Get(t, '-d', 'out', '-i', name) for name in lists]
    for run in runs:
        run.finish(seconds=30)
    for half in 'ab':
        for index in range(100):
            check_file(content(20000, (half, index)),
                       t.path(f'out/{half}{index}'))
    found = rows(t)
    equal((len(found), {row['state'] for row in found}), (200, {'completed'}),
          'rows')


@test(seconds=40)
def two_processes_with_the_same_list_never_write_one_file_together(t):
    site = Nginx(t)
    names = [f'f{index}' for index in range(40)]
    for name in names:
        site.put(name, content(60000, name))
    listed = t.write('list', ''.join(site.url('slow/' + name) + '\n'
                                     for name in names))
    runs = [Get(t, '-j', '16', '-d', 'out', '-i', listed) for _ in range(2)]
    statuses = [run.wait(30) for run in runs]
    t.note(f'statuses {statuses}')
    for name in names:
        if os.path.exists(t.path('out', name)):
            check_file(content(60000, name), t.path('out', name))
    equal([status for status in statuses if status not in (0, 1)], [],
          'statuses')
    get(t, '-j', '16', '-d', 'out', '-i', listed)
    equal(files_below(t.path('out')), sorted(names), 'files')
    for name in names:
        check_file(content(60000, name), t.path('out', name))


@test(seconds=40)
def a_process_takes_over_what_a_killed_one_left(t):
    server = Hostile(t)
    urls = [server.serve(f'/{index}', content(50000, index),
                         stall_after(20000), fine()) for index in range(8)]
    run = Get(t, '-d', 'out', *urls)
    server.wait_stalled(8)
    run.signal(signal.SIGKILL)
    run.finish(-signal.SIGKILL)
    get(t, 'resume')
    for index in range(8):
        check_file(content(50000, index), t.path(f'out/{index}'))


@test(seconds=60)
def ten_thousand_queued_need_little_memory_and_are_kept(t):
    server = Hostile(t)
    count = fewer(10000)
    server.serve('/x', content(5000, 1), stall_after(1000))
    urls = '\n'.join(f'{server.url("/x")}?{index}\n  out=f{index}'
                     for index in range(count))
    for index in range(8):
        server.serve(f'/x?{index}', content(5000, 1), stall_after(1000))
    run = Get(t, '-j', '8', '-d', 'out', '-i', '-', stdin=urls + '\n')
    server.wait_stalled(8, seconds=30)
    most, now = resident_kib(run.pid)
    t.note(f'{count} queued: {now} KiB resident, {most} KiB at most')
    # A sanitizer's own memory says nothing.
    if most > 65536 and tap.SCALE == 1:
        raise AssertionError(f'{most} KiB resident')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    t.note(f'{(run.ended - run.began):.2f} s in all')
    found = rows(t)
    equal(len(found), count, 'rows')
    equal({row['state'] for row in found} - {'queued', 'interrupted'}, set(),
          'states')
    equal(len(server.asked()), 8, 'requests')
    with sqlite3.connect(t.path('state/belay/get.db')) as database:
        equal(database.execute('PRAGMA integrity_check').fetchall(),
              [('ok',)], 'integrity')
    database.close()


main()
