#!/usr/bin/python3
"""The origin, rightly and wrongly: raw sockets, curl and Python's client."""

import http.client
import os
import socket
import subprocess
import threading
import time
import urllib.parse

from fault import (RESET, Fault, ask, connect, get, pattern, read_all, silent)
from tap import contains, equal, main, test


def served(t, *faults):
    t.write('root/a.txt', 'hello world\n')
    t.write('root/sub/index.html', '<p>index</p>')
    t.write('secret.txt', 'secret')
    os.symlink(t.path('secret.txt'), t.path('root/outside'))
    os.symlink('a.txt', t.path('root/inside'))
    return Fault(t, '--root', t.path('root'), *faults)


def url(path, *faults):
    query = '&'.join('fault=' + urllib.parse.quote(fault) for fault in faults)
    return path + ('&' if '?' in path else '?') + query


def wrong(t, fault, *lines, path='/bytes/100000?seed=7', **more):
    """The response to a request with a fault in its URL."""
    if not hasattr(t, 'server'):
        t.server = Fault(t)
    return get(t, t.server.port, url(path, fault), *lines, **more)


# -- Rightly -----------------------------------------------------------------

@test()
def files_are_served_with_their_validators(t):
    fault = served(t)
    response = get(t, fault.port, '/a.txt')
    equal((response.status, response.body), (200, b'hello world\n'))
    equal(response.fields['content-length'], '12')
    etag, modified = response.fields['etag'], response.fields['last-modified']
    assert etag.startswith('"')
    for line, status in ((f'If-None-Match: {etag}', 304),
                         (f'If-None-Match: "x", W/{etag}', 304),
                         ('If-None-Match: "x"', 200),
                         (f'If-Modified-Since: {modified}', 304),
                         ('If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT',
                          200)):
        response = get(t, fault.port, '/a.txt', line)
        equal((response.status, len(response.body)),
              (status, 12 if status == 200 else 0), line)
    head = get(t, fault.port, '/a.txt', method='HEAD')
    equal((head.status, head.body, head.fields['content-length']),
          (200, b'', '12'))


@test()
def ranges_are_of_the_same_version_only(t):
    fault = served(t)
    first = get(t, fault.port, '/a.txt')
    etag, modified = first.fields['etag'], first.fields['last-modified']
    for asked, body, said in (
            ('0-4', b'hello', 'bytes 0-4/12'), ('6-', b'world\n', '6-11/12'),
            ('-3', b'ld\n', 'bytes 9-11/12'), ('0-99', first.body, '0-11/12'),
            ('-99', first.body, 'bytes 0-11/12')):
        response = get(t, fault.port, '/a.txt', f'Range: bytes={asked}')
        equal((response.status, response.body), (206, body))
        contains(response.fields['content-range'], said)
    for validator, status in ((etag, 206), (modified, 206), ('"x"', 200),
                              ('W/' + etag, 200)):
        response = get(t, fault.port, '/a.txt', 'Range: bytes=0-4',
                       f'If-Range: {validator}')
        equal(response.status, status, validator)
    for asked, status in (('12-', 416), ('-0', 416), ('5-4', 200), ('x', 200),
                          ('0-1,', 200)):
        response = get(t, fault.port, '/a.txt', f'Range: bytes={asked}')
        equal(response.status, status, asked)
    equal(get(t, fault.port, '/a.txt', 'Range: bytes=12-')
          .fields['content-range'], 'bytes */12')


@test()
def several_ranges_are_several_parts(t):
    response = get(t, served(t).port, '/a.txt', 'Range: bytes=0-0,6-7')
    equal(response.status, 206)
    equal(int(response.fields['content-length']), len(response.body))
    boundary = response.fields['content-type'].split('boundary=')[1].encode()
    parts = response.body.split(b'--' + boundary)
    equal([part.partition(b'\r\n\r\n')[2] for part in parts[1:3]],
          [b'h\r\n', b'wo\r\n'])


