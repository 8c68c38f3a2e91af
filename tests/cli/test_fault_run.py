#!/usr/bin/python3
"""Starting, telling, reloading, ending: belay-fault as a program."""

import os
import random
import resource
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

from fault import (FAULT, RESET, Fault, ask, connect, get, pattern, read_all,
                   reset, run, silent)
from tap import SCALE, contains, equal, main, test

BELAY = os.environ.get('BELAY') or ''


# -- Wrong usage -------------------------------------------------------------

@test()
def what_is_wrong_is_one_line_and_status_2(t):
    config = t.write('c.ini', '[a]\nlisten = 0\nfault = rst@x\n')
    busy = socket.create_server(('127.0.0.1', 0))
    t.defer(busy.close)
    port = busy.getsockname()[1]
    for arguments, part in (
            (['rst; stal:3'], "character 6: no fault 'stal'; did you mean"),
            (['rst@x'], 'character 5: a position is 4096'),
            (['send:10; rst@11'], "the position of 'rst' is never reached"),
            (['rst@50%', '-u', '127.0.0.1:1'], 'never reached'),
            (['up; rst'], "'up' is for a proxy"),
            (['-l', '99999', 'rst'], 'an address is PORT'),
            (['-l', f'127.0.0.1:{port}', 'rst'],
             f'127.0.0.1:{port}: Address already in use'),
            (['-r', '/nonexistent'], '/nonexistent: No such file'),
            (['-r', '/', '-u', '1'], 'exclude each other'),
            (['--seed', 'x', 'rst'], "--seed 'x' is no number"),
            (['-c', config], f'{config}:3: fault'),
            (['-c', '/nonexistent'], '/nonexistent: No such file'),
            (['rst', '--'], "a command has to follow"),
            (['rst', '--', '/nonexistent'], '/nonexistent: No such file'),
            (['--no'], 'unknown option')):
        status, out, err = run(*arguments)
        equal((status, out, err.count('\n')), (2, '', 1), arguments)
        contains(err, part, arguments)


@test()
def configurations_are_checked_by_line(t):
    for text, part in (
            ('listen = 0\n', ":1: 'listen' is in no [section]"),
            ('[a]\nlisten\n', ':2: \'listen\' is no'),
            ('[a]\nport = 3\n', ":2: no 'port'; there are: listen"),
            ('[]\n', ':1: a section is'),
            ('# nothing\n', ': no server'),
            ('[a]\nroot = /\n', "[a] has no 'listen'"),
            ('[a]\nlisten=0\nroot=/\nroot=/\n', ":4: 'root' is there twice"),
            ('[a]\nlisten=0\nroot=/\nupstream=1\n', 'exclude each other')):
        status, _, err = run('-c', t.write('c.ini', text))
        equal(status, 2, text)
        contains(err, part)
    status, _, err = run('--check', '-c', t.write(
        'c.ini', '[a]\nlisten = 0\nfault = send:"a ; b" ; rst\n'))
    equal((status, err), (0, ''))


@test()
def help_and_version(t):
    status, out, _ = run('--help')
    equal(status, 0)
    contains(out, '--private-net')
    status, out, _ = run('--help-faults')
    equal(status, 0)
    contains(out, 'rst[@POSITION]')
    contains(run('--version')[1], 'belay ')
    if BELAY:
        out = subprocess.run([BELAY, 'help', 'fault'], capture_output=True,
                             check=False, text=True).stdout
        contains(out, 'usage: belay fault')


# -- A command ---------------------------------------------------------------

PROBE = '''
import os, socket
port = int(os.environ['BELAY_FAULT_PORT'])
assert os.environ['BELAY_FAULT_PORT_MAIN'] == str(port)
assert os.environ['BELAY_FAULT_ADDRESS'] == '127.0.0.1:%d' % port
s = socket.create_connection(('127.0.0.1', port))
assert s.recv(10) == b'hi'
print('seen')
raise SystemExit(7)
'''


@test()
def a_command_has_the_ports_and_its_status_is_ours(t):
    status, out, err = run('send:"hi"; fin', '--', sys.executable, '-c', PROBE)
    equal((status, out), (7, 'seen\n'), err)
    contains(err, 'sent 2, received 0, ended by fin')
    equal(run('rst', '--', 'sh', '-c', 'kill -9 $$')[0], 128 + 9)
    equal(run('-q', 'rst', '--', 'sh', '-c', 'echo out; echo err >&2'),
          (0, 'out\n', 'err\n'))


