#!/usr/bin/python3
"""Control at run time: what toxiproxy's clients do, over a raw HTTP client;
what is asked wrongly, or by somebody who means harm."""

import signal
import socket
import threading
import time

from api import Api
from fault import RESET, connect, read_all, reset, silent
from tap import contains, equal, main, test
from upstream import Upstream, echo, flood, reply, through


def refused(port):
    try:
        socket.create_connection(('127.0.0.1', port)).close()
    except ConnectionRefusedError:
        return True
    return False


# -- What clients do ---------------------------------------------------------

@test()
def proxies_are_made_shown_changed_and_deleted(t):
    api = Api(t)
    equal(api.ask('GET', '/proxies'), (200, {}))
    wanted = {'name': 'redis', 'listen': '127.0.0.1:0',
              'upstream': Upstream(t, echo).address}
    status, made = api.ask('POST', '/proxies', wanted)
    port = int(made['listen'].rsplit(':', 1)[1])
    equal((status, made), (201, {**wanted, 'listen': f'127.0.0.1:{port}',
                                 'enabled': True, 'toxics': []}))
    equal(through(connect(t, port), b'hello'), b'hello')
    equal(api.ask('GET', '/proxies'), (200, {'redis': made}))
    equal(api.ask('GET', '/proxies/redis'), (200, made))
    equal(api.ask('POST', '/proxies', wanted),
          (409, {'error': 'proxy already exists', 'status': 409}))

    off = {**made, 'enabled': False}
    equal(api.ask('POST', '/proxies/redis', {'enabled': False}), (200, off))
    equal(refused(port), True)
    equal(api.ask('GET', '/proxies/redis'), (200, off))
    equal(api.ask('PATCH', '/proxies/redis', made), (200, made))
    equal(through(connect(t, port), b'again'), b'again')

    other = Upstream(t, reply).address
    api.good('POST', '/proxies/redis', {'upstream': other})
    sock = connect(t, port)
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'REPLY:', 0))
    equal(api.ask('DELETE', '/proxies/redis'), (204, b''))
    equal(refused(port), True)
    for method, path in (('GET', ''), ('POST', ''), ('DELETE', ''),
                         ('GET', '/toxics'), ('POST', '/toxics'),
                         ('DELETE', '/toxics/x')):
        equal(api.ask(method, '/proxies/redis' + path, {}),
              (404, {'error': 'proxy not found', 'status': 404}), path)


@test()
def disabling_ends_connections(t):
    api = Api(t)
    port = api.proxy(echo)
    sock = connect(t, port)
    equal(through(sock, b'x'), b'x')
    api.good('POST', '/proxies/p', {'enabled': False})
    equal(read_all(sock)[0], b'')
    equal(api.good('POST', '/proxies/p', {'enabled': True})['listen'],
          f'127.0.0.1:{port}')


@test()
def toxics_are_made_shown_changed_and_deleted(t):
    api = Api(t)
    api.proxy(echo)
    wanted = {'name': 'slow', 'type': 'latency', 'stream': 'upstream',
              'toxicity': 0.5, 'attributes': {'latency': 100, 'jitter': 10}}
    equal(api.ask('POST', '/proxies/p/toxics', wanted), (200, wanted))
    equal(api.ask('POST', '/proxies/p/toxics', wanted),
          (409, {'error': 'toxic already exists', 'status': 409}))
    equal(api.ask('GET', '/proxies/p/toxics'), (200, [wanted]))
    equal(api.ask('GET', '/proxies/p/toxics/slow'), (200, wanted))
    equal(api.good('GET', '/proxies/p')['toxics'], [wanted])
    equal(api.good('GET', '/servers')[0]['faults'],
          ['up; p:50%; latency:100ms~10ms'])
    changed = {**wanted, 'toxicity': 1,
               'attributes': {'latency': 7, 'jitter': 10}}
    equal(api.ask('POST', '/proxies/p/toxics/slow',
                  {'attributes': {'latency': 7}, 'toxicity': 1}),
          (200, changed))
    equal(api.ask('PATCH', '/proxies/p/toxics/slow', {}), (200, changed))
    equal(api.good('GET', '/servers')[0]['faults'],
          ['up; latency:7ms~10ms'])
    equal(api.ask('DELETE', '/proxies/p/toxics/slow'), (204, b''))
    for method in 'GET', 'POST', 'DELETE':
        equal(api.ask(method, '/proxies/p/toxics/slow', {}),
              (404, {'error': 'toxic not found', 'status': 404}))
    equal(api.ask('GET', '/proxies/p/toxics'), (200, []))
    equal(api.toxic('timeout', timeout=5),
          {'name': 'timeout_downstream', 'type': 'timeout', 'toxicity': 1,
           'stream': 'downstream', 'attributes': {'timeout': 5}})


