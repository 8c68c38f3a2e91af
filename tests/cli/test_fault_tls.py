#!/usr/bin/python3
"""TLS, right and wrong."""

import ssl
import subprocess

from fault import Fault, connect, pattern, read_all, silent
from tap import contains, equal, main, test


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


main()
