"""plain.py: what one writes for a test, in twenty lines: a thread for each
connection.

    plain.py rst | hold | drip PERIOD-MS
"""
import socket
import socketserver
import struct
import sys
import threading
import time


class Rst(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                struct.pack('ii', 1, 0))

    def finish(self):
        self.request.close()


class Hold(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(1)


class Drip(socketserver.BaseRequestHandler):
    def handle(self):
        while True:
            self.request.sendall(b'x')
            time.sleep(float(sys.argv[2]) / 1000)


class Server(socketserver.ThreadingTCPServer):
    request_queue_size = 4096
    daemon_threads = True

    def shutdown_request(self, request):
        request.close()

    def handle_error(self, *_):
        pass


threading.stack_size(64 * 1024)
handler = {'rst': Rst, 'hold': Hold, 'drip': Drip}[sys.argv[1]]
with Server(('127.0.0.1', 0), handler) as server:
    print(server.server_address[1], flush=True)
    server.serve_forever()
