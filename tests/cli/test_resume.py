#!/usr/bin/python3
"""Going on: the right bytes after an interruption, and never a splice.

Each test compares whole files.
"""

import os
import signal

import hostile
from fault import Origin
from hostile import (Hostile, becomes, close_after, deaf, fine, part_of,
                     reset_after, stall_after, status)
from interruption import (BODY, CUT, OTHER, QUICK, goes_on, interrupted,
                          validator)
from nginx import Nginx
from program import (PART, Get, check_file, content, digest, files_below, get,
                     read, rows, size_of)
from tap import contains, equal, main, test


# -- An honest server ---------------------------------------------------------


@test()
def going_on_asks_for_a_range_with_if_range_and_little_overlap(t):
    for number in (signal.SIGINT, signal.SIGKILL):
        server = Hostile(t)
        path = f'/{int(number)}'
        server.serve(path, BODY)
        part = interrupted(t, server, path, number)
        goes_on(t, server, BODY, path=path)
        asked = server.asked(path)
        equal(len(asked), 1, 'requests')
        start = int(asked[0].range.removeprefix('bytes=').rstrip('-'))
        if not CUT - 65536 <= start <= CUT:
            raise AssertionError(f'asked from {start}, had {CUT}')
        equal(asked[0].if_range, '"v1"', 'If-Range')
        equal(os.path.exists(part), False, 'the part file is there')


@test()
def last_modified_well_in_the_past_is_a_validator_too(t):
    server = Hostile(t)
    yesterday = hostile.date(-86400)
    server.serve('/x', BODY, etag=None, modified=yesterday)
    interrupted(t, server)
    goes_on(t, server, BODY)
    equal(server.asked('/x')[0].if_range, yesterday, 'If-Range')


@test()
def without_a_strong_validator_it_starts_over(t):
    for etag, modified in ((None, None), ('W/"v1"', None),
                           (None, hostile.date())):
        server = Hostile(t)
        path = f'/{etag and 1}{modified and 2}'
        server.serve(path, BODY, etag=etag, modified=modified)
        interrupted(t, server, path)
        server.serve(path, OTHER, etag=etag, modified=modified)
        goes_on(t, server, OTHER, path=path)
        for asked in server.asked(path):
            equal((asked.range, asked.if_range), (None, None), 'range')


@test()
def resume_without_urls_goes_on_with_everything(t):
    server = Hostile(t)
    urls = [server.serve(f'/{name}', content(100000, name), stall_after(50000))
            for name in 'abc']
    run = Get(t, '-d', 'out', *urls)
    server.wait_stalled(3)
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    contains(run.stderr.text(), "'belay get resume'", 'hint')
    for name in 'abc':
        server.serve(f'/{name}', content(100000, name))
    elsewhere = t.path('elsewhere')
    os.mkdir(elsewhere)
    get(t, 'resume', cwd=elsewhere)
    for name in 'abc':
        check_file(content(100000, name), t.path('out', name))
    equal({row['state'] for row in rows(t)}, {'completed'}, 'states')


@test()
def everything_was_there_but_the_name(t):
    server = Hostile(t)
    server.serve('/x', BODY, stall_after(len(BODY) - 1))
    run = Get(t, '-d', 'out', server.url('/x'))
    server.wait_stalled()
    part = t.path('out', 'x' + PART)
    t.until(lambda: size_of(part) == len(BODY) - 1, 'it is written')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    with open(part, 'ab') as file:
        file.write(BODY[-1:])
    goes_on(t, server, BODY)


