#!/usr/bin/python3
"""What goes over the wire, to the byte, and how it ends: raw sockets."""

import errno
import os
import signal
import socket
import ssl
import time

from fault import (RESET, Fault, connect, get, pattern, read_all, run, silent)
from tap import contains, equal, fewer, lacks, main, test


# -- Ends --------------------------------------------------------------------

@test()
def a_reset_on_accept_needs_no_byte_from_the_client(t):
    fault = Fault(t, 'rst')
    equal(read_all(connect(t, fault.port)), (b'', RESET))
    equal(read_all(connect(t, fault.port, '::1')), (b'', RESET))
    line = fault.ended(2)[0]
    equal((line['end'], line['sent'], line['wanted']), ('rst', 0, 'rst'))


def resets_exactly(t, size, **reading):
    fault = Fault(t, f'flood; rst@{size}')
    for _ in range(fewer(20)):
        sock = connect(t, fault.port, receive_buffer=reading.get('buffer'))
        data, ended = read_all(sock, reading.get('slow', 0))
        equal((len(data), ended), (size, RESET))
    equal(data, pattern(0, 0, size) if size < 70000 else data)
    for line in fault.ended(fewer(20)):
        equal((line['sent'], line['end']), (size, 'rst'))


@test(60)
def resets_are_exact_with_a_fast_reader(t):
    for size in (0, 1, 300, 65536, 1 << 20, 4 << 20):
        resets_exactly(t, size)


@test(120)
def resets_are_exact_with_a_slow_reader(t):
    for size in (1, 65536, 1 << 20, 4 << 20):
        resets_exactly(t, size, slow=65536, buffer=4096)


@test()
def a_fin_stays_one_although_the_request_was_not_read(t):
    fault = Fault(t, 'send:10; fin')
    sock = connect(t, fault.port)
    sock.sendall(b'x' * 100000)
    equal(len(read_all(sock)[0]), 10)
    equal(sock.recv(1), b'')
    sock.sendall(b'still')  # a reset would be told here, or by the next
    sock.sendall(b'still')
    sock.close()
    line = fault.ended()[0]
    equal((line['end'], line['received']), ('fin', 100010))


@test()
def a_plain_close_with_unread_input_is_a_reset(t):
    fault = Fault(t, 'wait:100ms; close')
    sock = connect(t, fault.port)
    sock.sendall(b'x' * 1000)
    equal(read_all(sock), (b'', RESET))


@test()
def half_a_close_leaves_the_other_half_working(t):
    fault = Fault(t, 'send:"hello"; half-close; read:5; rst')
    sock = connect(t, fault.port)
    equal(read_all(sock), (b'hello', 0))
    sock.sendall(b'12345')
    fault.ended()
    equal(fault.ended()[0]['received'], 5)


@test()
def an_end_without_close_notify_is_an_end(t):
    fault = Fault(t, 'tls; read-all; send:"bye"; fin')
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(connect(t, fault.port)) as sock:
        sock.sendall(b'hi')
        with socket.socket(fileno=os.dup(sock.fileno())) as plain:
            plain.shutdown(socket.SHUT_WR)
        equal((sock.recv(10), sock.recv(10)), (b'bye', b''))


@test()
def silence_lasts_until_the_client_goes(t):
    fault = Fault(t, 'send:1; hold')
    sock = connect(t, fault.port)
    equal(len(sock.recv(10)), 1)
    assert silent(sock)
    sock.close()
    equal(fault.ended()[0]['end'], 'client')


@test()
def resets_come_on_a_live_connection_at_their_time(t):
    fault = Fault(t, 'echo; rst@300ms')
    began = time.monotonic()
    sock = connect(t, fault.port)
    sock.sendall(b'abc')
    equal(sock.recv(10), b'abc')
    equal(read_all(sock), (b'', RESET))
    assert time.monotonic() - began >= 0.29


@test()
def a_time_comes_while_another_one_s_step_lasts(t):
    fault = Fault(t, 'hold; stall@100ms:20s; rst@200ms')
    equal(read_all(connect(t, fault.port)), (b'', RESET))
    stalls = ''.join(f'stall@{n * 10}ms:20s; ' for n in range(1, 9))
    fault = Fault(t, f'hold; {stalls} rst@100ms')
    equal(read_all(connect(t, fault.port)), (b'', RESET))


@test()
def a_time_comes_once_however_often_it_goes_round(t):
    fault = Fault(t, 'read:1; send:"x"; again; send@100ms:"once"')
    sock = connect(t, fault.port)
    equal(sock.recv(10), b'once')
    for _ in range(3):
        sock.sendall(b'1')
        equal(sock.recv(10), b'x')


# -- Steps -------------------------------------------------------------------

