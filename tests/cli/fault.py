"""fault.py: belay-fault as a test suite uses it, and raw sockets against it.

`Fault(t, 'rst@4096')` starts the program of BELAY_FAULT and waits until it says
that it listens.  `fault.port` is where; `fault.ended(n)` waits for the log
lines of n connections.
"""

import errno
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time

from tap import SCALE

FAULT = os.environ.get('BELAY_FAULT') or ''
MASK = (1 << 64) - 1


class Fault:
    """A running belay-fault."""

    def __init__(self, t, *arguments, prefix=(), listen=('0',), env=None):
        self.log = t.path(f'log{len(os.listdir(t.dir))}')
        ready, theirs = os.pipe()
        command = [*prefix, FAULT, '--json', '--log', self.log,
                   '--ready-fd', str(theirs)]
        for address in listen:
            command += ['--listen', address]
        self.process = subprocess.Popen(
            command + list(arguments), pass_fds=[theirs], env=env,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL)
        os.close(theirs)
        t.defer(self.close)
        t.on_failure.append(self.tell)
        self.t = t
        self.addresses = self._wait(ready)

    def _wait(self, ready):
        text = b''
        while select.select([ready], [], [], 10 * SCALE)[0]:
            part = os.read(ready, 65536)
            if not part:
                break
            text += part
        os.close(ready)
        return [line.split() for line in text.decode().splitlines()]

    @property
    def port(self):
        if not self.addresses:
            raise AssertionError('it does not listen: ' + self.tell())
        return int(self.addresses[0][1].rsplit(':', 1)[1])

    def port_of(self, name):
        return next(int(address.rsplit(':', 1)[1])
                    for server, address in self.addresses if server == name)

    def lines(self):
        try:
            with open(self.log, encoding='utf-8') as file:
                whole = file.read().split('\n')[:-1]
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in whole]

    def ended(self, count=1):
        """The log lines of `count` connections, once they have ended."""
        def look():
            lines = [line for line in self.lines()
                     if line['event'] == 'connection']
            return lines if len(lines) >= count else None
        return self.t.until(look, f'{count} connections in the log')

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait()

    def wait(self, seconds=20):
        output = self.process.communicate(timeout=seconds * SCALE)[0]
        self.output = output.decode(errors='replace')
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def tell(self):
        lines = '\n'.join(str(line) for line in self.lines()[-5:])
        return f'{self.process.args}\n{lines}'


class Origin(Fault):
    """One whose generated file a client downloads: `url`, and `body`."""

    def __init__(self, t, *faults, size=100000, name='x'):
        if not FAULT:
            t.skip('BELAY_FAULT does not name the program')
        super().__init__(t, *faults, listen=['127.0.0.1:0'])
        self.body = pattern(0, 0, size)
        self.url = f'http://127.0.0.1:{self.port}/bytes/{size}/{name}'

    def asked(self):
        """Ends it; how many requests, or connections without one, it had."""
        self.stop()
        return sum(line.get('requests') or 1 for line in self.lines()
                   if line['event'] == 'connection')


def run(*arguments, env=None, seconds=20, prefix=()):
    """Runs it to its end: status, standard output, standard error."""
    done = subprocess.run([*prefix, FAULT, *arguments], env=env,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=seconds * SCALE, check=False)
    return (done.returncode, done.stdout.decode(errors='replace'),
            done.stderr.decode(errors='replace'))


# -- Clients -----------------------------------------------------------------

def connect(t, port, host='127.0.0.1', receive_buffer=None):
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    sock = socket.socket(family)
    t.defer(sock.close)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.connect((host, port))  # with a timeout it would tell of a reset
    sock.settimeout(15 * SCALE)
    return sock


def read_all(sock, slow=0):
    """What comes until the end, and the errno that it ended by (0: FIN)."""
    data = bytearray()
    try:
        while True:
            part = sock.recv(4096 if slow else 1 << 20)
            if not part:
                return bytes(data), 0
            data += part
            if slow and len(data) % slow < len(part):
                time.sleep(0.001)  # a reader that is slow; nothing is awaited
    except OSError as error:
        return bytes(data), error.errno or -1


def ask(t, port, path='/', *lines, method='GET', version='1.1', close=True):
    """Sends one request; the socket."""
    sock = connect(t, port)
    head = [f'{method} {path} HTTP/{version}', 'Host: localhost', *lines]
    if close:
        head.append('Connection: close')
    sock.sendall('\r\n'.join(head + ['', '']).encode())
    return sock


class Response:
    def __init__(self, raw, ended):
        head, _, self.body = raw.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        self.raw, self.ended = raw, ended
        found = re.match(r'HTTP/1\.. (\d+)', lines[0])
        self.status = int(found[1]) if found else 0
        self.fields = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            self.fields[name.lower()] = value.strip()


def get(t, port, path='/', *lines, **more):
    return Response(*read_all(ask(t, port, path, *lines, **more)))


def endings(t, port, count=24):
    """How so many connections end, one after the other, that say nothing."""
    ends = []
    for _ in range(count):
        sock = connect(t, port)
        try:
            sock.shutdown(socket.SHUT_WR)
        except OSError:  # it was reset before
            pass
        ends.append(read_all(sock)[1])
    return ends


def silent(sock, seconds=0.3):
    """Whether nothing comes, neither data nor an end, for so long."""
    return not select.select([sock], [], [], seconds)[0]


def reset(sock):
    """Closes with a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))
    sock.close()


def pattern(seed, offset, size):
    """The bytes of a generated file, from their definition."""
    data = bytearray()
    for n in range(offset // 8, (offset + size + 7) // 8):
        z = (seed + (n + 1) * 0x9e3779b97f4a7c15) & MASK
        z = ((z ^ z >> 30) * 0xbf58476d1ce4e5b9) & MASK
        z = ((z ^ z >> 27) * 0x94d049bb133111eb) & MASK
        data += (z ^ z >> 31).to_bytes(8, 'little')
    return bytes(data[offset % 8:offset % 8 + size])


RESET = errno.ECONNRESET
