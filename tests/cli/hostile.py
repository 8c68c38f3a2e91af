"""hostile.py: a web server that misbehaves exactly as told, where a test has to
see what was asked, or belay fault has no word for it.

    server = Hostile(t)
    url = server.serve('/x', body, reset_after(1000), status(503), fine())

The first request for /x is reset after 1000 bytes of the body, the second gets
a 503, the third and all later ones are served properly.  Each behaviour is a
function of one Exchange.  `server.asked('/x')` is the list of what was asked.
A behaviour that stalls does so until the test ends or calls release(); that
all of its bytes have reached the client is known, see wait_stalled().
"""

import collections
import email.utils
import fcntl
import re
import socket
import struct
import termios
import threading
import time

import tap

Asked = collections.namedtuple('Asked', 'method path range if_range headers')


def date(seconds=0):
    """The date of HTTP, so many seconds from now."""
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


class Resource:
    def __init__(self, body, etag, modified, script):
        self.body, self.etag, self.modified = body, etag, modified
        self.script = script
        self.requests = 0


class Gone(Exception):
    """The client has left, or we have been told to leave it."""


class Exchange:
    """One request and what may be done about it."""

    def __init__(self, server, connection, asked, resource):
        self.server, self.connection = server, connection
        self.asked, self.resource = asked, resource
        self.body = resource.body
        self.start, self.end, self.ranged = 0, len(self.body) - 1, False
        if not asked.if_range or asked.if_range in (resource.etag,
                                                    resource.modified):
            self.ignore_condition()

    def ignore_condition(self):
        """Takes the range as it was asked for, if there was one."""
        match = re.fullmatch(r'bytes=(\d+)-(\d*)', self.asked.range or '')
        if match:
            self.ranged, self.start = True, int(match.group(1))
            self.end = min(int(match.group(2) or self.end), self.end)

    @property
    def part(self):
        """The bytes that the request is entitled to."""
        return self.body[self.start:self.end + 1]

    def head(self, code, *headers, length=None, validators=True):
        lines = [f'HTTP/1.1 {code}', f'Date: {date()}']
        if validators and self.resource.etag:
            lines.append(f'ETag: {self.resource.etag}')
        if validators and self.resource.modified:
            lines.append(f'Last-Modified: {self.resource.modified}')
        if length is not None:
            lines.append(f'Content-Length: {length}')
        self.send('\r\n'.join([*lines, *headers, '', '']).encode())

    def proper_head(self, *headers, length=None):
        """The head that a good server sends: 200 or 206."""
        length = len(self.part) if length is None else length
        if self.ranged and self.start >= len(self.body):
            self.head('416 Range Not Satisfiable',
                      f'Content-Range: bytes */{len(self.body)}', length=0)
        elif self.ranged:
            self.head('206 Partial Content', 'Content-Range: bytes '
                      f'{self.start}-{self.end}/{len(self.body)}', *headers,
                      length=length)
        else:
            self.head('200 OK', 'Accept-Ranges: bytes', *headers,
                      length=length)

    def send(self, data):
        try:
            self.connection.sendall(data)
        except OSError:
            raise Gone from None

    def drain(self):
        """Waits until the client's kernel has everything."""
        while not self.server.closing:
            try:
                left = fcntl.ioctl(self.connection, termios.TIOCOUTQ, b'1234')
            except OSError:
                raise Gone from None
            if struct.unpack('i', left)[0] == 0:
                return
            time.sleep(0.001)

    def reset(self):
        """Ends the connection by RST, after all that was sent."""
        self.drain()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack('ii', 1, 0))
        raise Gone

    def stall(self):
        """Says nothing until released."""
        self.drain()
        with self.server.changed:
            self.server.stalled += 1
            self.server.changed.notify_all()
        self.server.released.wait()
        with self.server.changed:
            self.server.stalled -= 1


