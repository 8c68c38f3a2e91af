#!/usr/bin/python3
"""Control at run time as a part of the program: reloads, addresses, curl."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys

from api import Api
from fault import Fault, connect, get, read_all, run, silent
from tap import contains, equal, main, test
from upstream import echo, through


@test()
def without_servers_it_waits_for_clients(t):
    api = Api(t)
    equal([name for name, _ in api.fault.addresses], ['api'])
    equal(api.fault.stop(), -signal.SIGTERM)


@test()
def a_reload_keeps_what_was_done_at_run_time(t):
    def write(text):
        return t.write('c.ini', '[a]\nlisten = 127.0.0.1:0\n' + text)
    api = Api(t, '--config', write('fault = status:500\n'))
    port = api.fault.port_of('a')
    own = api.proxy(echo)
    api.toxic('fault', name='a', fault='header:X-Own: yes')

    def hangs_up(text):
        tables = len(api.fault.lines())
        write(text)
        api.fault.process.send_signal(signal.SIGHUP)
        t.until(lambda: len(api.fault.lines()) > tables, 'the new table')
    hangs_up('fault = status:501\n')
    answer = get(t, port, '/bytes/1')
    equal((answer.status, answer.fields.get('x-own')), (501, 'yes'))
    equal(through(connect(t, own), b'x'), b'x')


@test()
def a_reload_that_is_refused_late_changes_nothing(t):
    def write(text):
        return t.write('c.ini', text)
    first = ('[a]\nlisten = 127.0.0.1:0\nfault = send:"1"; read-all\n'
             '[b]\nlisten = 127.0.0.1:0\nfault = send:"2"; read-all\n')
    fault = Fault(t, '--config', write(first), listen=())
    ports = fault.port_of('a'), fault.port_of('b')
    socks = [connect(t, port) for port in ports]
    equal([sock.recv(10) for sock in socks], [b'1', b'2'])
    busy = socket.create_server(('127.0.0.1', 0))
    t.defer(busy.close)
    taken = busy.getsockname()[1]
    for text in (
            '[a]\nlisten = 127.0.0.1:0\nfault = send:"x"; fin\n'
            f'[c]\nlisten = 127.0.0.1:{taken}\n',
            f'[a]\nlisten = 127.0.0.1:{ports[0]}\nroot = /nonexistent\n',
            f'[n]\nlisten = 127.0.0.1:{ports[1]}\n'
            f'[c]\nlisten = 127.0.0.1:{taken}\n',
            '[a]\nlisten = 127.0.0.1:0\nfault = send:"x"; fin\n'
            '[b]\nlisten = 127.0.0.1:0\nfault = up; rst\n'):
        write(text)
        fault.process.send_signal(signal.SIGHUP)
        contains(fault.process.stdout.readline().decode(), 'not reloaded: ')
        for port, said in zip(ports, (b'1', b'2')):
            equal(connect(t, port).recv(10), said, text)
    for sock in socks:
        assert silent(sock, 0.02)


@test()
def addresses_are_loopback_unix_or_refused(t):
    path = t.path('control')
    fault = Fault(t, '--api', 'unix:' + path, listen=())
    equal(fault.addresses, [['api', 'unix:' + path]])
    sock = socket.socket(socket.AF_UNIX)
    t.defer(sock.close)
    sock.connect(path)
    sock.sendall(b'GET /proxies HTTP/1.0\r\n\r\n')
    contains(read_all(sock)[0].decode(), '\r\n\r\n{}')
    fault.stop()
    equal(os.path.exists(path), False)
    busy = socket.create_server(('127.0.0.1', 0))
    t.defer(busy.close)
    address = '127.0.0.1:%d' % busy.getsockname()[1]
    equal(run('--api', address)[::2],
          (2, f'belay fault: --api {address}: Address already in use\n'))
    contains(run('--api', 'x')[2], 'an address is PORT')
    probe = 'import os; print(os.environ["BELAY_FAULT_API"])'
    contains(run('-q', '--api', '0', '--', sys.executable, '-c', probe)[1],
             '127.0.0.1:')


@test()
def whoever_controls_it_is_not_kept_out_by_its_clients(t):
    api = Api(t, 'hold', listen=['127.0.0.1:0'],
              prefix=('sh', '-c', 'ulimit -n 40; exec "$0" "$@"'))
    socks = [connect(t, api.fault.port) for _ in range(40)]
    ended = api.fault.ended()
    equal((ended[0]['end'], ended[0]['client'][:10]), ('limit', '127.0.0.1:'))
    for _ in range(3):  # each in the place of the one before
        client = http.client.HTTPConnection('127.0.0.1', api.port, timeout=15)
        t.defer(client.close)
        client.request('GET', '/version')
        equal(client.getresponse().status, 200)
    for sock in socks:
        sock.close()


@test()
def curl_is_a_client_too(t):
    api = Api(t)
    body = json.dumps({'name': 'x' * 150, 'listen': '127.0.0.1:0',
                       'upstream': '127.0.0.1:1', 'more': ' ' * 3000})
    for extra in ([], ['-H', 'Expect: 100-continue'],
                  ['-H', 'Transfer-Encoding: chunked']):
        done = subprocess.run(
            ['curl', '-sS', '-w', '%{http_code}', *extra, '-d', body,
             f'http://127.0.0.1:{api.port}/proxies'],
            capture_output=True, check=False, text=True)
        equal((done.returncode, done.stdout[-3:]), (0, '201'), done)
        api.good('DELETE', '/proxies/' + 'x' * 150)


main()
