#!/usr/bin/python3
"""What the store knows, and how to make it forget."""

import json
import os
import re
import signal
import sqlite3

from hostile import Hostile, stall_after, status
from program import (PART, Get, check_file, content, digest, files_below, get,
                     rows)
from tap import contains, equal, lacks, main, test

BODY = content(50000, 'status')
KEYS = ['id', 'url', 'target', 'state', 'size', 'bytes', 'durable_bytes',
        'expected_size', 'sha256', 'validator', 'attempts', 'error', 'added',
        'started', 'finished']


def three(t):
    """One completed, one failed, one interrupted; returns the server."""
    server = Hostile(t)
    urls = [server.serve('/done', BODY),
            server.serve('/bad', BODY, status(404)),
            server.serve('/half', BODY, stall_after(20000))]
    run = Get(t, '-d', 'out', *urls)
    server.wait_stalled()
    t.until(lambda: os.path.exists(t.path('out/done')), 'one is complete')
    run.expect('failed +bad')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    return server


@test()
def a_database_that_does_not_exist_is_empty_and_stays_away(t):
    run = get(t, 'status')
    equal(run.wait(), 0, 'status')
    equal(rows(t), [], 'rows')
    equal(os.path.exists(t.path('state/belay/get.db')), False, 'a database')


@test()
def the_table_shows_each_state_and_the_error_beneath(t):
    three(t)
    run = get(t, 'status')
    text = run.stdout.text()
    equal(run.stderr.text(), '', 'stderr')
    lines = text.splitlines()
    for word in ('STATE', 'SIZE', 'DONE', 'TARGET'):
        contains(lines[0], word, 'heading')
    for state, name in (('completed', 'done'), ('failed', 'bad'),
                        ('interrupted', 'half')):
        if not re.search(rf'^{state}\s.*{name}$', text, re.M):
            raise AssertionError(f'no line for {state} {name}:\n{text}')
    at = next(index for index, line in enumerate(lines)
              if line.startswith('failed'))
    contains(lines[at + 1], '404', 'beneath the failed one')


