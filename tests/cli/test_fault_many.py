#!/usr/bin/python3
"""Many clients: what they cost, that they are told of, and that they harm
nobody."""

import os
import random
import resource
import signal
import socket
import threading
import time

from fault import RESET, Fault, ask, connect, get, read_all, reset
from tap import SCALE, equal, main, test


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