@test()
def steps_read_what_they_are_told_and_leave_the_rest(t):
    fault = Fault(t, 'read:3; send:"a"; read-line; send:"b"; '
                  'read-until:"END"; send:"c"; read-head; send:"d"; read-all; '
                  'send:"e"; fin')
    pieces = ((b'123', b'a'), (b'line\n', b'b'), (b'xxEEN', None),
              (b'DEND', b'c'), (b'A: b\r\n\r\n', b'd'))
    sock = connect(t, fault.port)
    for data, answer in pieces:
        sock.sendall(data)
        if answer:
            equal(sock.recv(10), answer)
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'e', 0))
    sock = connect(t, fault.port)
    sock.sendall(b''.join(data for data, _ in pieces))
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'abcde', 0))


@test()
def what_was_read_is_not_read_again(t):
    fault = Fault(t, 'read-line; read:3; send:"a"; read-line; '
                  'read-until:"E"; send:"b"; fin')
    sock = connect(t, fault.port)
    sock.sendall(b'hello\n')
    assert silent(sock)
    sock.sendall(b'abc')
    equal(sock.recv(10), b'a')
    sock.sendall(b'tEst\n')
    assert silent(sock)
    sock.sendall(b'E')
    equal(read_all(sock), (b'b', 0))


@test()
def what_was_read_beyond_a_step_is_sent_back(t):
    fault = Fault(t, 'read-line; echo')
    sock = connect(t, fault.port)
    sock.sendall(b'hello\nworld')
    sock.shutdown(socket.SHUT_WR)
    equal(read_all(sock), (b'world', 0))


@test()
def again_goes_round(t):
    fault = Fault(t, 'read:1; send:"x"; again:2')
    sock = connect(t, fault.port)
    sock.sendall(b'12345')
    equal(read_all(sock), (b'xxx', 0))


@test()
def a_loop_that_never_waits_does_not_keep_others_waiting(t):
    fault = Fault(t, 'conn:1; send:0; again', 'conn:2; send:"ok"; fin')
    connect(t, fault.port)
    equal(read_all(connect(t, fault.port)), (b'ok', 0))


@test()
def one_byte_is_turned(t):
    fault = Fault(t, 'send:"abcdef"; corrupt@2; fin')
    equal(read_all(connect(t, fault.port))[0], b'ab\x9cdef')


@test()
def a_position_that_another_fault_cuts_off_is_passed_over(t):
    fault = Fault(t, 'rst@4096', 'conn:1; send:"hello"; fin')
    equal(read_all(connect(t, fault.port)), (b'hello', 0))


@test()
def garbage_is_the_same_for_the_same_seed(t):
    data = [read_all(connect(t, Fault(t, '--seed', seed,
                                      'garbage:50; fin').port))[0]
            for seed in ('1', '1', '2')]
    equal((len(data[0]), data[0] == data[1], data[0] == data[2]),
          (50, True, False))


@test()
def drips_keep_to_their_times(t):
    fault = Fault(t, 'drip:20ms; send:26; fin')
    began = time.monotonic()
    sock = connect(t, fault.port)
    sizes = []
    while part := sock.recv(100):
        sizes.append(len(part))
    took = time.monotonic() - began
    equal(sum(sizes), 26)
    assert 0.495 <= took, took
    assert max(sizes) <= 3, sizes


@test()
def slices_come_at_their_times(t):
    fault = Fault(t, 'slice:10,20ms; send:100; fin')
    began = time.monotonic()
    sock = connect(t, fault.port)
    sizes = []
    while part := sock.recv(1000):
        sizes.append(len(part))
    took = time.monotonic() - began
    equal((sum(sizes), [size % 10 for size in sizes]), (100, [0] * len(sizes)))
    assert 0.175 <= took, took


@test()
def a_wait_is_as_long_as_its_jitter_lets_it(t):
    fault = Fault(t, 'wait:100ms~50ms; send:1; fin')
    for _ in range(5):
        began = time.monotonic()
        equal(len(read_all(connect(t, fault.port))[0]), 1)
        took = time.monotonic() - began
        assert 0.045 <= took, took


@test()
def a_rate_is_kept(t):
    fault = Fault(t, 'rate:100k; send:50k; fin')
    began = time.monotonic()
    equal(len(read_all(connect(t, fault.port))[0]), 51200)
    took = time.monotonic() - began
    assert 0.45 <= took <= 2, took


# -- When --------------------------------------------------------------------

def pattern_of_resets(t, seed, fault):
    server = Fault(t, '--seed', seed, fault, 'send:"ok"; fin')
    return [read_all(connect(t, server.port))[1] for _ in range(24)]


@test()
def the_same_seed_replays(t):
    fault = 'p:50%; rst@1'
    first = pattern_of_resets(t, '42', fault)
    equal(pattern_of_resets(t, '42', fault), first)
    assert pattern_of_resets(t, '43', fault) != first
    assert 0 < first.count(RESET) < 24


@test()
def probability_0_changes_nothing(t):
    equal(pattern_of_resets(t, '1', 'p:0%; rst'), [0] * 24)


@test()
def faults_are_for_connections_by_number(t):
    fault = Fault(t, 'conn:2-3; rst', 'conn:1; send:"one"; fin')
    equal([read_all(connect(t, fault.port))[1] for _ in range(3)],
          [0, RESET, RESET])


# -- Listening ---------------------------------------------------------------

