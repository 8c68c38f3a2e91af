#!/usr/bin/python3
"""What is done to packets, in a network of its own: vanishing, loss."""

import sys

from fault import run
from tap import contains, equal, main, test

VANISH = '''
import os, socket, select, fcntl, termios, struct, time
s = socket.create_connection(('127.0.0.1', int(os.environ['BELAY_FAULT_PORT'])))
assert s.recv(100) == b'x' * 10
def unacknowledged():
    return struct.unpack('i', fcntl.ioctl(s, termios.TIOCOUTQ, b'0000'))[0]
# What arrived before it was gone is acknowledged still.
for _ in range(5):
    s.sendall(b'y' * 1000)
    assert not select.select([s], [], [], 0.2)[0]
    if unacknowledged():
        break
print(unacknowledged())
'''


def has_namespaces():
    return run('--private-net', '-q', 'rst', '--', 'true')[0] == 0


@test()
def a_connection_vanishes_and_comes_back(t):
    if not has_namespaces():
        t.skip('no namespaces here')
    status, out, err = run('--private-net', 'send:"xxxxxxxxxx"; vanish', '--',
                           sys.executable, '-c', VANISH)
    equal((status, out), (0, '1000\n'), err)
    contains(err, 'ended by vanish')
    back = VANISH + '''
s.settimeout(10)
assert s.recv(10) == b'back'
while unacknowledged():
    time.sleep(0.01)
print(0)
'''
    status, out, err = run('--private-net',
                           'send:"xxxxxxxxxx"; vanish:2s; read:1000; send:"back"; '
                           'hold', '--', sys.executable, '-c', back)
    equal((status, out), (0, '1000\n0\n'), err)


@test()
def syns_are_dropped_and_packets_lost(t):
    if not has_namespaces():
        t.skip('no namespaces here')
    probe = '''
import os, socket
try:
    socket.create_connection(('127.0.0.1', int(os.environ['BELAY_FAULT_PORT'])),
                             timeout=0.5)
except TimeoutError:
    print('timeout')
'''
    status, out, err = run('--private-net', 'drop-syn', '--', sys.executable,
                           '-c', probe)
    equal((status, out), (0, 'timeout\n'), err)
    probe = '''
import os, socket, struct
s = socket.create_connection(('127.0.0.1', int(os.environ['BELAY_FAULT_PORT'])))
for i in range(100):
    s.sendall(b'x')
    assert s.recv(1) == b'x'
info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
print(struct.unpack_from('I', info, 100)[0] > 0)
'''
    status, out, err = run('--private-net', 'loss:10%; echo', '--',
                           sys.executable, '-c', probe, seconds=60)
    equal((status, out), (0, 'True\n'), err)


@test(60)
def an_origin_answers_although_packets_are_lost(t):
    if not has_namespaces():
        t.skip('no namespaces here')
    for fault, query in (('loss:10%', ''), ('rate:0', '?fault=loss:10%25')):
        status, out, err = run(
            '--private-net', fault, '--', 'sh', '-c', 'curl -sS "http://'
            f'$BELAY_FAULT_ADDRESS/bytes/20k{query}" | wc -c', seconds=60)
        equal((status, out.strip()), (0, '20480'), err)


main()
