#!/usr/bin/python3
"""What the toxics do to connections; and what toxiproxy gets wrong, right
through the same requests."""

import socket
import time

from api import Api
from fault import (RESET, Fault, ask, connect, endings, get, pattern, read_all,
                   silent)
from tap import contains, equal, main, test
from upstream import echo, flood, reply, through


# -- What the toxics do ------------------------------------------------------

@test()
def each_toxic_does_what_it_says(t):
    api = Api(t)
    port = api.proxy(flood)

    def ended(kind, **attributes):
        api.toxic(kind, **attributes)
        got = read_all(connect(t, port))
        api.good('POST', '/reset')
        return len(got[0]), got[1]
    equal(ended('limit_data', bytes=70000), (70000, 0))
    equal(ended('timeout', timeout=30), (0, 0))
    equal(ended('reset_peer', timeout=30), (0, RESET))
    equal(ended('slicer', average_size=100000, size_variation=50000,
                delay=10), (65536 * 160, 0))
    equal(ended('fault', fault='rst@4096'), (4096, RESET))
    equal(ended('fault', fault='rst@1M; rate:100M'), (1 << 20, RESET))

    def took(kind, **attributes):
        api.toxic(kind, **attributes)
        began = time.monotonic()
        sock = connect(t, port)
        got = 0
        while got < 20000:
            got += len(sock.recv(65536))
        sock.close()
        api.good('POST', '/reset')
        return time.monotonic() - began
    assert took('latency', latency=200, jitter=0) >= 0.199
    assert took('bandwidth', rate=100) >= 0.18  # 100 kB/s
    port = api.proxy(lambda sock: sock.sendall(b'hello'), 'short')
    api.toxic('slow_close', name='short', delay=200)
    began = time.monotonic()
    equal(read_all(connect(t, port)), (b'hello', 0))
    assert time.monotonic() - began >= 0.199


@test()
def delays_add_up_and_the_lower_rate_counts(t):
    api = Api(t)
    port = api.proxy(echo)
    api.toxic('latency', latency=60)
    api.good('POST', '/proxies/p/toxics',
             {'type': 'latency', 'name': 'b', 'attributes': {'latency': 60}})
    sock = connect(t, port)
    began = time.monotonic()
    equal(through(sock, b'x'), b'x')
    assert time.monotonic() - began >= 0.119


@test()
def live_connections_get_and_lose_toxics(t):
    api = Api(t)
    port = api.proxy(echo)
    sock = connect(t, port)
    equal(through(sock, b'1'), b'1')
    api.toxic('bandwidth', 'upstream', rate=0)
    sock.sendall(b'23')
    assert silent(sock)
    api.good('DELETE', '/proxies/p/toxics/bandwidth_upstream')
    got = b''
    while len(got) < 2:
        got += sock.recv(10)
    equal(got, b'23')
    # The count of what has passed is not begun anew for another's sake.
    api.toxic('limit_data', bytes=6)
    equal(through(sock, b'456'), b'456')
    api.toxic('latency', 'upstream', latency=1)
    sock.sendall(b'789abc')
    equal(read_all(sock), (b'789', 0))


@test()
def a_text_is_forgotten_with_its_fault(t):
    api = Api(t)
    sock = connect(t, api.proxy(echo))
    equal(through(sock, b'1'), b'1')
    api.toxic('fault', fault='rst@"never there"')
    for _ in range(3):  # the same again, in another's memory
        api.good('POST', '/proxies/p/toxics/fault_downstream',
                 {'attributes': {'fault': 'rst@"never there"'}})
        equal(through(sock, b'2'), b'2')
    api.good('DELETE', '/proxies/p/toxics/fault_downstream')
    for fault in 'rst@"other there"', 'slice@"x":20~10,1ms':
        api.toxic('fault', fault=fault)
        equal(through(sock, b'ax' * 20), b'ax' * 20)
        api.good('POST', '/reset')
    equal(through(sock, b'3'), b'3')