@test()
def a_refused_port_is_taken_and_refuses(t):
    fault = Fault(t, 'refused')
    for _ in range(3):
        try:
            connect(t, fault.port)
            raise AssertionError('it was not refused')
        except ConnectionRefusedError:
            pass
    other = socket.socket()
    t.defer(other.close)
    try:
        other.bind(('127.0.0.1', fault.port))
        raise AssertionError('the port is free')
    except OSError as error:
        equal(error.errno, errno.EADDRINUSE)


@test()
def connections_that_are_never_accepted_are_silent(t):
    fault = Fault(t, 'never-accept')
    sock = connect(t, fault.port)
    sock.sendall(b'hello')
    assert silent(sock)
    equal(fault.stop(), -signal.SIGTERM)
    equal([line['connections'] for line in fault.lines()
           if line['event'] == 'summary'], [0])


@test()
def a_full_backlog_lets_nobody_connect(t):
    fault = Fault(t, 'full-backlog', listen=['127.0.0.1:0'])
    sock = socket.socket()
    t.defer(sock.close)
    sock.settimeout(0.5)
    try:
        sock.connect(('127.0.0.1', fault.port))
        raise AssertionError('it was connected')
    except TimeoutError:
        pass


@test()
def a_unix_socket_whose_backlog_is_full_is_taken(t):
    place = 'unix:' + t.path('socket')
    Fault(t, 'full-backlog', listen=[place])
    status, _, err = run('--listen', place, 'hold')
    equal(status, 2)
    contains(err, 'in use')


@test()
def one_connection_too_many_is_reset(t):
    fault = Fault(t, 'limit:2; hold')
    kept = [connect(t, fault.port) for _ in range(2)]
    equal(read_all(connect(t, fault.port)), (b'', RESET))
    assert silent(kept[0])
    kept[0].close()
    fault.ended(2)
    assert silent(connect(t, fault.port))


@test()
def the_whole_server_may_have_a_limit_too(t):
    fault = Fault(t, '--max-connections', '1', 'hold')
    connect(t, fault.port)
    equal(read_all(connect(t, fault.port)), (b'', RESET))
    equal(fault.ended()[0]['end'], 'limit')


@test()
def unix_sockets_are_listened_to_and_removed(t):
    path = t.path('socket')
    fault = Fault(t, 'send:"hi"; fin', listen=['unix:' + path])
    sock = socket.socket(socket.AF_UNIX)
    t.defer(sock.close)
    sock.connect(path)
    equal(read_all(sock), (b'hi', 0))
    fault.stop()
    assert not os.path.exists(path)


# -- Cynic's services --------------------------------------------------------

@test()
def without_arguments_there_are_seven_services(t):
    try:
        fault = Fault(t, '--drip', '20ms', listen=())
        if not fault.addresses:
            raise OSError
    except OSError:
        t.skip('its ports are taken')
    equal(sorted({address.rsplit(':', 1)[1]
                  for _, address in fault.addresses}),
          ['2000', '2001', '2002', '2003', '2020', '2021', '2022'])
    html = get(t, 2000)
    equal((html.status, len(html.body)),
          (200, int(html.fields['content-length'])))
    equal(get(t, 2001).body, b'{"message": "Hello, World!"}\n')
    none = get(t, 2002)
    equal((none.body, none.ended), (b'', 0))
    assert int(none.fields['content-length']) > 0
    equal(get(t, 2003).body, b'{"message": "Hello, World!"}\n')
    equal(read_all(connect(t, 2020)), (b'', RESET))
    equal(len(read_all(connect(t, 2021))[0]), 7)
    sock = connect(t, 2022)
    sock.sendall(b'GET / HTTP/1.0\r\n\r\n')
    assert silent(sock)
    equal(fault.stop(signal.SIGINT), -signal.SIGINT)
    summary = {line['server']: line for line in fault.lines()
               if line['event'] == 'summary'}
    equal((summary['rst']['rst'], summary['silence']['stopped']), (1, 1))


def says(act):
    """The errno of what it raises."""
    try:
        act()
    except OSError as error:
        return error.errno
    return 0


@test()
def sigpipe_101_is_as_it_was_told(t):
    """Its two clients, in Python: whoever ignores an error gets EPIPE."""
    sock = connect(t, Fault(t, 'rst').port)
    equal((says(lambda: sock.recv(1024)), says(lambda: sock.send(b'hello'))),
          (RESET, errno.EPIPE))
    sock = socket.socket()
    t.defer(sock.close)
    where = ('127.0.0.1', Fault(t, 'refused').port)
    equal((says(lambda: sock.connect(where)), says(lambda: sock.send(b'hello'))),
          (errno.ECONNREFUSED, errno.EPIPE))


@test()
def the_table_and_the_log_are_for_people_too(t):
    status, out, err = run('send:3; fin', '-l', '127.0.0.1:0', '--', 'true')
    equal((status, out), (0, ''))
    contains(err, 'main       127.0.0.1:')
    contains(err, 'send:3; fin')
    lacks(err, '\033')


main()