@test()
def a_broken_connection_is_gone_on_with_in_the_same_run(t):
    for index, fault in enumerate((
            'read-head; rst', 'read-head; fin', 'garbage; fin', 'rst@20',
            'chunked:cut', 'chunked:in-size', 'chunked:no-end')):
        is_raw = 'fin' in fault or 'read' in fault
        server = Origin(t, f'{"conn" if is_raw else "request"}:1; {fault}',
                        size=200000, name=str(index))
        get(t, *QUICK, '-d', 'out', server.url)
        check_file(server.body, t.path('out', str(index)))
        equal(server.asked(), 2, f'requests for {fault}')
    server = Hostile(t)
    for index, act in enumerate((reset_after(CUT), close_after(CUT),
                                 status(500), status(503))):
        path = f'/h{index}'
        get(t, *QUICK, '-d', 'out', server.serve(path, BODY, act, fine()))
        check_file(BODY, t.path('out', path[1:]))
        equal(len(server.asked(path)), 2, f'requests for {path}')
    for path in ('/h0', '/h1'):
        equal(server.asked(path)[1].if_range, '"v1"', 'If-Range')


@test()
def connections_broken_again_and_again_get_on_step_by_step(t):
    server = Origin(t, 'rst@body+40000', size=400000)
    get(t, *QUICK, '-d', 'out', '--retries', '2', server.url)
    check_file(server.body, t.path('out/x'))
    t.note(f'{server.asked()} requests')


# -- The file changed ---------------------------------------------------------


def changed(t, size, when):
    """Through nginx: interrupted midway, changed, the same command."""
    site = Nginx(t)
    then = 1700000000
    site.put('x', content(400000, 'old'), modified=then)
    run = Get(t, '-d', 'out', site.url('slow/x'))
    part = t.path('out/x' + PART)
    t.until(lambda: size_of(part) > 50000, 'it is under way')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    new = site.put('x', content(size, 'new'), modified=then + when)
    get(t, '-d', 'out', *QUICK, site.url('slow/x'))
    check_file(new, t.path('out/x'))


@test()
def changed_to_the_same_size_it_starts_over(t):
    changed(t, 400000, 100)


@test()
def changed_to_a_longer_file_it_starts_over(t):
    changed(t, 500000, 100)


@test()
def changed_to_a_shorter_file_it_starts_over(t):
    changed(t, 100000, 100)


@test()
def changed_to_one_shorter_than_the_part_it_starts_over(t):
    changed(t, 20000, 100)


@test()
def changed_to_nothing_it_starts_over(t):
    changed(t, 0, 100)


@test()
def changed_with_the_same_size_and_time_the_overlap_tells(t):
    changed(t, 400000, 0)


@test()
def changed_at_its_start_alone_with_the_same_etag_the_sha256_tells(t):
    server = Hostile(t)
    new = b'another start' + BODY[13:]
    server.serve('/x', BODY)
    arguments = ('--sha256', digest(new))
    interrupted(t, server, arguments=arguments)
    server.serve('/x', new)
    run = Get(t, '-d', 'out', *QUICK, *arguments, server.url('/x'))
    code = run.wait()
    # One run may find out, and the next one bring it; no wrong file ever.
    if code != 0:
        equal(files_below(t.path('out')), [], 'final files')
        get(t, '-d', 'out', *QUICK, *arguments, server.url('/x'))
    check_file(new, t.path('out/x'))


@test()
def changed_while_one_run_goes_on_after_a_reset(t):
    for index, act in enumerate((fine(), deaf())):
        server = Hostile(t)
        url = server.serve(f'/{index}', BODY, reset_after(CUT),
                           becomes(OTHER, '"v2"', act), fine())
        get(t, *QUICK, '-d', 'out', url)
        check_file(OTHER, t.path('out', str(index)))


