#!/usr/bin/python3
"""The proxy; above all, what others get wrong."""

import socket
import threading
import time

from fault import (RESET, Fault, connect, endings, get, pattern, read_all,
                   reset, silent)
from tap import equal, main, test
from upstream import Upstream, echo, flood, reply, through


def proxy(t, serve, *faults, **more):
    return Fault(t, '--upstream', Upstream(t, serve).address, *faults, **more)


@test()
def everything_is_passed_on(t):
    fault = proxy(t, echo)
    data = pattern(3, 0, 3000000)
    sock = connect(t, fault.port)
    threading.Thread(target=sock.sendall, args=(data,), daemon=True).start()
    got = bytearray()
    while len(got) < len(data):
        got += sock.recv(1 << 20)
    equal(bytes(got) == data, True)
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'', 0))
    line = fault.ended()[0]
    equal((line['sent'], line['received'], line['end']),
          (3000000, 3000000, 'fin'))


@test()
def half_a_close_is_passed_on_and_the_reply_arrives(t):
    for faults in ((), ('latency:20ms',), ('rate:1M',), ('up; latency:20ms',)):
        sock = connect(t, proxy(t, reply, *faults).port)
        sock.sendall(b'hi')
        sock.shutdown(socket.SHUT_WR)
        equal(read_all(sock), (b'REPLY:hi', 0), faults)


@test()
def what_was_read_beyond_a_step_is_passed_on(t):
    def serve(sock):
        sock.sendall(b'greeting\nwelcome')
        echo(sock)
    fault = proxy(t, serve, 'up; read-line; relay', 'read-line; relay')
    sock = connect(t, fault.port)
    sock.sendall(b'hello\nworld')
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'welcomeworld', 0))


@test()
def jitter_needs_no_latency(t):
    fault = proxy(t, echo, 'latency:0s~200ms', '--seed', '1')
    began = time.monotonic()
    for _ in range(8):
        through(connect(t, fault.port), b'x')
    assert time.monotonic() - began >= 0.2


@test(60)
def a_reset_comes_behind_what_was_sent_before_it(t):
    upstream = Fault(t, 'flood; rst@1M')
    for faults in ((), ('latency:10ms',), ('rate:10M',)):
        fault = Fault(t, '--upstream', f'127.0.0.1:{upstream.port}', *faults)
        sock = connect(t, fault.port, receive_buffer=4096)
        data, ended = read_all(sock, slow=65536)
        equal((len(data), ended), (1 << 20, RESET), faults)
        equal(fault.ended()[0]['end'], 'upstream-rst')


@test()
def a_reset_needs_nobody_to_send(t):
    sock = connect(t, proxy(t, echo, 'rst').port)
    equal(read_all(sock), (b'', RESET))


@test()
def resets_after_so_many_bytes_are_exact_in_both_directions(t):
    for size in (0, 1, 70000, 1 << 20, 4 << 20):
        sock = connect(t, proxy(t, flood, f'rst@{size}').port)
        data, ended = read_all(sock)
        equal((len(data), ended), (size, RESET))
    got = []

    def count(sock):
        got.append(read_all(sock))
    fault = proxy(t, count, 'up; fin@1000')
    sock = connect(t, fault.port)
    sock.sendall(b'x' * 5000)
    t.until(lambda: got, 'the upstream has got all')
    equal((len(got[0][0]), got[0][1]), (1000, 0))


@test()
def a_relay_is_a_step_among_others(t):
    sock = connect(t, proxy(t, echo, 'send:"first "; relay').port)
    sock.sendall(b'second')
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'first second', 0))


@test()
def down_is_what_the_client_gets(t):
    sock = connect(t, proxy(t, echo, 'down; rst@4').port)
    sock.sendall(b'hello')
    equal(read_all(sock), (b'hell', RESET))


@test()
def probability_0_changes_nothing(t):
    fault = proxy(t, echo, 'p:0%; rst')
    for _ in range(20):
        sock = connect(t, fault.port)
        equal(through(sock, b'hello'), b'hello')
        sock.shutdown(socket.SHUT_WR)
        equal(read_all(sock), (b'', 0))