@test()
def populating_twice_is_populating_once(t):
    api = Api(t)
    upstream = Upstream(t, echo).address
    wanted = [{'name': name, 'listen': '127.0.0.1:0', 'upstream': upstream}
              for name in ('a', 'b')]
    status, first = api.ask('POST', '/populate', wanted)
    equal((status, [proxy['name'] for proxy in first['proxies']]),
          (201, ['a', 'b']))
    port = int(first['proxies'][0]['listen'].rsplit(':', 1)[1])
    sock = connect(t, port)
    equal(through(sock, b'x'), b'x')
    api.toxic('latency', name='a', latency=1)
    for again in (wanted, first['proxies']):
        status, second = api.ask('POST', '/populate', again)
        equal((status, second['proxies'][1]), (201, first['proxies'][1]))
        equal(len(second['proxies'][0]['toxics']), 1)
    equal(through(sock, b'y'), b'y')
    off = {**first['proxies'][1], 'enabled': False}
    equal(api.ask('POST', '/populate', [off]), (201, {'proxies': [off]}))

    for wrong, part in (([{'name': 'c'}], 'missing required field: upstream'),
                        ([wanted[0], wanted[0]], 'duplicate'),
                        ({}, 'an array of proxies'),
                        ([wanted[0], 3], 'a proxy is an object'),
                        ([{**wanted[0], 'name': 'c', 'listen': 'x'}],
                         'an address is PORT')):
        status, answer = api.ask('POST', '/populate', wrong)
        equal((status, answer['status']), (400, 400), wrong)
        contains(answer['error'], part)
    equal(set(api.good('GET', '/proxies')), {'a', 'b'})


@test()
def what_fails_changes_nothing(t):
    api = Api(t)
    port = api.proxy(echo)
    sock = connect(t, port)
    busy = socket.create_server(('127.0.0.1', 0))
    t.defer(busy.close)
    there = '127.0.0.1:%d' % busy.getsockname()[1]
    before = api.good('GET', '/proxies')
    new = {'name': 'q', 'listen': '127.0.0.1:0', 'upstream': '127.0.0.1:1'}
    status, answer = api.ask('POST', '/populate',
                             [new, {**before['p'], 'listen': there}])
    equal((status, answer['error']),
          (500, there + ': Address already in use'))
    equal(api.ask('POST', '/proxies/p', {'listen': there})[0], 500)
    equal(api.good('GET', '/proxies'), before)
    equal(through(sock, b'still'), b'still')
    equal(through(connect(t, port), b'new'), b'new')
    for number in range(64):
        api.good('POST', '/proxies/p/toxics',
                 {'name': f'n{number}', 'type': 'latency'})
    status, answer = api.ask('POST', '/proxies/p/toxics', {'type': 'latency'})
    equal((status, answer['error']), (400, 'p: more than 64 faults'))
    equal(len(api.good('GET', '/proxies/p')['toxics']), 64)
    equal(through(sock, b'still'), b'still')


@test()
def reset_takes_all_away(t):
    api = Api(t)
    port = api.proxy(echo)
    api.proxy(echo, 'off', enabled=False)
    sock = connect(t, port)
    api.toxic('timeout', timeout=0)
    sock.sendall(b'late')
    assert silent(sock)
    equal(api.ask('POST', '/reset'), (204, b''))
    equal(sock.recv(10), b'late')
    answer = api.good('GET', '/proxies')
    equal([(answer[name]['enabled'], answer[name]['toxics'])
           for name in ('p', 'off')], [(True, [])] * 2)