@test()
def json_has_these_keys_for_each_download(t):
    server = three(t)
    found = rows(t)
    equal([list(row) for row in found], [KEYS] * 3, 'keys')
    done, bad, half = found
    equal((done['url'], done['target'], done['state'], done['size'],
           done['bytes'], done['durable_bytes'], done['error']),
          (server.url('/done'), t.path('out/done'), 'completed', len(BODY),
           len(BODY), len(BODY), None), 'completed')
    equal((bad['state'], bad['attempts']), ('failed', 1), 'failed')
    contains(bad['error'], '404', 'error')
    equal((half['state'], half['bytes'], half['size'], half['validator']),
          ('interrupted', 20000, len(BODY), '"v1"'), 'interrupted')
    for row in found:
        for key in ('added', 'started', 'finished'):
            if row[key] is not None and not re.fullmatch(
                    r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z', row[key]):
                raise AssertionError(f'{key} is {row[key]}')
    equal(done['finished'] is not None, True, 'finished')


@test()
def what_the_list_promised_is_shown(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '-d', 'out', '-i', '-',
        stdin=f'{url}\n  sha256={digest(BODY).upper()}\n  size={len(BODY)}\n')
    row, = rows(t)
    equal((row['sha256'], row['expected_size']), (digest(BODY), len(BODY)),
          'promises')


@test()
def the_state_option_selects(t):
    three(t)
    for state in ('completed', 'failed', 'interrupted'):
        equal([row['state'] for row in rows(t, '--state', state)], [state],
              state)
    equal(rows(t, '--state', 'queued'), [], 'queued')


@test()
def another_database_is_another_world(t):
    server = Hostile(t)
    get(t, '--db', t.path('my.db'), '-d', 'out', server.serve('/x', BODY))
    equal(rows(t), [], 'the usual one')
    equal(len(rows(t, '--db', t.path('my.db'))), 1, 'the other one')


@test()
def status_while_another_process_downloads(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, stall_after(20000))
    run = Get(t, '-d', 'out', url, server.serve('/y', BODY))
    server.wait_stalled()
    t.until(lambda: [row['state'] for row in rows(t)] ==
            ['downloading', 'completed'], 'the states are seen')
    get(t, 'status')
    server.release()
    run.finish()


@test()
def forget_one_by_url_or_by_target(t):
    server = three(t)
    get(t, 'forget', server.url('/bad'))
    equal([row['state'] for row in rows(t)], ['completed', 'interrupted'],
          'states')
    get(t, 'forget', t.path('out/half'))
    equal([row['state'] for row in rows(t)], ['completed'], 'states')
    equal(files_below(t.path('out')), ['done'], 'files')


@test()
def forget_what_is_not_there_is_an_error(t):
    three(t)
    run = get(t, 'forget', 'http://no/such', status=1)
    contains(run.stderr.text(), 'http://no/such', 'message')
    equal(len(rows(t)), 3, 'rows')


@test()
def forget_by_state_and_all(t):
    for option, left in (('--completed', ['failed', 'interrupted']),
                         ('--failed', ['completed', 'interrupted']),
                         ('--all', [])):
        three(t)
        get(t, 'forget', option)
        equal([row['state'] for row in rows(t)], left, option)
        check_file(BODY, t.path('out/done'))
        equal(os.path.exists(t.path('out/half' + PART)), option != '--all',
              'the part file')
        get(t, 'forget', '--all')
        os.unlink(t.path('out/done'))


@test()
def a_forgotten_download_begins_anew(t):
    server = three(t)
    get(t, 'forget', '--all')
    server.serve('/half', BODY)
    server.log.clear()
    get(t, '-d', 'out', server.url('/half'))
    equal(server.asked('/half')[0].range, None, 'range')
    check_file(BODY, t.path('out/half'))


@test()
def a_download_under_way_is_not_forgotten_under_its_feet(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, stall_after(20000))
    run = Get(t, '-d', 'out', url)
    server.wait_stalled()
    Get(t, 'forget', '--all').wait()
    server.release()
    run.finish()
    check_file(BODY, t.path('out/x'))


@test()
def control_bytes_in_the_database_never_reach_the_terminal(t):
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY))
    with sqlite3.connect(t.path('state/belay/get.db')) as database:
        database.execute("UPDATE download SET target = '/tmp/a' || char(27)"
                         " || '[31m' || char(10) || 'b', state = 'failed',"
                         " error = char(7) || char(155) || 'x'")
    database.close()
    run = get(t, 'status')
    for byte in (b'\x1b', b'\x07', b'\xc2\x9b'):
        equal(byte in run.stdout.data, False, f'{byte!r} in the table')
    row, = rows(t)
    equal(row['target'], '/tmp/a\x1b[31m\nb', 'target in JSON')


@test()
def resume_with_nothing_to_do_is_a_success(t):
    get(t, 'resume')
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY))
    get(t, 'resume')
    equal(len(server.asked()), 1, 'requests')


@test()
def resume_tries_failed_ones_again_and_takes_options(t):
    server = three(t)
    server.serve('/bad', BODY)
    server.serve('/half', BODY)
    run = get(t, 'resume', '-j', '2', '--json')
    events = [json.loads(line) for line in run.stdout.text().splitlines()]
    equal(sorted(event['event'] for event in events),
          ['completed', 'completed', 'summary'], 'events')
    for name in ('bad', 'half'):
        check_file(BODY, t.path('out', name))


@test()
def the_target_of_one_url_is_not_given_to_another(t):
    """Interrupted, then another URL of the same name: two files."""
    server = Hostile(t)
    first = server.serve('/1/x', BODY, stall_after(20000))
    run = Get(t, '-d', 'out', first)
    server.wait_stalled()
    run.signal(signal.SIGTERM)
    run.finish(-signal.SIGTERM)
    other = content(50000, 'other')
    get(t, '-d', 'out', server.serve('/2/x', other))
    server.serve('/1/x', BODY)
    get(t, 'resume')
    check_file(BODY, t.path('out/x'))
    check_file(other, t.path('out/x.1'))
    lacks(' '.join(files_below(t.path('out'))), PART, 'files')


main()
