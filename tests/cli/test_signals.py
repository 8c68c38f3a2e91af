#!/usr/bin/python3
"""Signals: said at once, saved, died by; stopped and gone on with."""

import ctypes
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time

import program
import tap
from hostile import Hostile, blackhole, fine, stall_after, status
from nginx import Nginx
from program import (PART, Get, check_file, content, files_below, get, rows,
                     size_of)
from tap import contains, equal, lacks, main, test

BODY = content(100000, 'signals')
ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def under_way(t, *arguments, **more):
    """One download that stalls at 40000 bytes, all of them written."""
    server = Hostile(t)
    url = server.serve('/x', BODY, stall_after(40000), fine())
    run = Get(t, '-d', 'out', *arguments, url, **more)
    server.wait_stalled()
    t.until(lambda: size_of(t.path('out/x' + PART)) == 40000, 'it is written')
    return server, run


# -- The first one ------------------------------------------------------------


@test()
def each_asking_signal_is_named_and_then_died_by(t):
    for number in ASKING:
        server, run = under_way(t)
        run.signal(number)
        said = run.finish(-number)
        lines = said.splitlines()
        name = number.name
        equal(lines[0], f'belay get: interrupted by {name}, saving 1 download;'
              ' again to quit at once', 'first line')
        equal(lines[-1], "belay get: 0 completed, 1 interrupted; "
              "'belay get resume' goes on", 'last line')
        equal(rows(t)[0]['state'], 'interrupted', 'state')
        get(t, '-d', 'out', server.url('/x'))
        check_file(BODY, t.path('out/x'))
        get(t, 'forget', '--all')
        os.unlink(t.path('out/x'))


@test()
def completed_ones_are_counted_and_queued_ones_kept(t):
    server = Hostile(t)
    urls = [server.serve('/done', BODY)]
    urls += [server.serve(f'/slow{index}', BODY, stall_after(5000))
             for index in range(2)]
    urls += [server.serve(f'/later{index}', BODY) for index in range(3)]
    run = Get(t, '-j', '2', '-d', 'out', *urls)
    server.wait_stalled(2)
    t.until(lambda: os.path.exists(t.path('out/done')), 'one is complete')
    run.expect('completed +done')
    run.signal(signal.SIGINT)
    said = run.finish(-signal.SIGINT)
    contains(said, 'saving 2 downloads', 'message')
    contains(said, '1 completed, ', 'message')
    equal(server.asked('/later0'), [], 'new transfers')
    states = [row['state'] for row in rows(t)]
    equal(states[:3], ['completed', 'interrupted', 'interrupted'], 'states')
    equal([state for state in states[3:]
           if state not in ('queued', 'interrupted')], [], 'later states')
    server.release()
    get(t, 'resume')
    equal(len(files_below(t.path('out'))), 6, 'files')


@test()
def the_interruption_is_an_event_in_json(t):
    _, run = under_way(t, '--json')
    run.signal(signal.SIGTERM)
    run.finish(-signal.SIGTERM)
    events = [json.loads(line) for line in run.stdout.text().splitlines()]
    equal([event['event'] for event in events], ['interrupted', 'summary'],
          'events')
    equal(events[-1]['interrupted'], 1, 'summary')


@test()
def it_is_fast(t):
    _, run = under_way(t)
    began = time.monotonic()
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    took = run.ended - began
    t.note(f'{took * 1000:.0f} ms')
    if took > 1 * tap.SCALE:
        raise AssertionError(f'{took:.2f} s from SIGINT to the end')


@test()
def to_every_thread_in_turn(t):
    """A signal for one thread ends the program as one for the process."""
    syscall = ctypes.CDLL(None).syscall
    index = 0
    while True:
        server, run = under_way(t)
        threads = sorted(map(int, os.listdir(f'/proc/{run.pid}/task')))
        # 234 is tgkill on x86-64, 131 on the newer ones.
        number = 234 if os.uname().machine == 'x86_64' else 131
        equal(syscall(number, run.pid, threads[index], int(signal.SIGINT)), 0,
              'tgkill')
        run.finish(-signal.SIGINT)
        equal(rows(t)[0]['state'], 'interrupted', 'state')
        get(t, 'forget', '--all')
        index += 1
        if index >= len(threads):
            break
    t.note(f'{index} threads')