@test()
def nothing_leaves_the_directory(t):
    fault = served(t)
    for path in ('/../secret.txt', '/%2e%2e/secret.txt', '/sub/../../secret.txt',
                 '/..%2fsecret.txt', '/outside', '//' + t.path('secret.txt'),
                 '/sub/..%00/a', '/./../secret.txt', '/sub', '/nothing'):
        response = get(t, fault.port, path)
        assert response.status in (301, 400, 403, 404), (path, response.status)
        assert b'secret' not in response.body
    equal(get(t, fault.port, '/inside').body, b'hello world\n')
    equal(get(t, fault.port, '/sub/').body, b'<p>index</p>')
    equal(get(t, fault.port, '/sub').fields['location'], '/sub/')


@test()
def generated_bytes_are_what_the_definition_says(t):
    fault = Fault(t)
    response = get(t, fault.port, '/bytes/1000?seed=7')
    equal(response.body, pattern(7, 0, 1000))
    response = get(t, fault.port, '/bytes/1P?seed=9',
                   'Range: bytes=123456789012-123456789099')
    equal(response.body, pattern(9, 123456789012, 88))
    etags = {get(t, fault.port, path, method='HEAD').fields['etag']
             for path in ('/bytes/1k?seed=1', '/bytes/1k?seed=2', '/bytes/2k',
                          '/bytes/2k/name.iso')}
    equal(len(etags), 3)


@test()
def connections_are_kept_alive(t):
    fault = served(t)
    client = http.client.HTTPConnection('127.0.0.1', fault.port, timeout=10)
    t.defer(client.close)
    for _ in range(5):
        client.request('GET', '/a.txt')
        equal(client.getresponse().read(), b'hello world\n')
    client.close()
    equal(fault.ended()[0]['requests'], 5)
    sock = ask(t, fault.port, '/a.txt', close=False)
    sock.sendall(b'GET /a.txt HTTP/1.1\r\nConnection: close\r\n\r\n')
    equal(read_all(sock)[0].count(b'hello world'), 2)


@test()
def odd_requests_get_an_answer_and_nothing_else(t):
    fault = served(t)
    for head, status in ((b'GET /a.txt HTTP/1.1\n\n', 200),
                         (b'\r\n\r\nGET / HTTP/1.0\r\n\r\n', 0),
                         (b'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc',
                          405),
                         (b'GET / HTTP/2.0\r\n\r\n', 505),
                         (b'nonsense\r\n\r\n', 400),
                         (b'GET nowhere HTTP/1.1\r\n\r\n', 400),
                         (b'GET /\0 HTTP/1.1\r\n\r\n', 400),
                         (b'GET http://x/a.txt HTTP/1.0\r\n\r\n', 200),
                         (b'GET / HTTP/1.1\r\nX: ' + b'a' * 70000, 431)):
        sock = connect(t, fault.port)
        sock.sendall(head)
        if status == 0:
            continue
        data = sock.recv(1000)
        equal(data[:12], b'HTTP/1.1 %d' % status, head[:40])
    equal(get(t, fault.port, '/a.txt').status, 200)


# -- Wrongly -----------------------------------------------------------------

@test()
def resets_come_inside_the_head_and_the_body(t):
    response = wrong(t, 'rst@20')
    equal((len(response.raw), response.ended), (20, RESET))
    response = wrong(t, 'rst@50%')
    equal((response.body, response.ended), (pattern(7, 0, 50000), RESET))
    response = wrong(t, 'rst@body+10')
    equal((response.body, response.ended), (pattern(7, 0, 10), RESET))
    response = wrong(t, 'rst')
    equal((response.raw, response.ended), (b'', RESET))
    response = wrong(t, 'fin@body+10')
    equal((len(response.body), response.ended), (10, 0))


@test()
def the_whole_vocabulary_works_in_a_url(t):
    response = wrong(t, 'read-head; send:"own"; rst')
    equal((response.raw, response.ended), (b'own', RESET))
    response = wrong(t, 'send:"before "; answer; send:" after"; fin')
    equal((response.raw[:14], response.raw[-6:]),
          (b'before HTTP/1.', b' after'))
    equal(wrong(t, 'stall@10%:100ms').body, pattern(7, 0, 100000))
    response = wrong(t, 'nonsense')
    equal(response.status, 400)
    contains(response.body.decode(), "character 1: no fault 'nonsense'")
    equal(t.server.ended(1)[0]['wanted'], 'read-head; send:"own"; rst')