@test()
def wrong_requests_are_told_so(t):
    api = Api(t)
    api.proxy(echo)
    toxics = '/proxies/p/toxics'
    latency = {'type': 'latency'}
    for method, path, body, status, part in (
            ('POST', '/proxies', b'{', 400, 'bad request body: line 1'),
            ('POST', '/proxies', b'', 400, 'bad request body: '),
            ('POST', '/proxies', b'[]', 400, 'a proxy is an object'),
            ('POST', '/proxies', {}, 400, 'missing required field: name'),
            ('POST', '/proxies', {'name': 'x'}, 400, 'field: upstream'),
            ('POST', '/proxies', {'name': 3}, 400, "'name' is no text"),
            ('POST', '/proxies', {'name': 'a/b', 'upstream': '1'}, 400, "'/'"),
            ('POST', '/proxies', {'name': 'x' * 201}, 400, 'more than 200'),
            ('POST', '/proxies', {'name': 'x', 'upstream': 'x:x'}, 400,
             'an address is PORT'),
            ('POST', '/proxies', {'name': 'x', 'enabled': 1}, 400, 'enabled'),
            ('POST', toxics, {'type': 'x'}, 400, 'invalid toxic type'),
            ('POST', toxics, {**latency, 'stream': 'x'}, 400,
             'stream was invalid, can be either upstream or downstream'),
            ('POST', toxics, {**latency, 'toxicity': 2}, 400, 'toxicity'),
            ('POST', toxics, {**latency, 'attributes': 3}, 400, 'attributes'),
            ('POST', toxics, {**latency, 'attributes': {'latency': 'x'}}, 400,
             "'latency' is no number"),
            ('POST', toxics, {**latency, 'attributes': {'latency': -1}}, 400,
             'below 0'),
            ('POST', toxics, {**latency, 'attributes': {'latency': 1e300}},
             400, 'no number that could be meant'),
            ('POST', toxics, {'type': 'fault'}, 400, "no text 'fault'"),
            ('POST', toxics, {'type': 'fault',
                              'attributes': {'fault': 'rst@x'}}, 400,
             "fault 'rst@x', character 5: a position is"),
            ('GET', '/', None, 404, 'page not found'),
            ('GET', '/proxies/p/toxics/x/y', None, 404, 'page not found'),
            ('PUT', '/proxies', {}, 405, 'method not allowed'),
            ('DELETE', '/version', None, 405, 'method not allowed')):
        got, answer = api.ask(method, path, body)
        equal((got, answer['status']), (status, status), (path, body, answer))
        contains(answer['error'], part)
    equal(api.ask('GET', '/version', **{'User-Agent': 'Mozilla/5.0'})[0], 403)
    equal(api.good('GET', '/proxies/p')['toxics'], [])


@test()
def versions_and_counters_are_told(t):
    api = Api(t, 'read-head; send:"0123456789"; rst', listen=['127.0.0.1:0'])
    answer = api.good('GET', '/version')
    equal(answer['version'].count('.'), 2)
    contains(answer['server'], 'belay fault ')
    api.proxy(echo)
    sock = connect(t, api.fault.port)
    sock.sendall(b'x' * 10 + b'\r\n\r\n')
    equal(read_all(sock), (b'0123456789', RESET))
    api.fault.ended(1)
    live = connect(t, api.fault.port_of('main'))
    live.sendall(b'abc')

    def main_server():
        server = api.good('GET', '/servers')[0]
        return server if server['received'] == 17 else None
    server = t.until(main_server, 'the bytes of the one that lives')
    equal((server['name'], server['connections'], server['live'],
           server['sent'], server['ended']['rst'], server['faults']),
          ('main', 2, 1, 10, 1, ['read-head; send:"0123456789"; rst']))
    text = api.good('GET', '/metrics').decode()
    for line in ('# TYPE belay_fault_connections_total counter',
                 'belay_fault_connections_total{server="main"} 2',
                 'belay_fault_sent_bytes_total{server="main"} 10',
                 'belay_fault_ended_total{server="main",end="rst"} 1',
                 'belay_fault_connections_live{server="p"} 0'):
        assert line in text.splitlines(), (line, text)


# -- Hostile clients ---------------------------------------------------------