# -- The second one -----------------------------------------------------------


def stuck(t):
    """A run that cannot save: somebody else has the database locked."""
    server, run = under_way(t)
    other = sqlite3.connect(t.path('state/belay/get.db'),
                            isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    return server, run, other


@test()
def a_second_one_ends_it_at_once(t):
    for first, second in ((signal.SIGINT, signal.SIGINT),
                          (signal.SIGTERM, signal.SIGINT),
                          (signal.SIGINT, signal.SIGTERM)):
        server, run, other = stuck(t)
        run.signal(first)
        run.expect('again to quit at once')
        # One press of ^C may arrive twice, so what follows within a tenth of
        # a second is not a second wish.
        time.sleep(0.2)
        began = time.monotonic()
        run.signal(second)
        run.finish(-second)
        took = run.ended - began
        if took > 0.3 * tap.SCALE:
            raise AssertionError(f'{took:.2f} s after the second one')
        other.execute('ROLLBACK')
        equal(other.execute('PRAGMA integrity_check').fetchall(), [('ok',)],
              'integrity')
        other.close()
        get(t, '-d', 'out', server.url('/x'))
        check_file(BODY, t.path('out/x'))
        get(t, 'forget', '--all')
        os.unlink(t.path('out/x'))


@test()
def many_at_once_are_one_interruption(t):
    _, run = under_way(t)
    for _ in range(20):
        run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)


# -- Hard moments -------------------------------------------------------------


@test(seconds=40)
def with_256_slow_transfers_all_states_are_saved(t):
    site = Nginx(t)
    urls = []
    for index in range(256):
        site.put(f'f{index}', content(60000, index))
        urls.append(site.url(f'crawl/f{index}'))
    run = Get(t, '-j', '256', '-d', 'out', '-i', '-', stdin='\n'.join(urls))

    def all_begun():
        return all(size_of(t.path(f'out/f{index}{PART}')) > 0
                   for index in range(256))
    t.until(all_begun, 'all have bytes', seconds=20)
    began = time.monotonic()
    run.signal(signal.SIGINT)
    said = run.finish(-signal.SIGINT)
    took = run.ended - began
    t.note(f'{took * 1000:.0f} ms from SIGINT to the end')
    contains(said, 'saving 256 downloads', 'message')
    if took > 2 * tap.SCALE:
        raise AssertionError(f'{took:.2f} s')
    found = rows(t)
    equal({row['state'] for row in found}, {'interrupted'}, 'states')
    for row in found:
        size = size_of(row['target'] + PART)
        equal((row['bytes'], row['durable_bytes'], bool(row['validator'])),
              (size, size, True), row['url'])
    # They go on where they were: from the fast location it would be another
    # URL, so a few of them are enough.
    get(t, '-d', 'out', *urls[:4])
    for index in range(4):
        check_file(content(60000, index), t.path(f'out/f{index}'))


@test()
def while_connecting_to_what_never_answers(t):
    url = blackhole(t) + '/x'
    for number in (signal.SIGINT, signal.SIGTERM):
        run = Get(t, '-d', 'out', url)
        t.until(lambda: rows(t) and rows(t)[0]['state'] == 'downloading',
                'it has begun')
        began = time.monotonic()
        run.signal(number)
        run.finish(-number)
        took = run.ended - began
        t.note(f'{took * 1000:.0f} ms')
        if took > 1 * tap.SCALE:
            raise AssertionError(f'{took:.2f} s')
        equal(rows(t)[0]['state'], 'interrupted', 'state')