@test()
def servers_that_are_no_proxies_have_faults_too(t):
    api = Api(t, listen=['127.0.0.1:0'])
    port = api.fault.port
    equal(get(t, port, '/bytes/10').status, 200)
    api.toxic('fault', name='main', fault='status:503')
    equal(get(t, port, '/bytes/10').status, 503)
    api.toxic('reset_peer', name='main', timeout=0)
    equal(read_all(ask(t, port)), (b'', RESET))
    api.good('POST', '/reset')
    equal(get(t, port, '/bytes/10').body, pattern(0, 0, 10))
    status, answer = api.ask('POST', '/proxies/main/toxics', {
        'type': 'latency', 'stream': 'upstream'})
    equal(status, 400)
    contains(answer['error'], "'up' is for a proxy")


# -- What toxiproxy gets wrong -----------------------------------------------

@test()
def a_seed_has_an_effect(t):
    def decisions(seed):
        api = Api(t, '--seed', seed)
        port = api.proxy(reply)
        api.toxic('reset_peer', toxicity=0.5)
        return endings(t, port)
    first = decisions('42')
    equal(decisions('42'), first)
    assert decisions('43') != first
    assert 0 < first.count(RESET) < 24


@test()
def a_toxicity_of_0_changes_nothing(t):
    api = Api(t)
    port = api.proxy(echo)
    api.toxic('reset_peer', toxicity=0)
    for _ in range(20):
        sock = connect(t, port)
        equal(through(sock, b'hello'), b'hello')
        sock.shutdown(socket.SHUT_WR)
        equal(read_all(sock), (b'', 0))


@test()
def a_reset_on_a_live_connection_is_one_to_both(t):
    api = Api(t)
    ended = []

    def echo_and_tell(sock):
        sock.sendall(sock.recv(10))
        ended.append(read_all(sock)[1])
    for stream in 'downstream', 'upstream':
        port = api.proxy(echo_and_tell, stream)
        sock = connect(t, port)
        equal(through(sock, b'hello'), b'hello')
        api.toxic('reset_peer', stream, name=stream)
        equal(read_all(sock), (b'', RESET), stream)
        t.until(lambda: ended, 'the upstream has heard')
        equal(ended.pop(), RESET, stream)


@test()
def a_connection_whose_client_is_slow_gets_toxics_too(t):
    def serve(sock):
        sock.sendall(bytes(1 << 24) + b'COMMIT')
        sock.sendall(bytes(1 << 20))
    api = Api(t)
    sock = connect(t, api.proxy(serve), receive_buffer=65536)
    sock.recv(1)
    api.toxic('fault', fault='rst@"COMMIT"')
    data, ended = read_all(sock)
    equal((len(data), ended), ((1 << 24) + 5, RESET))


@test()
def the_reply_to_half_a_close_arrives(t):
    api = Api(t)
    port = api.proxy(reply)
    for toxic in (None, ('latency', 'downstream'), ('slow_close', 'upstream')):
        if toxic:
            api.toxic(*toxic)
        sock = connect(t, port)
        sock.sendall(b'hi')
        sock.shutdown(socket.SHUT_WR)
        equal(read_all(sock), (b'REPLY:hi', 0), toxic)


@test()
def a_silent_client_is_reset(t):
    api = Api(t)
    port = api.proxy(echo)
    sock = connect(t, port)
    assert silent(sock, 0.02)
    api.toxic('reset_peer')
    equal(read_all(sock), (b'', RESET))
    equal(read_all(connect(t, port)), (b'', RESET))


@test()
def a_client_that_does_not_read_is_reset(t):
    api = Api(t)
    port = api.proxy(flood)
    sock = connect(t, port, receive_buffer=4096)
    t.until(lambda: api.good('GET', '/servers')[0]['sent'] > 4096, 'it is full')
    api.toxic('reset_peer')
    equal(api.fault.ended(1)[0]['end'], 'rst')
    equal(read_all(sock)[1], RESET)


@test()
def a_dead_upstream_holds_up_nobody(t):
    dead = Fault(t, 'full-backlog', listen=['127.0.0.1:0'])
    api = Api(t)
    port = api.proxy(f'127.0.0.1:{dead.port}', 'dead')
    good = api.proxy(echo)
    socks = [connect(t, port) for _ in range(6)]
    t.until(lambda: api.good('GET', '/servers')[0]['live'] == 6, 'all are in')
    equal(through(connect(t, good), b'hello'), b'hello')
    for sock in socks:
        assert silent(sock, 0.02)


main()
