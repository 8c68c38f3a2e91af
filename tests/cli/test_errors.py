#!/usr/bin/python3
"""Every error of what is there (the network, the server): one clear line, an
exit status, the others unharmed."""

import os
import time

import hostile
import program
from fault import Origin
from hostile import (Hostile, chunked, excess, fine, stall_after, status,
                     until_close)
from nginx import Nginx, free_port
from program import (PART, Get, check_file, content, digest, files_below, get,
                     rows)
from tap import contains, equal, main, test

BODY = content(100000, 'errors')
QUICK = ('--retry-wait', '10ms', '--retries', '2')


def fails(t, url, *words, arguments=QUICK, entry=''):
    """Downloads `url` together with a good one: one line says what went
    wrong, in one of these words; the good one is right."""
    good_url = good_server(t).serve('/good', BODY)
    run = get(t, '-d', 'out', *arguments, '-i', '-',
              stdin=f'{url}\n{entry}{good_url}\n', status=1)
    lines = [line for line in run.stderr.text().splitlines()
             if line.startswith('failed')]
    equal(len(lines), 1, f'lines of failure in {run.stderr.text()!r}')
    line = lines[0].lower()
    if not any(word.lower() in line for word in words):
        raise AssertionError(f'none of {words} in: {lines[0]}')
    t.note(lines[0])
    finals = [name for name in files_below(t.path('out'))
              if not name.endswith(PART)]
    equal(finals, ['good'], 'final files')
    check_file(BODY, t.path('out/good'))
    states = {row['url']: row for row in rows(t)}
    equal(states[good_url]['state'], 'completed', 'state of the good one')
    equal(states[url]['state'], 'failed', 'state of the bad one')
    equal(bool(states[url]['error']), True, 'error in the database')
    os.unlink(t.path('out/good'))
    return run


def good_server(t):
    """One for all that a test does: the same URL is the same download."""
    if not hasattr(t, 'good'):
        t.good = Hostile(t)
    return t.good


# -- The network --------------------------------------------------------------


@test()
def refused(t):
    fails(t, f'http://127.0.0.1:{free_port()}/x', 'refused', 'connect')


@test()
def an_unknown_host(t):
    # Longer than a label may be: no name server is asked.
    fails(t, f'http://{"a" * 64}.invalid/x', 'resolve', 'host')


@test()
def not_found_is_final_and_its_page_is_not_the_file(t):
    server = Origin(t, 'status:404')
    fails(t, server.url, '404 Not Found', '404')
    equal(server.asked(), 1, 'requests')


@test()
def other_answers_of_4xx_are_final(t):
    for code in (400, 401, 403, 410, 451):
        server = Origin(t, f'status:{code}')
        fails(t, server.url, str(code))
        equal(server.asked(), 1, f'requests for {code}')


@test()
def answers_that_may_pass_are_tried_again(t):
    for code in (408, 429, 500, 502, 503, 504):
        server = Origin(t, f'status:{code}')
        fails(t, server.url, str(code))
        equal(server.asked(), 3, f'requests for {code}')


@test()
def no_retries_means_one_attempt(t):
    server = Origin(t, 'status:503')
    fails(t, server.url, '503', arguments=('--retries', '0'))
    equal(server.asked(), 1, 'requests')


@test()
def the_fourth_attempt_may_succeed(t):
    server = Origin(t, 'request:1; status:500', 'request:2; status:429',
                    'request:3; status:503')
    get(t, '-d', 'out', '--retry-wait', '10ms', server.url)
    check_file(server.body, t.path('out/x'))
    equal(server.asked(), 4, 'requests')


def retry_after(t, value, at_least, at_most):
    server = Hostile(t)
    times = []

    def now(act):
        def behave(exchange):
            times.append(time.monotonic())
            act(exchange)
        behave.stays = act.stays
        return behave
    get(t, '-d', 'out', '--retry-wait', '10ms', server.serve(
        '/x', BODY, now(status(503, f'Retry-After: {value}')), now(fine())))
    check_file(BODY, t.path('out/x'))
    waited = times[1] - times[0]
    t.note(f'Retry-After: {value}: {waited:.2f} s')
    if not at_least <= waited <= at_most:
        raise AssertionError(f'waited {waited:.2f} s for {value!r}')