@test()
def while_a_name_is_being_resolved(t):
    """The name server has the address 127.0.0.77 and never answers."""
    try:
        silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        silent.bind(('127.0.0.77', 53))
    except OSError as error:
        t.skip(f'no name server of our own: {error}')
    t.defer(silent.close)
    conf = t.write('resolv.conf', 'nameserver 127.0.0.77\n')
    words = ['unshare', '-m', 'sh', '-c',
             f'mount --bind {conf} /etc/resolv.conf && exec "$0" "$@"']
    if subprocess.run([*words, 'true'], stderr=subprocess.DEVNULL).returncode:
        t.skip('nothing may be mounted here')
    run = Get(t, '-d', 'out', 'http://host.example/x', before=words)
    silent.settimeout(10 * tap.SCALE)
    silent.recv(512)
    began = time.monotonic()
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    took = run.ended - began
    t.note(f'{took * 1000:.0f} ms')
    if took > 1 * tap.SCALE:
        raise AssertionError(f'{took:.2f} s while resolving')
    equal(rows(t)[0]['state'], 'interrupted', 'state')


@test()
def while_waiting_for_another_attempt(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, status(503, 'Retry-After: 60'))
    run = Get(t, '-d', 'out', url)
    server.wait_asked('/x')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    equal(rows(t)[0]['state'], 'interrupted', 'state')


@test(seconds=60)
def at_any_moment_of_its_start_it_dies_by_the_signal(t):
    source = t.random()
    server = Hostile(t)
    url = server.serve('/x', BODY)
    endings = []
    for _ in range(tap.fewer(60)):
        run = Get(t, '-d', 'out', url)
        time.sleep(source.uniform(0, 0.03))
        run.signal(signal.SIGTERM)
        code = run.wait()
        if code not in (0, -signal.SIGTERM):
            raise AssertionError(f'it ended by {program.ending(code)}:\n'
                                 f'{run.stderr.text()}')
        endings.append(code)
        if os.path.exists(t.path('out/x')):
            check_file(BODY, t.path('out/x'))
            os.unlink(t.path('out/x'))
    t.note(f'{endings.count(0)} of {len(endings)} were faster')


# -- Hostile starts -----------------------------------------------------------


@test()
def under_nohup_a_hangup_is_ignored(t):
    server, run = under_way(t, before=['nohup'])
    run.signal(signal.SIGHUP)
    lacks(run.stderr.text(), 'interrupted', 'message')
    server.release()
    run.finish()
    check_file(BODY, t.path('out/x'))
    lacks(run.stderr.text(), 'interrupted', 'message')


@test()
def in_the_background_of_a_script_int_is_ignored_and_term_is_not(t):
    for number in (signal.SIGINT, signal.SIGTERM):
        server = Hostile(t)
        url = server.serve('/x', BODY, stall_after(40000))
        run = Get(t, '-d', 'out', url, before=[
            'sh', '-c', '"$0" "$@" & echo "pid $!"; wait $!; echo "status $?"'])
        pid = int(run.stdout.expect(rb'pid (\d+)').group(1))
        server.wait_stalled()
        os.kill(pid, number)
        if number == signal.SIGTERM:
            run.expect('interrupted by SIGTERM')
        server.release()
        equal(run.wait(), 0, 'status of sh')
        code = re.search(r'status (\d+)', run.stdout.text()).group(1)
        equal(code, '0' if number == signal.SIGINT else '143',
              f'status after {number.name}')
        get(t, 'forget', '--all')
        if number == signal.SIGINT:
            check_file(BODY, t.path('out/x'))
            os.unlink(t.path('out/x'))


@test()
def started_with_every_signal_blocked_it_still_hears(t):
    _, run = under_way(t, prepare=lambda: signal.pthread_sigmask(
        signal.SIG_BLOCK, signal.valid_signals()))
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)


@test()
def started_with_sigpipe_and_sigchld_ignored(t):
    def ignore():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY), prepare=ignore)
    check_file(BODY, t.path('out/x'))


