"""The examples that have connections do what their first lines say; the clients
against belay fault too, if it was built."""
import os
import select
import signal
import socket
import struct
import subprocess

from examples import FAULT, SECONDS, Example, all_have_been_run
from gate import case, main


def resets(name, *scope):
    """Starts a client, resets its connection once it has one."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        example = Example(name, server.getsockname()[1], *scope,
                          stderr=subprocess.STDOUT)
        connection, _ = server.accept()
        example.says('connected')
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack('ii', 1, 0))
        connection.close()
        return example


def refused(name, *scope):
    """Starts a client with a port where nobody listens."""
    with socket.socket() as bound:
        bound.bind(('127.0.0.1', 0))
        example = Example(name, bound.getsockname()[1], *scope,
                          stderr=subprocess.STDOUT)
        example.says('connect: Connection refused')
        return example


@case
def a_client_dies_of_a_reset_without_a_word(folder):
    with resets('client_that_dies') as example:
        example.says('read: Connection reset by peer')
        example.ends(-signal.SIGPIPE, 'now it writes\n')


@case
def a_client_dies_of_a_refusal_without_a_word(folder):
    with refused('client_that_dies') as example:
        example.says_like('read: .*')
        example.ends(-signal.SIGPIPE, 'now it writes\n')


# What is said once it has been survived, by what was guarded.
SCOPES = {
    'call': 'belay_send: Broken pipe\nbelay_write: Broken pipe\n',
    'thread': 'write, thread guarded: Broken pipe\n',
    'process': 'write, process guarded: Broken pipe\n',
}


@case
def a_client_lives_and_reports_a_reset(folder):
    for scope, said in SCOPES.items():
        with resets('client_that_lives', scope) as example:
            example.says('read: Connection reset by peer')
            example.ends(0, f'now it writes\n{said}still here\n')


@case
def a_client_lives_and_reports_a_refusal(folder):
    for scope, said in SCOPES.items():
        with refused('client_that_lives', scope) as example:
            example.says_like('read: .*')
            example.ends(0, f'now it writes\n{said}still here\n')


def lives_or_dies(port, reset):
    """Both clients, each scope; reset by the server, or refused."""
    began = ('connected\nread: Connection reset by peer\n' if reset else
             'connect: Connection refused\n'
             'read: Transport endpoint is not connected\n')
    with Example('client_that_dies', port, stderr=subprocess.STDOUT) as dying:
        dying.ends(-signal.SIGPIPE, began + 'now it writes\n')
    for scope, said in SCOPES.items():
        with Example('client_that_lives', port, scope,
                     stderr=subprocess.STDOUT) as living:
            living.ends(0, f'{began}now it writes\n{said}still here\n')


def with_belay_fault(function):
    """Against belay fault, if it was built."""
    name = function.__name__ + ('' if FAULT else ' # SKIP it was not built')
    run = function if FAULT else lambda folder: None
    run.__name__ = name
    return case(run)


def fault_says(*arguments):
    """A running belay fault, and where its servers are; None if it is not."""
    ready, theirs = os.pipe()
    process = subprocess.Popen(
        [FAULT, '--quiet', '--ready-fd', str(theirs), *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        pass_fds=[theirs])
    os.close(theirs)
    text = b''
    while select.select([ready], [], [], SECONDS)[0]:
        part = os.read(ready, 65536)
        if not part:
            break
        text += part
    os.close(ready)
    if not text:
        process.kill()
        process.communicate()
        return None, {}
    return process, {line.split()[0]: int(line.rpartition(':')[2])
                     for line in text.decode().splitlines()
                     if '127.0.0.1:' in line}


@with_belay_fault
def sigpipe_101_with_belay_fault_in_cynics_place(folder):
    """The ports of Cynic may be taken; then it is the same on another."""
    process, ports = fault_says()
    if process is None:
        process, ports = fault_says('rst')
    with process:
        try:
            port = ports.get('rst') or ports['main']
            lives_or_dies(port, reset=True)
        finally:
            process.terminate()


@with_belay_fault
def sigpipe_101_where_nobody_listens(folder):
    process, ports = fault_says('refused')
    with process:
        try:
            lives_or_dies(ports['main'], reset=False)
        finally:
            process.terminate()


class Client:
    """A connection to threaded_server, which has a thread for it."""

    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port), SECONDS)
        self.is_served('hello')

    def is_served(self, word):
        self.socket.sendall(word.encode())
        got = b''
        while len(got) < len(word):
            block = self.socket.recv(100)
            assert block, 'the server has ended the connection'
            got += block
        assert got.decode() == word, got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def serve(example):
    return int(example.says_like('listening on port ([0-9]+)')[1])


@case
def a_server_lets_connections_come_to_their_end(folder):
    with Example('threaded_server') as example:
        port = serve(example)
        with Client(port):
            pass
        with Client(port) as one, Client(port) as two:
            example.send(signal.SIGINT)
            example.says_like('no more are accepted; '
                              'connections that run on: [23]')
            try:
                socket.create_connection(('127.0.0.1', port), SECONDS).close()
                raise AssertionError('a connection was accepted')
            except ConnectionRefusedError:
                pass
            one.is_served('still')
            two.is_served('here')
        example.ends(-signal.SIGINT)


@case
def a_server_without_connections_ends_at_the_first_ctrl_c(folder):
    with Example('threaded_server') as example:
        with Client(serve(example)) as client:
            client.socket.shutdown(socket.SHUT_WR)
            assert client.socket.recv(1) == b''
        example.send(signal.SIGINT)
        example.says_like('no more are accepted; .*')
        example.ends(-signal.SIGINT)


@case
def a_second_ctrl_c_ends_the_server_at_once(folder):
    with Example('threaded_server') as example:
        with Client(serve(example)):
            example.send(signal.SIGINT)
            example.says('no more are accepted; connections that run on: 1')
            example.is_silent()
            example.send(signal.SIGINT)
            example.ends(-signal.SIGINT)


@case
def every_example_has_been_run(folder):
    all_have_been_run()


main()
