#!/usr/bin/python3
"""Starting, telling, reloading, ending: belay-fault as a program."""

import os
import signal
import socket
import subprocess
import sys

from fault import FAULT, RESET, Fault, connect, read_all, run
from tap import contains, equal, main, test

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
def what_is_only_checked_takes_nothing_from_who_runs(t):
    there = f'127.0.0.1:{Fault(t, "rst", listen=["127.0.0.1:0"]).port}'
    equal(run('--check', '--log', t.path('log'), '--tls-ca', t.path('ca'),
              '--api', there, '-l', there, 'rst'), (0, '', ''))
    equal([name for name in ('log', 'ca') if os.path.exists(t.path(name))], [])


@test()
def a_seed_that_was_chosen_is_told_and_replays(t):
    def decisions(*options):
        fault = Fault(t, *options, 'p:50%; rst', 'fin',
                      listen=['127.0.0.1:0'])
        for _ in range(20):
            read_all(connect(t, fault.port))
        fault.stop()
        return ([line['end'] for line in fault.ended(20)],
                [line['seed'] for line in fault.lines()
                 if line['event'] == 'seed'])
    ends, (seed,) = decisions()
    equal(decisions('--seed', str(seed)), (ends, []))


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


@test()
def a_client_that_does_not_read_is_reset_in_the_end(t):
    fault = Fault(t, '--verify', 'conn:1; send:100k; rst:200ms',
                  'conn:2; flood; rst@200ms:0s', listen=['127.0.0.1:0'])
    for number in range(2):
        sock = connect(t, fault.port, receive_buffer=4096)
        equal(fault.ended(number + 1)[number]['end'], 'rst')
        equal(read_all(sock)[1], RESET)
    equal(fault.stop(), -signal.SIGTERM)


main()