@test()
def a_reader_of_its_messages_that_leaves_harms_no_download(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '-d', 'out', url, server.url('/missing'), status=1,
        prepare=broken_stderr)
    check_file(BODY, t.path('out/x'))


def broken_stderr():
    """Standard error becomes a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 2)
    os.close(writer)


@test()
def a_reader_of_its_events_that_leaves_is_noticed_and_nothing_is_lost(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)

    def broken_stdout():
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, 1)
        os.close(writer)
    run = Get(t, '--json', '-d', 'out', url, prepare=broken_stdout)
    code = run.wait()
    t.note(program.ending(code))
    if code == 0:
        check_file(BODY, t.path('out/x'))
    get(t, '-d', 'out', url)
    check_file(BODY, t.path('out/x'))


# -- Stopping and going on ----------------------------------------------------


def wait_stopped(run):
    result = os.waitid(os.P_PID, run.pid, os.WSTOPPED)
    equal((result.si_code, result.si_status), (os.CLD_STOPPED, signal.SIGTSTP),
          'what stopped it')


@test()
def stopped_for_longer_than_a_stall_no_timeout_fires(t):
    server, run = under_way(t, '--stall', '1s', '--retries', '0')
    run.signal(signal.SIGTSTP)
    wait_stopped(run)
    time.sleep(2.5)
    run.signal(signal.SIGCONT)
    # A while of going on, shorter than the limit, in which it might fire.
    time.sleep(0.5)
    server.release()
    run.finish()
    equal(len(server.asked('/x')), 1, 'requests')
    check_file(BODY, t.path('out/x'))


@test()
def stopped_by_sigstop_for_longer_than_a_stall_it_goes_on(t):
    """Nobody is told of SIGSTOP; what was missed is seen afterwards."""
    server, run = under_way(t, '--stall', '1s', '--retries', '0')
    run.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, run.pid, os.WSTOPPED)
    time.sleep(2.5)
    run.signal(signal.SIGCONT)
    time.sleep(0.5)
    server.release()
    run.finish()
    equal(len(server.asked('/x')), 1, 'requests')


@test()
def a_wait_for_another_attempt_stands_still_while_stopped(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, status(503, 'Retry-After: 2'), fine())
    run = Get(t, '-v', '-d', 'out', url)
    run.expect('503')
    run.signal(signal.SIGTSTP)
    wait_stopped(run)
    time.sleep(2.5)
    began = time.monotonic()
    run.signal(signal.SIGCONT)
    run.finish()
    took = run.ended - began
    t.note(f'{took:.2f} s after going on')
    if took < 1.5:
        raise AssertionError(f'the next attempt came {took:.2f} s after it')
    check_file(BODY, t.path('out/x'))


@test()
def stopped_and_continued_many_times_then_interrupted(t):
    server, run = under_way(t)
    for _ in range(10):
        run.signal(signal.SIGTSTP)
        wait_stopped(run)
        run.signal(signal.SIGCONT)
        os.waitid(os.P_PID, run.pid, os.WCONTINUED)
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    equal(rows(t)[0]['state'], 'interrupted', 'state')


@test()
def interrupted_while_stopped_it_is_saved_once_it_goes_on(t):
    _, run = under_way(t)
    run.signal(signal.SIGTSTP)
    wait_stopped(run)
    run.signal(signal.SIGTERM)
    run.signal(signal.SIGCONT)
    run.finish(-signal.SIGTERM)
    equal(rows(t)[0]['state'], 'interrupted', 'state')


@test()
def what_is_stopped_has_been_flushed(t):
    _, run = under_way(t)
    run.signal(signal.SIGTSTP)
    wait_stopped(run)
    equal(size_of(t.path('out/x' + PART)), 40000, 'part file')
    run.signal(signal.SIGKILL)
    run.finish(-signal.SIGKILL)


main()