@test()
def retry_after_in_seconds_is_obeyed(t):
    retry_after(t, '1', 0.95, 6)


@test()
def retry_after_as_a_date_is_obeyed(t):
    retry_after(t, hostile.date(3), 0.9, 8)


@test()
def retry_after_that_makes_no_sense_is_ignored(t):
    for value in ('soon', '-5', '', '99999999999999999999999x'):
        retry_after(t, value, 0, 1)


@test(seconds=30)
def retry_after_of_years_is_not_waited_for(t):
    for value in ('999999999s', 'absurd'):
        fails(t, Origin(t, f'status:503; retry-after:{value}').url, '503')


@test()
def garbage_instead_of_http(t):
    for fault in ('garbage:5000', 'read-head; send:"\\x80\\x81HTTP\\r\\n\\r\\n"'):
        fails(t, Origin(t, fault + '; fin').url, 'http', 'garbage',
              'protocol', 'answer', 'response')


@test()
def reset_always(t):
    fails(t, Origin(t, 'read-head; rst').url, 'reset', 'broken', 'connection')


@test()
def nothing_instead_of_an_answer(t):
    fails(t, Origin(t, 'read-head; fin').url, 'empty', 'closed', 'reply',
          'nothing')


def cut_short(t, *faults):
    """Without a validator (two dates are none) nothing is gained by an
    attempt."""
    server = Origin(t, 'etag:none; header:Last-Modified:', *faults)
    fails(t, server.url, 'less', 'short', 'truncated', 'fewer', 'closed',
          'missing', 'chunk', 'contradict')
    equal(server.asked(), 3, 'requests')


@test()
def a_body_that_is_always_cut_short(t):
    cut_short(t, 'fin@body+50000')


@test()
def a_chunked_body_that_is_always_cut_short(t):
    cut_short(t, 'chunked:cut')


@test()
def a_length_that_no_body_ever_reaches(t):
    cut_short(t, 'length:+1000')


@test()
def more_body_than_announced_is_never_in_the_file(t):
    server = Hostile(t)
    run = Get(t, '-d', 'out', *QUICK,
              server.serve('/x', BODY, excess(b'more' * 1000)))
    code = run.wait()
    t.note(f'{program.ending(code)}: {run.stderr.text()}')
    if code == 0:
        check_file(BODY, t.path('out/x'))
    else:
        equal(code, 1, 'status')
        equal('x' in files_below(t.path('out')), False, 'final file')


@test()
def a_size_that_the_list_did_not_promise(t):
    server = Hostile(t)
    for index, (act, size) in enumerate((
            (fine(), 99999), (fine(), 100001), (until_close(), 100001),
            (until_close(), 99999), (until_close(cut=5000), 100000),
            (chunked(), 99999))):
        fails(t, server.serve(f'/{index}', BODY, act), 'size', 'bytes',
              entry=f'  size={size}\n')


@test()
def an_empty_answer_where_the_list_promised_more(t):
    server = Hostile(t)
    fails(t, server.serve('/x', b''), 'size', 'bytes', entry='  size=5\n')


@test()
def redirects_without_end(t):
    fails(t, Origin(t, 'redirect').url, 'redirect')


@test()
def a_redirect_to_a_file_of_ours(t):
    fails(t, Origin(t, 'redirect:file:///etc/passwd').url, 'protocol',
          'redirect', 'scheme', 'file')


@test()
def schemes_that_are_not_http(t):
    for url in ('file:///etc/passwd', 'gopher://127.0.0.1/x',
                'dict://127.0.0.1/x', 'nonsense', 'http://', ''):
        run = Get(t, '-d', 'out', '--retries', '0', url)
        equal(run.wait() in (1, 2), True, f'status for {url!r}')
        equal(files_below(t.path('out')), [], 'files')
        equal(bool(run.stderr.text()), True, 'a message')


# -- TLS ----------------------------------------------------------------------