@test()
def a_signal_ends_the_command_and_us(t):
    process = subprocess.Popen(
        [FAULT, '-q', 'rst', '--', 'sh', '-c',
         'trap "echo asked; exit 3" TERM; echo up; while :; do sleep 0.05; '
         'done'], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    t.defer(process.stdout.close)
    t.defer(process.kill)
    equal(process.stdout.readline(), b'up\n')
    process.send_signal(signal.SIGTERM)
    equal(process.stdout.readline(), b'asked\n')
    equal(process.wait(10), 3)


# -- Readiness ---------------------------------------------------------------

@test()
def a_file_says_where_it_listens(t):
    path = t.path('ready')
    process = subprocess.Popen([FAULT, '-q', '--ready-file', path, 'rst'],
                               stdout=subprocess.DEVNULL)
    t.defer(process.wait)
    t.defer(process.kill)
    t.until(lambda: os.path.exists(path), 'the file')
    with open(path, encoding='utf-8') as file:
        name, address = file.readline().split()
    equal(name, 'main')
    equal(read_all(connect(t, int(address.rsplit(':', 1)[1]))), (b'', RESET))


@test()
def systemd_is_told(t):
    path = t.path('notify')
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    t.defer(listener.close)
    listener.bind(path)
    listener.settimeout(10)
    env = dict(os.environ, NOTIFY_SOCKET=path)
    status, out, _ = run('-q', 'rst', '--', 'sh', '-c',
                         'echo "${NOTIFY_SOCKET-none}"', env=env)
    equal((status, out, listener.recv(100)), (0, 'none\n', b'READY=1'))


# -- Reloading ---------------------------------------------------------------

@test()
def hup_reloads_and_keeps_what_is_right(t):
    path = t.write('c.ini', '[a]\nlisten = 0\nfault = send:"1"; fin\n'
                   '[b]\nlisten = 0\nfault = send:"b"; fin\n')
    fault = Fault(t, '--config', path, listen=())
    port = fault.port_of('a')
    equal(read_all(connect(t, port)), (b'1', 0))

    def tables():
        return [line for line in fault.lines() if line['event'] == 'listening']
    first = len(tables())
    t.write('c.ini', '[a]\nlisten = 0\nfault = send:"2"; fin\n')
    fault.process.send_signal(signal.SIGHUP)
    t.until(lambda: len(tables()) > first, 'the new table')
    equal(read_all(connect(t, port)), (b'2', 0))
    try:
        connect(t, fault.port_of('b'))
        raise AssertionError('b is still there')
    except ConnectionRefusedError:
        pass
    t.write('c.ini', '[a]\nlisten = 0\nfault = nonsense\n')
    fault.process.send_signal(signal.SIGHUP)
    line = fault.process.stdout.readline().decode()
    contains(line, 'not reloaded: ')
    contains(line, ':3: fault')
    equal(read_all(connect(t, port)), (b'2', 0))


# -- The net -----------------------------------------------------------------

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


# -- TLS ---------------------------------------------------------------------

def tls(t, fault, authority, host='localhost'):
    context = ssl.create_default_context(cafile=authority)
    return context.wrap_socket(connect(t, fault.port), server_hostname=host)


def all_of_tls(t, fault, authority):
    """What comes until the FIN: the data, whether a close_notify was among it,
    and the records.  The library sees bytes, and never the socket, so that it
    cannot take an end for another."""
    context = ssl.create_default_context(cafile=authority)
    come, go = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(come, go, server_hostname='localhost')
    sock = connect(t, fault.port)
    while True:
        try:
            client.do_handshake()
            break
        except ssl.SSLWantReadError:
            sock.sendall(go.read())
            come.write(sock.recv(65536))
    sock.sendall(go.read())
    raw, ended = read_all(sock)
    equal(ended, 0)
    come.write(raw)
    data = b''
    try:
        while part := client.read(100):
            data += part
        return data, True, raw
    except ssl.SSLZeroReturnError:
        return data, True, raw
    except ssl.SSLWantReadError:
        return data, False, raw


@test()
def tls_is_right_and_wrong(t):
    authority = t.path('ca.pem')

    def server(*faults):
        return Fault(t, '--tls-ca', authority, *faults)
    fault = server('tls', 'read-head; send:200000; fin')
    for host in ('localhost', '127.0.0.1'):
        with tls(t, fault, authority, host) as sock:
            sock.sendall(b'GET / HTTP/1.0\r\n\r\n')
            equal(read_all(sock), (pattern(0, 0, 200000), 0))
    for word, part in (('expired', 'expired'),
                       ('wrong-host', 'Hostname mismatch'),
                       ('self-signed', 'self-signed certificate')):
        try:
            tls(t, server('tls:' + word), authority)
            raise AssertionError('it was trusted')
        except ssl.SSLCertVerificationError as error:
            contains(str(error), part)
    for word, is_said in (('tls', True), ('tls:cut', False)):
        data, said, raw = all_of_tls(
            t, server(word, 'send:10; fin'), authority)
        equal((data, said), (pattern(0, 0, 10), is_said), (word, raw))
    sock = connect(t, server('tls:stall').port)
    sock.sendall(b'\x16\x03\x01')
    assert silent(sock)


@test()
def the_origin_speaks_tls_too(t):
    authority = t.path('ca.pem')
    t.write('root/a', b'x' * 100000)
    fault = Fault(t, '--tls-ca', authority, '--root', t.path('root'), 'tls')
    done = subprocess.run(
        ['curl', '-sS', '--cacert', authority,
         f'https://localhost:{fault.port}/a'], capture_output=True, check=False)
    equal((done.returncode, len(done.stdout), done.stderr), (0, 100000, b''))


# -- To whom -----------------------------------------------------------------

@test()
def what_was_done_is_told_by_client(t):
    fault = Fault(t, 'client:127.0.0.2; send:"two"; rst',
                  'client:127.0.0.[13]; send:"other"; read-all; fin',
                  listen=['*:0'])
    for host, wanted in (('127.0.0.1', (b'other', 0)),
                         ('127.0.0.2', (b'two', RESET)),
                         ('127.0.0.2', (b'two', RESET)),
                         ('127.0.0.3', (b'other', 0))):
        sock = socket.socket()
        t.defer(sock.close)
        sock.bind((host, 0))
        sock.connect(('127.0.0.1', fault.port))
        equal(sock.recv(5), wanted[0])
        if wanted[1] == 0:
            sock.shutdown(socket.SHUT_WR)
        equal(read_all(sock), (b'', wanted[1]))
    fault.ended(4)
    fault.stop()
    equal([(line['address'], line['connections'], line['rst'], line['fin'])
           for line in fault.lines() if line['event'] == 'client'],
          [('127.0.0.2', 2, 2, 0), ('127.0.0.1', 1, 0, 1),
           ('127.0.0.3', 1, 0, 1)])


@test()
def many_clients_are_told_together(t):
    fault = Fault(t, '-q', 'rst', listen=['*:0'])
    for number in range(1, 1101):
        sock = socket.socket()
        sock.bind((f'127.0.{number // 250}.{number % 250 + 1}', 0))
        # On a busy machine the reset is told here already.
        ended = sock.connect_ex(('127.0.0.1', fault.port))
        equal(ended or read_all(sock)[1], RESET)
        sock.close()
    fault.stop()
    lines = [line for line in fault.lines() if line['event'] == 'client']
    equal((len(lines), lines[-1]['address'],
           sum(line['connections'] for line in lines)), (21, 'others', 1100))


@test()
def a_client_that_does_not_read_is_reset_in_the_end(t):
    fault = Fault(t, '--verify', 'conn:1; send:100k; rst:200ms',
                  'conn:2; flood; rst@200ms:0s', listen=['127.0.0.1:0'])
    for number in range(2):
        sock = connect(t, fault.port, receive_buffer=4096)
        equal(fault.ended(number + 1)[number]['end'], 'rst')
        equal(read_all(sock)[1], RESET)
    equal(fault.stop(), -signal.SIGTERM)


# -- Verifying ---------------------------------------------------------------

@test()
def what_was_promised_is_verified(t):
    fault = Fault(t, '--verify', 'conn:1; send:100000; rst',
                  'conn:2; send:10; fin', 'conn:3; send:100000; fin')
    equal(len(read_all(connect(t, fault.port))[0]), 100000)
    equal(len(read_all(connect(t, fault.port))[0]), 10)
    fault.ended(1)
    equal(fault.stop(signal.SIGINT), -signal.SIGINT)
    equal(fault.lines()[-1]['wrong'], 0)


# -- Many --------------------------------------------------------------------

@test(120)
def thousands_of_idle_connections_cost_little_and_go_at_once(t):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    count = min(18000, limit - 500)
    fault = Fault(t, '-q', 'hold', listen=['127.0.0.1:0'])

    def memory():
        with open(f'/proc/{fault.process.pid}/status',
                  encoding='utf-8') as file:
            return next(int(line.split()[1]) for line in file
                        if line.startswith('RssAnon'))
    before = memory()
    socks = [connect(t, fault.port) for _ in range(count)]
    fds = f'/proc/{fault.process.pid}/fd'
    t.until(lambda: len(os.listdir(fds)) >= count, 'all are accepted')
    each = (memory() - before) * 1024 / count
    began = time.monotonic()
    equal(fault.stop(), -signal.SIGTERM)
    took = time.monotonic() - began
    equal(read_all(socks[0])[0], b'')
    t.note(f'{count} connections, {each:.0f} bytes each, gone in {took:.2f} s')
    assert each <= 200 * SCALE, each
    assert took < 1, took


@test()
def nothing_that_a_client_sends_is_kept(t):
    fault = Fault(t, '--max-connections', '50')
    for number in range(30):
        sock = ask(t, fault.port, '/bytes/1k', 'X: ' + 'a' * number * 1000,
                   close=False)
        sock.sendall(b'\r\n' * number)
    equal(get(t, fault.port, '/bytes/10').status, 200)


STORM_URLS = ('', 'chunked:cut', 'rst@10%25', 'latency:3ms;rate:10M',
              'stall@5:5ms;half-close', 'send:3;answer;rst', 'rst@3ms;hold')
STORM_FAULTS = ('latency:1ms~1ms', 'rate:1M', 'rst@100k', 'rst@20ms', 'fin',
                'up; latency:1ms', 'rst@"HTTP"', 'corrupt@5', 'p:50%; rst')


def storm(ports, chance, until):
    """Clients that ask, read a little or all, and leave in every way."""
    while time.monotonic() < until:
        sock = socket.socket()
        sock.settimeout(2)
        try:
            sock.connect(('127.0.0.1', chance.choice(ports)))
            sock.sendall(f'GET /bytes/200k?fault={chance.choice(STORM_URLS)} '
                         'HTTP/1.1\r\n\r\n'.encode() * chance.choice((1, 2)))
            if chance.random() < 0.3:
                sock.shutdown(socket.SHUT_WR)
            for _ in range(chance.choice((0, 1, 100))):
                if not sock.recv(65536):
                    break
            if chance.random() < 0.3:
                reset(sock)
        except OSError:
            pass
        sock.close()


@test(60)
def a_storm_of_clients_and_reloads_is_survived_and_verified(t):
    chance = t.random()
    probes = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()

    def write(fault):
        return t.write('c.ini', f"""[o]
listen = 127.0.0.1:{ports[0]}
fault = p:20%; rst@50%
[p]
listen = 127.0.0.1:{ports[1]}
upstream = 127.0.0.1:{ports[0]}
fault = {fault}
""")
    fault = Fault(t, '-q', '--verify', '-c', write('rst'), listen=())
    until = time.monotonic() + 3
    threads = [threading.Thread(target=storm, args=(
        ports, random.Random(chance.random()), until)) for _ in range(8)]
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        tables = len(fault.lines())
        write(chance.choice(STORM_FAULTS))
        fault.process.send_signal(signal.SIGHUP)
        t.until(lambda: len(fault.lines()) > tables, 'the new table')
    for thread in threads:
        thread.join()
    equal(fault.stop(), -signal.SIGTERM)
    verified = fault.lines()[-1]
    equal((verified['event'], verified['wrong']), ('verify', 0), fault.output)
    equal(fault.output, '')


main()
