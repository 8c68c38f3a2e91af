"""upstream.py: servers behind a proxy, each of which is one function."""

import socket
import threading

from fault import pattern


class Upstream:
    """A server that is one function called with each socket."""

    def __init__(self, t, serve):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = '127.0.0.1:%d' % self.listener.getsockname()[1]
        self.serve = serve
        t.defer(self.listener.close)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(sock,),
                             daemon=True).start()

    def _run(self, sock):
        try:
            self.serve(sock)
        except OSError:
            pass
        sock.close()


def echo(sock):
    while data := sock.recv(65536):
        sock.sendall(data)


def reply(sock):
    """Answers once the client has said all."""
    data = b''
    while part := sock.recv(65536):
        data += part
    sock.sendall(b'REPLY:' + data)


def flood(sock):
    sock.sendall(pattern(0, 0, 65536) * 160)


# -- Through a proxy ---------------------------------------------------------

def through(sock, data):
    sock.sendall(data)
    got = b''
    while len(got) < len(data):
        part = sock.recv(65536)
        if not part:
            break
        got += part
    return got