@test()
def a_certificate_that_nobody_vouches_for(t):
    site = Nginx(t)
    site.put('x', BODY)
    fails(t, site.tls_url('x'), 'certificate', 'ssl', 'tls')


@test()
def a_certificate_of_another_name(t):
    site = Nginx(t, certificate_name='other.invalid')
    site.put('x', BODY)
    fails(t, site.tls_url('x'), 'name', 'certificate', 'ssl', 'tls',
          arguments=(*QUICK, '--cacert', site.certificate))


@test()
def https_to_a_server_without_it(t):
    site = Nginx(t)
    fails(t, f'https://localhost:{site.port}/x', 'ssl', 'tls')


@test()
def an_authority_file_that_is_not_there(t):
    server = Hostile(t)
    run = Get(t, '-d', 'out', '--cacert', 'no/such.pem',
              server.serve('/x', BODY).replace('http:', 'https:'))
    equal(run.wait() in (1, 2), True, 'status')
    contains(run.stderr.text(), 'no/such.pem', 'message')


# -- Silence ------------------------------------------------------------------


def stalls(t, url):
    began = time.monotonic()
    fails(t, url, 'stall', 'no byte', 'timed out', 'connect',
          arguments=('--stall', '1s', '--retries', '0'))
    took = time.monotonic() - began
    if took < 1:
        raise AssertionError(f'given up after {took:.2f} s')


@test()
def a_body_that_stalls(t):
    stalls(t, Origin(t, 'stall@body+50000').url)


@test()
def a_head_that_stalls(t):
    stalls(t, Origin(t, 'stall@25').url)


@test()
def an_answer_that_never_begins(t):
    stalls(t, Origin(t, 'hold').url)


@test()
def a_connection_that_is_never_accepted(t):
    for fault in ('never-accept', 'full-backlog'):
        stalls(t, Origin(t, fault).url)


@test()
def a_tls_handshake_that_never_ends(t):
    for fault in ('hold', 'tls:stall'):
        stalls(t, Origin(t, fault).url.replace('http:', 'https:'))


@test()
def a_stall_is_gone_on_with_where_it_was(t):
    server = Hostile(t)
    get(t, '-d', 'out', '--stall', '1s', '--retry-wait', '10ms',
        server.serve('/x', BODY, stall_after(50000), fine()))
    check_file(BODY, t.path('out/x'))
    equal(server.asked('/x')[1].if_range, '"v1"', 'If-Range')


# -- Checksums ----------------------------------------------------------------


@test()
def a_checksum_that_does_not_match(t):
    server = Hostile(t)
    fails(t, server.serve('/x', BODY), 'sha256', 'sha-256', 'checksum',
          entry=f'  sha256={digest(b"something else")}\n')


@test()
def a_checksum_that_did_not_match_and_then_does(t):
    server = Hostile(t)
    wrong = b'?' + BODY[1:]
    url = server.serve('/x', wrong)
    get(t, '-d', 'out', '--sha256', digest(BODY), url, status=1)
    server.serve('/x', BODY, etag='"v2"')
    get(t, '-d', 'out', '--sha256', digest(BODY), url)
    check_file(BODY, t.path('out/x'))


# -- Several at once ----------------------------------------------------------


@test()
def five_bad_ones_among_twenty_good_ones(t):
    server = Hostile(t)
    good = [server.serve(f'/good{index:02}', content(30000, index))
            for index in range(20)]
    bad = [server.serve('/a', BODY, status(404)),
           server.serve('/b', BODY, hostile.reset_at_once()),
           server.serve('/c', BODY, status(500)),
           f'http://127.0.0.1:{free_port()}/d', server.url('/e')]
    urls = good[:10] + bad + good[10:]
    run = get(t, '-d', 'out', *QUICK, '-j', '4', *urls, status=1)
    for index in range(20):
        check_file(content(30000, index), t.path('out', f'good{index:02}'))
    contains(run.stderr.text(), '20 completed, 5 failed', 'summary')
    equal([name for name in files_below(t.path('out'))
           if not name.startswith('good') and not name.endswith(PART)], [],
          'files of the bad ones')


main()