@test()
def a_position_that_is_not_there_hides_no_other(t):
    body = wrong(t, 'rst@10M; corrupt@body+5', path='/bytes/9').body
    equal(body, wrong(t, 'corrupt@body+5', path='/bytes/9').body)


@test()
def percents_are_exact(t):
    equal([len(wrong(t, f'rst@{percent}%', path='/bytes/100').body)
           for percent in (0, 29, 57, 58, 99.5, 100)],
          [0, 29, 57, 58, 99, 100])


@test()
def a_body_that_is_not_there_is_behind_the_head(t):
    for position in ('50%', 'body+0', 'body+10'):
        for method, path in (('HEAD', '/bytes/100'), ('GET', '/bytes/0')):
            response = wrong(t, f'rst@{position}', path=path, method=method)
            equal((response.raw[-4:], response.ended),
                  (b'\r\n\r\n', 0 if position == 'body+10' else RESET))


@test()
def the_lowest_rate_of_a_response_counts(t):
    for faults in (('rate:100k', 'rate:10M'), ('rate:10M', 'rate:100k'),
                   ('slow-head:1ms; rate:100k',)):
        began = time.monotonic()
        response = get(t, Fault(t, *faults).port, '/bytes/40k')
        equal(len(response.body), 40960)
        took = time.monotonic() - began
        assert took >= 0.35, (faults, took)


@test()
def a_directory_s_name_is_told_as_it_was_asked_for(t):
    os.makedirs(t.path('root/a b'))
    fault = served(t)
    for path in ('/a%20b?x', '//a%20b'):
        equal(get(t, fault.port, path).fields['location'], '/a%20b/')


@test(30)
def all_requests_of_a_connection_are_counted(t):
    fault = Fault(t)
    sock = connect(t, fault.port)
    request = b'HEAD /bytes/1 HTTP/1.1\r\nHost: x\r\n\r\n'

    def ask_all():
        sock.sendall(request * 70000)
        sock.shutdown(socket.SHUT_WR)
    threading.Thread(target=ask_all, daemon=True).start()
    equal(read_all(sock)[0].count(b'HTTP/1.1 200'), 70000)
    sock.close()
    equal(fault.ended()[0]['requests'], 70000)


@test()
def too_many_faults_are_told_so(t):
    server = Fault(t)
    response = get(t, server.port, url('/', *['gzip'] * 65))
    equal((response.status, response.body), (400, b'too many faults\n'))


@test()
def a_chunked_body_is_no_request(t):
    sock = ask(t, Fault(t).port, '/bytes/1', 'Transfer-Encoding: chunked',
               'Content-Length: 0', close=False)
    sock.sendall(b'0\r\n\r\n')
    raw, ended = read_all(sock)
    equal((raw.count(b'HTTP/1.1 '), ended), (1, 0))


@test()
def a_time_of_the_connection_comes_within_a_response(t):
    fault = Fault(t, 'rst@300ms')
    response = get(t, fault.port, url('/bytes/1000', 'drip:20ms'))
    equal(response.ended, RESET)


@test()
def lengths_are_wrong(t):
    def length(word):
        response = wrong(t, 'length:' + word)
        equal(len(response.body), 100000)
        return response.fields.get('content-length')
    equal([length(word) for word in ('+10', '-10', '7', 'none', 'text')],
          ['100010', '99990', '7', None, 'many'])
    equal(wrong(t, 'length:twice').raw.count(b'Content-Length'), 2)
    equal(length('huge'), '99999999999999999999')


def chunks(raw):
    """The body of a chunked response; the position at which it breaks."""
    at, body = 0, b''
    while True:
        end = raw.find(b'\r\n', at)
        try:
            size = int(raw[at:end].split(b';')[0], 16)
            if end < 0 or size < 0 or size > 1 << 40:
                return body, 'size'
        except ValueError:
            return body, 'size'
        if size == 0:
            return body, None if raw.endswith(b'\r\n\r\n') else 'end'
        part = raw[end + 2:end + 2 + size]
        body += part
        at = end + 2 + size
        if len(part) < size:
            return body, 'cut'
        if raw[at:at + 2] != b'\r\n':
            return body, 'crlf'
        at += 2