def raw(t, api, data, ends=True):
    sock = connect(t, api.port)
    try:
        sock.sendall(data)
        if ends:
            sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # it has heard enough
    return read_all(sock)[0]


@test()
def hostile_requests_are_refused(t):
    api = Api(t)
    head = b'POST /proxies HTTP/1.1\r\n'
    for data, status in (
            (b'\0' * 100 + b'\r\n\r\n', 400),
            (b'GET\r\n\r\n', 400),
            (b'GET / HTTP/9\r\n\r\n', 505),
            (head + b'X: ' + b'a' * 17000, 431),
            (head + b'Content-Length: 9999999\r\n\r\n', 413),
            (head + b'Content-Length: 99999999999999999999\r\n\r\n', 400),
            (head + b'Content-Length: -1\r\n\r\n', 400),
            (head + b'Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}', 400),
            (head + b'Transfer-Encoding: chunked\r\n\r\nx\r\n', 400),
            (head + b'Transfer-Encoding: chunked\r\n\r\nffffffff\r\n', 413),
            (head + b'Content-Length: 4\r\n\r\n[[[[', 400),
            (head + b'Content-Length: 100000\r\n\r\n' + b'[' * 100000, 400)):
        got = raw(t, api, data)
        equal(got[:12], b'HTTP/1.1 %d' % status, data[:80])
    equal(api.ask('GET', '/proxies'), (200, {}))


@test()
def requests_are_pipelined_and_come_in_pieces(t):
    api = Api(t)
    data = b'GET /version HTTP/1.1\r\n\r\n' * 20
    equal(raw(t, api, data).count(b'HTTP/1.1 200 OK'), 20)
    sock = connect(t, api.port)
    for byte in b'GET /version HTTP/1.1\r\nConnection: close\r\n\r\n':
        sock.sendall(bytes([byte]))
    contains(read_all(sock)[0].decode(), '"version"')


@test()
def many_clients_and_those_that_read_nothing_hang_nobody(t):
    api = Api(t)
    api.proxy(echo)
    idle = [connect(t, api.port) for _ in range(100)]
    deaf = connect(t, api.port, receive_buffer=4096)
    deaf.setblocking(False)
    data = b'GET /servers HTTP/1.1\r\n\r\n' * 1000
    sent = 0
    try:
        while sent < 100 << 20:
            sent += deaf.send(data)
    except BlockingIOError:
        pass
    api.http.close()
    equal(len(api.good('GET', '/proxies')), 1)
    for sock in idle[:20]:
        reset(sock)
    equal(len(api.good('GET', '/proxies')), 1)


@test(60)
def a_storm_of_changes_is_survived(t):
    api = Api(t, '-q', '--verify')
    chance = t.random()
    ports = [api.proxy(echo, 'a'), api.proxy(flood, 'b')]
    until = time.monotonic() + 3

    def visit():
        while time.monotonic() < until:
            try:
                sock = socket.create_connection(
                    ('127.0.0.1', chance.choice(ports)), timeout=2)
                sock.sendall(b'x' * 1000)
                sock.recv(65536)
                if chance.random() < 0.5:
                    reset(sock)
                sock.close()
            except OSError:
                pass
    threads = [threading.Thread(target=visit) for _ in range(6)]
    for thread in threads:
        thread.start()
    kinds = ('latency', 'bandwidth', 'slow_close', 'timeout', 'reset_peer',
             'slicer', 'limit_data')
    while time.monotonic() < until:
        name = chance.choice('ab')
        what = chance.random()
        if what < 0.7:
            api.ask('POST', f'/proxies/{name}/toxics', {
                'type': chance.choice(kinds), 'toxicity': chance.random(),
                'stream': chance.choice(('upstream', 'downstream')),
                'attributes': {'latency': 1, 'rate': 1000, 'delay': 1,
                               'timeout': chance.choice((0, 5)),
                               'average_size': 100, 'bytes': 500}})
        elif what < 0.8:
            api.ask('POST', f'/proxies/{name}',
                    {'enabled': chance.random() < 0.5})
        elif what < 0.9:
            api.good('POST', '/reset')
        else:
            api.good('GET', '/servers')
    for thread in threads:
        thread.join()
    status = api.fault.stop()
    equal((status, api.fault.output), (-signal.SIGTERM, ''))


main()