@test()
def changed_and_the_server_does_not_know_if_range(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    server.serve('/x', OTHER, etag='"v2"')
    goes_on(t, server, OTHER, deaf())


@test()
def changed_but_the_server_claims_the_same_etag(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    server.serve('/x', OTHER)
    goes_on(t, server, OTHER)


# -- The part file and the database -------------------------------------------


@test()
def a_part_file_that_was_tampered_with_is_found_out(t):
    def cut(part):
        os.truncate(part, 1000)

    def grown(part):
        with open(part, 'ab') as file:
            file.write(b'?' * 5000)

    def replaced(part):
        with open(part, 'wb') as file:
            file.write(b'?' * CUT)

    for act in (cut, grown, replaced, os.unlink):
        server = Hostile(t)
        path = '/' + act.__name__
        server.serve(path, BODY)
        act(interrupted(t, server, path))
        goes_on(t, server, BODY, path=path)


@test()
def a_part_file_that_became_a_link_is_not_written_through(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    part = interrupted(t, server)
    precious = t.write('precious', 'precious')
    os.unlink(part)
    os.symlink(precious, part)
    run = Get(t, '-d', 'out', *QUICK, server.url('/x'))
    if run.wait() == 0:
        check_file(BODY, t.path('out/x'))
    check_file(b'precious', precious)


@test()
def a_part_file_without_a_database_is_not_trusted(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    os.rename(t.path('state'), t.path('lost'))
    server.serve('/x', OTHER)
    goes_on(t, server, OTHER)


@test()
def a_database_without_a_part_file_starts_at_0(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    os.unlink(interrupted(t, server))
    goes_on(t, server, BODY)
    equal(server.asked('/x')[0].range, None, 'range')


@test()
def without_its_part_file_what_was_known_of_it_is_forgotten_first(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    os.unlink(interrupted(t, server))
    server.serve('/x', OTHER, stall_after(CUT), etag='"v2"')
    run = Get(t, '-d', 'out', server.url('/x'))
    server.wait_stalled()
    part = t.path('out', 'x' + PART)
    t.until(lambda: size_of(part) == CUT, 'there is a part')
    equal(validator(t, '/x') in (None, '"v2"'), True, 'it is not the old one')
    run.signal(signal.SIGKILL)
    run.finish(-signal.SIGKILL)
    server.serve('/x', BODY)
    goes_on(t, server, BODY)


@test()
def a_part_shorter_than_what_was_synced_is_begun_anew(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    os.truncate(interrupted(t, server), 100000)
    goes_on(t, server, BODY)
    equal(server.asked('/x')[0].range, None, 'range')


@test()
def an_answer_that_ends_within_the_overlap_costs_nothing_of_the_part(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    goes_on(t, server, BODY, part_of(end=CUT - 10000 - len(BODY)), fine())
    first, second = server.asked('/x')
    equal(second.range, first.range, 'the second range')


@test()
def a_part_has_its_name_while_the_next_attempt_is_waited_for(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, reset_after(CUT),
                       status(503, 'Retry-After: 1000'))
    run = Get(t, '-d', 'out', *QUICK, url)
    part = t.path('out', 'x' + PART)
    t.until(lambda: size_of(part) == CUT and validator(t, '/x') == '"v1"',
            'the part is recorded')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)


@test()
def a_file_that_took_the_name_meanwhile_is_not_overwritten(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    t.write('out/x', 'precious')
    goes_on(t, server, BODY, code=1)
    check_file(b'precious', t.path('out/x'))


@test()
def what_is_recorded_after_an_interruption_is_true(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    part = interrupted(t, server)
    row, = rows(t)
    equal((row['state'], row['size'], row['bytes'], row['durable_bytes']),
          ('interrupted', len(BODY), CUT, CUT), 'row')
    equal(row['validator'], '"v1"', 'validator')
    equal(read(part), BODY[:CUT], 'part file')


@test()
def a_failed_download_is_tried_again_by_the_same_command(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, status(404))
    get(t, '-d', 'out', url, status=1)
    goes_on(t, server, BODY)


@test()
def sha256_and_size_are_checked_after_going_on(t):
    server = Hostile(t)
    server.serve('/x', BODY)
    arguments = ('--sha256', digest(BODY))
    interrupted(t, server, arguments=arguments)
    goes_on(t, server, BODY, arguments=arguments)


main()