@test()
def the_same_seed_replays(t):
    def pattern_of(seed):
        fault = proxy(t, reply, '--seed', seed, 'p:50%; rst')
        return endings(t, fault.port)
    first = pattern_of('42')
    equal(pattern_of('42'), first)
    assert pattern_of('43') != first
    assert 0 < first.count(RESET) < 24


@test()
def a_reset_on_a_live_connection_is_one(t):
    config = t.write('c.ini', f'[p]\nlisten = 0\nupstream = '
                     f'{Upstream(t, echo).address}\n')
    fault = Fault(t, '--config', config, listen=())
    sock = connect(t, fault.port)
    equal(through(sock, b'hello'), b'hello')
    with open(config, 'a', encoding='utf-8') as file:
        file.write('fault = rst\n')
    fault.process.send_signal(1)
    equal(read_all(sock), (b'', RESET))


@test()
def a_dead_upstream_holds_up_nobody(t):
    dead = Fault(t, 'full-backlog', listen=['127.0.0.1:0'])
    fault = Fault(t, '--upstream', f'127.0.0.1:{dead.port}')
    socks = [connect(t, fault.port) for _ in range(6)]
    for sock in socks:
        assert silent(sock, 0.02)
        sock.close()
    gone = socket.create_server(('127.0.0.1', 0))
    port = gone.getsockname()[1]
    gone.close()
    fault = Fault(t, '--upstream', f'127.0.0.1:{port}')
    equal(read_all(connect(t, fault.port)), (b'', RESET))
    equal(fault.ended()[0]['end'], 'no-upstream')


@test()
def the_upstreams_reset_is_passed_on(t):
    def hang_up(sock):
        sock.recv(10)
        reset(sock)
    sock = connect(t, proxy(t, hang_up).port)
    sock.sendall(b'x')
    equal(read_all(sock), (b'', RESET))


@test()
def the_clients_reset_is_passed_on(t):
    ended = []

    def wait(sock):
        ended.append(read_all(sock)[1])
    sock = connect(t, proxy(t, wait).port)
    sock.sendall(b'x')
    reset(sock)
    t.until(lambda: ended, 'the upstream has heard of it')
    equal(ended, [RESET])


@test()
def a_text_that_passes_is_noticed(t):
    fault = proxy(t, echo, 'rst@"SECRET"')
    sock = connect(t, fault.port)
    equal(through(sock, b'SECSECRE'), b'SECSECRE')
    sock.sendall(b'T and more')
    equal(read_all(sock), (b'T', RESET))
    fault = proxy(t, echo, 'stall@"cd":100ms; corrupt@2')
    sock = connect(t, fault.port)
    equal(through(sock, b'aaabcdefg'), b'aa\x9ebcdefg')


@test()
def latency_is_for_every_part(t):
    fault = proxy(t, echo, 'latency:100ms', 'up; latency:50ms')
    sock = connect(t, fault.port)
    for _ in range(3):
        began = time.monotonic()
        equal(through(sock, b'ping'), b'ping')
        took = time.monotonic() - began
        assert 0.149 <= took < 1, took


@test()
def a_rate_is_kept(t):
    fault = proxy(t, flood, 'rate:1M')
    began = time.monotonic()
    sock = connect(t, fault.port)
    got = 0
    while got < 512 * 1024:
        got += len(sock.recv(65536))
    took = time.monotonic() - began
    assert 0.45 < took < 2, took


@test()
def bytes_are_corrupted_where_they_are_told(t):
    fault = proxy(t, echo, 'corrupt@70000')
    data = pattern(1, 0, 100000)
    got = through(connect(t, fault.port), data)
    equal([i for i in range(len(data)) if got[i] != data[i]], [70000])


@test()
def http_goes_through(t):
    origin = Fault(t)
    fault = Fault(t, '--upstream', f'127.0.0.1:{origin.port}', 'conn:2; rst@50')
    equal(get(t, fault.port, '/bytes/200000').body, pattern(0, 0, 200000))
    equal(len(get(t, fault.port, '/bytes/200000').raw), 50)


main()