class Hostile:
    """A running server; ended when the test is."""

    def __init__(self, t):
        self.t = t
        self.resources = {}
        self.log = []
        self.stalled = 0
        self.closing = False
        self.changed = threading.Condition()
        self.released = threading.Event()
        self.connections = set()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=4096)
        self.port = self.listener.getsockname()[1]
        t.defer(self.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def serve(self, path, body, *script, etag='"v1"', modified=None):
        """Puts a resource there (again); returns its URL."""
        self.resources[path] = Resource(body, etag, modified,
                                        script or (fine(),))
        return self.url(path)

    def url(self, path):
        return f'http://127.0.0.1:{self.port}{path}'

    def asked(self, path=None):
        with self.changed:
            return [asked for asked in self.log
                    if path is None or asked.path == path]

    def wait_asked(self, path, count=1):
        """Waits until a path was asked for `count` times."""
        self.t.until(lambda: len(self.asked(path)) >= count,
                     f'{count} requests for {path}')

    def wait_stalled(self, count=1, seconds=10):
        """Waits until `count` exchanges stall, all their bytes delivered."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.stalled >= count,
                                         seconds * tap.SCALE):
                raise AssertionError(f'{self.stalled} stalled, not {count}')

    def release(self):
        self.released.set()

    def close(self):
        self.closing = True
        self.released.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.changed:
            for connection in self.connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.changed:
                self.connections.add(connection)
            threading.Thread(target=self._converse, args=(connection,),
                             daemon=True).start()

    def _converse(self, connection):
        try:
            with connection.makefile('rb') as stream:
                while not self.closing and self._exchange(connection, stream):
                    pass
        except (Gone, OSError):
            pass
        finally:
            with self.changed:
                self.connections.discard(connection)
            connection.close()

    def _exchange(self, connection, stream):
        """One request; whether the connection stays."""
        line = stream.readline(65536).split()
        if len(line) != 3:
            return False
        headers = {}
        while (field := stream.readline(65536).strip()):
            name, _, value = field.decode('latin-1').partition(':')
            headers[name.lower()] = value.strip()
        asked = Asked(line[0].decode(), line[1].decode(),
                      headers.get('range'), headers.get('if-range'), headers)
        resource = self.resources.get(asked.path) or Resource(
            b'no such file\n', None, None, (status(404),))
        with self.changed:
            self.log.append(asked)
            number = resource.requests
            resource.requests += 1
        act = resource.script[min(number, len(resource.script) - 1)]
        act(Exchange(self, connection, asked, resource))
        return act.stays


def behaviour(stays=False):
    """Makes a factory of behaviours out of a function whose first argument is
    the exchange; `stays`: the connection is of use afterwards."""
    def decorate(function):
        def factory(*arguments, **named):
            def act(exchange):
                function(exchange, *arguments, **named)
            act.stays = stays
            return act
        factory.__doc__ = function.__doc__
        return factory
    return decorate


@behaviour(stays=True)
def fine(exchange):
    """What a good server does."""
    exchange.proper_head()
    exchange.send(exchange.part)


@behaviour(stays=True)
def status(exchange, code, *headers):
    """An error with a body that must never be taken for the file."""
    text = b'<h1>This is an error page.</h1>\n'
    exchange.head(f'{code} Something', *headers, length=len(text),
                  validators=False)
    exchange.send(text)


@behaviour(stays=True)
def redirect(exchange, to):
    exchange.head('302 Found', f'Location: {to}', length=0, validators=False)


@behaviour()
def reset_at_once(exchange):
    """RST before any byte of an answer."""
    exchange.reset()


@behaviour()
def reset_after(exchange, count):
    """RST after so many bytes of the body."""
    exchange.proper_head()
    exchange.send(exchange.part[:count])
    exchange.reset()


@behaviour()
def close_after(exchange, count):
    """FIN after so many bytes of the body."""
    exchange.proper_head()
    exchange.send(exchange.part[:count])


@behaviour()
def stall_after(exchange, count):
    """Silence after so many bytes; once released, the rest."""
    exchange.proper_head()
    exchange.send(exchange.part[:count])
    exchange.stall()
    exchange.send(exchange.part[count:])


@behaviour()
def chunked(exchange, cut=None):
    """A body in chunks; with `cut` it ends after so many bytes, with no last
    chunk."""
    exchange.head('200 OK', 'Transfer-Encoding: chunked')
    body = exchange.body[:cut]
    for at in range(0, len(body), 10000):
        piece = body[at:at + 10000]
        exchange.send(b'%x\r\n%s\r\n' % (len(piece), piece))
    if cut is None:
        exchange.send(b'0\r\n\r\n')


@behaviour()
def until_close(exchange, cut=None):
    """No length at all: the end of the connection is the end of the body."""
    exchange.head('200 OK', 'Connection: close')
    exchange.send(exchange.body[:cut])


@behaviour()
def excess(exchange, extra):
    """More bytes than Content-Length says."""
    exchange.proper_head()
    exchange.send(exchange.part + extra)


@behaviour(stays=True)
def whole(exchange):
    """200 and the whole file, whatever range was asked for."""
    exchange.head('200 OK', length=len(exchange.body))
    exchange.send(exchange.body)


@behaviour(stays=True)
def part_of(exchange, start=0, end=0, total=0, honest=True, said=True):
    """A 206 that is off by so many bytes in its start, its end or its total.
    `honest`: the bytes are those that it announces; else those that were
    asked for.  `said`: there is a Content-Range at all."""
    if not exchange.ranged:
        exchange.proper_head()
        exchange.send(exchange.part)
        return
    first, last = exchange.start + start, exchange.end + end
    body = exchange.body[first:last + 1] if honest else exchange.part
    headers = [f'Content-Range: bytes {first}-{last}/'
               f'{len(exchange.body) + total}'] if said else []
    exchange.head('206 Partial Content', *headers, length=len(body))
    exchange.send(body)


@behaviour(stays=True)
def lying(exchange, shift):
    """The proper head of a range, with bytes from elsewhere in the file."""
    exchange.proper_head()
    if exchange.start == 0:
        exchange.send(exchange.part)
        return
    turned = exchange.body[shift:] + exchange.body[:shift]
    exchange.send(turned[exchange.start:exchange.end + 1])


@behaviour(stays=True)
def deaf(exchange):
    """A 206 whatever If-Range said."""
    exchange.ignore_condition()
    exchange.proper_head()
    exchange.send(exchange.part)


@behaviour(stays=True)
def becomes(exchange, body, etag, act):
    """The resource is another one from now on; then as `act` says."""
    exchange.resource.body, exchange.resource.etag = body, etag
    act(Exchange(exchange.server, exchange.connection, exchange.asked,
                 exchange.resource))


@behaviour(stays=True)
def unasked_206(exchange):
    """A 206 of the middle, though no range was asked for."""
    body = exchange.body[1000:2000]
    exchange.head('206 Partial Content', 'Content-Range: bytes 1000-1999/'
                  f'{len(exchange.body)}', length=len(body))
    exchange.send(body)


@behaviour(stays=True)
def encoded(exchange):
    """gzip that nobody asked for, on a range as well."""
    import gzip
    body = gzip.compress(exchange.body)[exchange.start:]
    exchange.proper_head('Content-Encoding: gzip', length=len(body))
    exchange.send(body)


@behaviour(stays=True)
def disposition(exchange, value):
    exchange.proper_head(f'Content-Disposition: {value}')
    exchange.send(exchange.part)


def blackhole(t):
    """An address where connecting never ends: a listener whose queue is
    full, so that our SYNs go unanswered."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(0)
    t.defer(listener.close)
    address = listener.getsockname()
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(address)
        t.defer(filler.close)
    return f'http://127.0.0.1:{address[1]}'