@test()
def chunks_are_right_and_wrong(t):
    found = {}
    for word in ('right', 'no-end', 'cut', 'in-size', 'text-size', 'overflow',
                 'negative', 'short', 'long', 'no-crlf', 'lf-only',
                 'extension', 'trailers', 'and-length'):
        response = wrong(t, 'chunked:' + word)
        equal(response.fields['transfer-encoding'], 'chunked', word)
        equal('content-length' in response.fields, word == 'and-length')
        body, found[word] = chunks(response.body)
        if found[word] is None:
            equal(body, pattern(7, 0, 100000), word)
    equal(found, {
        'right': None, 'no-end': 'size', 'cut': 'cut', 'in-size': 'size',
        'text-size': 'size', 'overflow': 'size', 'negative': 'size',
        'short': 'cut', 'long': 'crlf', 'no-crlf': 'crlf',
        'lf-only': 'size', 'extension': None, 'trailers': None,
        'and-length': None})
    equal(wrong(t, 'chunked:trailers').body.count(b'X-Trailer'), 10000)


@test()
def heads_are_wrong(t):
    assert b'\r\n' not in wrong(t, 'lf-only').raw[:300]
    equal(wrong(t, 'interim:5').raw.count(b'HTTP/1.1 100 Continue'), 5)
    equal(len(wrong(t, 'long-header:1M').fields['x-long']), 1 << 20)
    equal(wrong(t, 'twice', path='/bytes/10').raw.count(b'HTTP/1.1 200'), 2)
    equal(wrong(t, 'type:image/png').fields['content-type'], 'image/png')
    equal(wrong(t, 'header:X-Y: z').fields['x-y'], 'z')
    equal(wrong(t, 'gzip').fields['content-encoding'], 'gzip')
    contains(wrong(t, 'disposition').fields['content-disposition'], '../../')
    contains(wrong(t, 'disposition:a"b').fields['content-disposition'],
             'filename="a"b"')


@test()
def what_has_no_end_goes_on(t):
    fault = Fault(t)
    for word in ('endless-head', 'endless-body', 'flood'):
        sock = ask(t, fault.port, url('/bytes/10', word))
        got = 0
        while got < 5 << 20:
            got += len(sock.recv(1 << 20))
        sock.close()
    equal(get(t, fault.port, '/bytes/3').body, pattern(0, 0, 3))


@test()
def a_head_may_be_slow_and_a_body_missing(t):
    began = time.monotonic()
    response = wrong(t, 'slow-head:1ms')
    assert time.monotonic() - began > 0.15
    equal(len(response.body), 100000)
    sock = ask(t, t.server.port, url('/bytes/10', 'no-body'))
    data = sock.recv(1000)
    assert data.endswith(b'\r\n\r\n'), data
    contains(data.decode(), 'Content-Length: 10')
    assert silent(sock)


@test()
def bodies_are_others(t):
    response = wrong(t, 'body:html')
    equal((response.fields['content-type'], response.body[:9]),
          ('text/html', b'<!DOCTYPE'))
    response = wrong(t, 'body:html-as-json')
    equal((response.fields['content-type'], response.body[:9]),
          ('application/json', b'<!DOCTYPE'))
    response = wrong(t, 'body:garbage')
    equal(len(response.body), 100000)
    assert response.body != pattern(7, 0, 100000)
    right = pattern(7, 0, 100000)
    body = wrong(t, 'change@50%').body
    equal((body[:50000], body[50000:]),
          (right[:50000], bytes(255 - c for c in right[50000:])))
    equal(wrong(t, 'corrupt@body+3').body[:5],
          right[:3] + bytes([255 - right[3]]) + right[4:5])


@test()
def ranges_are_wrong(t):
    def part(word):
        response = wrong(t, 'range:' + word, 'Range: bytes=1000-1999')
        return (response.status, response.fields.get('content-range'),
                len(response.body))
    equal([part(word) for word in ('ignore', 'start', 'total', 'shorter',
                                   'longer', '416', 'no-header')],
          [(200, None, 100000), (206, 'bytes 1001-1999/100000', 999),
           (206, 'bytes 1000-1999/100001', 1000),
           (206, 'bytes 1000-1499/100000', 500),
           (206, 'bytes 1000-2015/100000', 1016),
           (416, 'bytes */100000', 26), (206, None, 1000)])


@test()
def validators_are_wrong(t):
    assert wrong(t, 'etag:weak').fields['etag'].startswith('W/"')
    assert 'etag' not in wrong(t, 'etag:none').fields
    tags = {wrong(t, 'etag:change').fields['etag'] for _ in range(3)}
    equal(len(tags), 3)


@test()
def the_first_requests_fail_and_then_it_is_well(t):
    fault = 'request:1-2; status:503; retry-after:3'
    equal([wrong(t, fault).status for _ in range(4)], [503, 503, 200, 200])
    equal(wrong(t, fault + '; header:X:1').fields['retry-after'], '3')
    equal(wrong(t, 'status:503; retry-after:absurd').fields['retry-after'],
          '99999999999999999999')
    contains(wrong(t, 'status:429; retry-after:date').fields['retry-after'],
             'GMT')
    contains(wrong(t, 'status:429; retry-after:past').fields['retry-after'],
             ' 1994 ')
    equal(wrong(t, 'status:429; retry-after:text').fields['retry-after'],
          'soon')


@test()
def redirects_go_in_circles_and_elsewhere(t):
    response = wrong(t, 'redirect', path='/x')
    equal((response.status, response.fields['location']),
          (302, '/x?fault=redirect'))
    response = wrong(t, 'redirect:ftp://example.invalid/; status:307')
    equal((response.status, response.fields['location']),
          (307, 'ftp://example.invalid/'))


@test()
def an_early_answer_does_not_wait_for_the_head(t):
    fault = Fault(t, 'early')
    sock = connect(t, fault.port)
    sock.sendall(b'GET /bytes/5 HTTP/1.1\r\n')
    contains(sock.recv(1000).decode('latin-1'), 'HTTP/1.1 200')
    sock.sendall(b'Host: x\r\n\r\n')
    assert silent(sock, 0.1)


@test()
def a_url_asks_for_an_early_answer(t):
    fault = Fault(t)
    sock = connect(t, fault.port)
    for number in (5, 6):
        sock.sendall(b'GET /bytes/%d?fault=early HTTP/1.1\r\n' % number)
        got = b''
        while not got.endswith(pattern(0, 0, number)):
            got += sock.recv(1000)
        contains(got.decode('latin-1'), 'HTTP/1.1 200')
        sock.sendall(b'Host: x\r\n')
        assert silent(sock, 0.05)
        sock.sendall(b'\r\nGET /bytes/1 HTTP/1.1\r\n')
        assert silent(sock, 0.05)
        sock.sendall(b'\r\n')
        contains(sock.recv(1000).decode('latin-1'), 'Content-Length: 1')
    sock.sendall(b'GET /bytes/3?fault=early HTTP/1.1\r\n\r\n')
    contains(sock.recv(1000).decode('latin-1'), 'Content-Length: 3')
    assert silent(sock, 0.05)


@test()
def a_server_has_faults_for_paths(t):
    fault = Fault(t, 'path:/bytes/1*; status:500', 'rst@body+1')
    equal(get(t, fault.port, '/bytes/10').status, 500)
    response = get(t, fault.port, '/bytes/20')
    equal((len(response.body), response.ended), (1, RESET))


@test(30)
def curl_says_what_it_should(t):
    fault = Fault(t)

    def curl(*faults):
        return subprocess.run(
            ['curl', '-sS', '-m', '10', '-o', '/dev/null',
             f'http://127.0.0.1:{fault.port}' + url('/bytes/1M', *faults)],
            capture_output=True, check=False).returncode
    equal([curl(), curl('rst@50%'), curl('fin@50%'), curl('length:+1'),
           curl('chunked:text-size'), curl('rst')], [0, 56, 18, 18, 56, 56])


@test()
def what_a_url_wanted_is_all_that_applied(t):
    fault = served(t)
    get(t, fault.port, url('/bytes/10', 'status:503', 'p:0%; rst',
                           'retry-after:3s'))
    fault.stop()
    equal(fault.ended()[0]['wanted'], 'status:503 | retry-after:3s')


main()
