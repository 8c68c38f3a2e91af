"""clients.py: what real clients make of each fault of belay-fault.

`FAULTS` is a list of trials: faults, and what a file may be after them.
`attempt(t, client, trial)` starts a server of its own with these faults, lets
the client download /bytes/1M/file.bin from it, and says how that went: an
Outcome.  tools/fault-clients makes the table of docs/fault-clients.md of it,
test_fault_clients.py holds belay get to it.
"""

import collections
import functools
import hashlib
import os
import re
import resource
import shutil
import signal
import subprocess

import fault
import program
from tap import SCALE

SECONDS = 30  # after so long a client is killed
LARGEST = 256 << 20  # a file may not grow beyond
NAME = 'file.bin'
ESCAPED = '/tmp/belay-fault-was-here'  # where a hostile name points to

# Every client gets three more attempts, waits of about a second, time-outs of
# three seconds, follows redirects, and goes on with what is there.
CLIENTS = {
    'belay get': [program.GET, '-q', '--retries', '3', '--retry-wait', '500ms',
                  '--stall', '3s'],
    'curl': ['curl', '-q', '-fsSLO', '--retry', '3', '--retry-delay', '1',
             '--retry-all-errors', '--connect-timeout', '3', '--speed-limit',
             '1', '--speed-time', '3', '-C', '-'],
    'wget2': ['wget2', '--no-config', '--no-hsts', '-q', '-c', '--tries=4',
              '--waitretry=1', '--timeout=3'],
    'wget': ['wget', '--no-config', '--no-hsts', '-q', '-c', '--tries=4',
             '--waitretry=1', '--timeout=3', '--retry-connrefused'],
    'aria2': ['aria2c', '--no-conf', '-q', '-c', '--max-tries=4',
              '--retry-wait=1', '--timeout=3', '--connect-timeout=3',
              '--auto-file-renaming=false'],
}
CACERT = {'belay get': '--cacert={}', 'curl': '--cacert {}',
          'wget2': '--ca-certificate={}', 'wget': '--ca-certificate={}',
          'aria2': '--ca-certificate={}'}
CHECKSUM = {'belay get': '--sha256={}', 'aria2': '--checksum=sha-256={}'}


class Trial:
    """Faults, one list for each server that is meant; what a client is to
    know; and what may come of it.

    versions  the files that are right, of 'old' and 'new' (every byte turned)
    blind     nobody can know by HTTP alone that the bytes are others, or end
              too early
    checksum  clients that can are told the checksum of the old version
    either    whether what is too much is seen is a matter of time
    endless   there is no end to it, and no sign of that
    root      packets are filtered: it takes root, or a network of one's own
    """

    def __init__(self, *faults, size='1M', versions=('old',), blind=False,
                 checksum=False, root=False, endless=False, either=False):
        self.faults, self.size, self.versions = faults, size, versions
        self.blind, self.checksum, self.root = blind, checksum, root
        self.endless, self.either = endless, either

    @property
    def name(self):
        return ' & '.join(self.faults) + (
            ', checksum known' if self.checksum else '')

    @property
    def is_tls(self):
        return any(text.startswith('tls') for text in self.faults)


def broken(*faults, **more):
    """The first response is reset midway; what then?"""
    return Trial('request:1; rst@50%',
                 *('request:2-; ' + text for text in faults), **more)


CUT = 'fin@50%'
CHUNKED = ('right', 'no-end', 'cut', 'in-size', 'text-size', 'overflow',
           'negative', 'short', 'long', 'no-crlf', 'lf-only', 'extension',
           'trailers', 'and-length')
FAULTS = {
    'Listening, and the connection': [
        Trial(), Trial('refused'), Trial('never-accept'),
        Trial('full-backlog'), Trial('drop-syn', root=True),
        Trial('conn:1; rst'), Trial('rst'), Trial('p:50%; rst@50%'),
        Trial('conn:1; hold'), Trial('hold'), Trial('read-head; fin'),
        Trial('read-head; garbage:7; fin'), Trial('conn:1-2; garbage'),
        Trial('request:1; vanish@50%', root=True),
        Trial('vanish@body+0', root=True), Trial('loss:10%', root=True),
    ],
    'TLS': [Trial('tls')] + [
        Trial(f'tls:{what}')
        for what in ('expired', 'wrong-host', 'self-signed', 'stall', 'cut')
    ] + [Trial('tls:cut', 'length:none', CUT),
         Trial('tls', 'length:none', CUT, blind=True)],
    'The head': [
        Trial('rst@20'), Trial('request:1; rst@20'), Trial('stall@20'),
        Trial('request:1; stall@20'), Trial('slow-head:5ms'),
        Trial('no-body'), Trial('lf-only'), Trial('interim'),
        Trial('long-header:32k'), Trial('long-header'),
        Trial('endless-head'), Trial('early'),
        Trial('twice', either=True),
        Trial('type:text/html'), Trial('disposition'),
    ],
    'The body': [
        Trial('request:1; rst@50%'), Trial('rst@50%'), Trial('rst@body+0'),
        Trial('request:1; fin@50%'), Trial(CUT),
        Trial('request:1; stall@50%'), Trial('stall@body+0'),
        Trial('stall@50%:1s'), Trial('drip:2ms', size='1000'),
        Trial('rate:256k'), Trial('slice:64k,50ms'),
        Trial('latency:100ms~50ms'),
        Trial('endless-body; rate:1M', endless=True),
        Trial('corrupt@50%', blind=True),
        Trial('corrupt@50%', checksum=True),
        Trial('request:1; corrupt@50%', checksum=True),
        Trial('body:html', blind=True), Trial('body:html', checksum=True),
        Trial('body:html-as-json', blind=True),
        Trial('body:garbage', blind=True),
        Trial('body:garbage', checksum=True),
        Trial('gzip'),
    ],
    'Lengths and chunks': [
        Trial('length:+10'), Trial('length:-10'), Trial('length:7'),
        Trial('length:none'), Trial('length:none; rst@50%'),
        Trial('length:none; fin@50%', blind=True),
        Trial('length:none; fin@50%', checksum=True),
        Trial('length:text'), Trial('length:twice'), Trial('length:huge'),
    ] + [Trial('chunked:' + what) for what in CHUNKED],
    'Status': [
        Trial('status:404'), Trial('status:403'), Trial('status:500'),
        Trial('status:204'), Trial('request:1-2; status:503'),
        Trial('request:1; status:429; retry-after:1s'),
        Trial('request:1; status:503; retry-after:date'),
        Trial('request:1; status:503; retry-after:past'),
        Trial('request:1; status:503; retry-after:text'),
        Trial('request:1; status:503; retry-after:absurd'),
        Trial('redirect'), Trial('redirect:ftp://127.0.0.1/file.bin'),
        Trial('redirect:file:///etc/passwd'),
    ],
    'Reset midway, and then': [
        broken('range:' + what) for what in
        ('ignore', 'start', 'total', 'shorter', 'longer', '416', 'no-header')
    ] + [
        broken('etag:weak'), broken('etag:none'),
        Trial('etag:weak', 'request:1; rst@50%'),
        Trial('etag:none', 'request:1; rst@50%'),
        Trial('etag:change', 'request:1; rst@50%'),
        broken('etag:change; change', versions=('new',)),
        Trial('etag:weak', 'request:1; rst@50%', 'request:2-; change',
              versions=('new',)),
        broken('change', versions=('new',)),
        broken('change@75%', blind=True),
        broken('change@75%', checksum=True),
        broken('gzip'), broken('body:html', blind=True),
        broken('body:html', checksum=True),
        broken('status:404'), broken('status:416'),
        broken('chunked:short'), broken('length:-10'), broken('length:+10'),
        broken('rst@body+0'),
    ],
}

Outcome = collections.namedtuple(
    'Outcome', 'status file runs requests hung escaped said')


@functools.lru_cache(maxsize=None)
def version(which, size):
    """The bytes of a version of the file."""
    number = {'1M': 1 << 20}.get(size) or int(size)
    data = fault.pattern(0, 0, number)
    return data if which == 'old' else bytes(255 - byte for byte in data)


def can_filter():
    """Whether packets may be lost here."""
    return os.geteuid() == 0


def command(client, trial, server, folder):
    """The client's command line, with what the trial wants of it."""
    words = list(CLIENTS[client])
    scheme, host = ('https', 'localhost') if trial.is_tls else (
        'http', '127.0.0.1')
    if trial.is_tls:
        authority = os.path.join(folder, 'ca.pem')
        words += CACERT[client].format(authority).split()
    if trial.checksum:
        sha256 = hashlib.sha256(version('old', trial.size)).hexdigest()
        words.append(CHECKSUM[client].format(sha256))
    if trial.faults == ('disposition',):
        if client == 'curl':
            words[words.index('-C'):] = ['-J']
        elif client.startswith('wget'):
            words.append('--content-disposition')
    return words + [f'{scheme}://{host}:{server.port}/bytes/{trial.size}/'
                    + NAME]


def once(words, folder):
    """One run of a client: its status, None if it had to be killed, and what
    it said."""
    env = {'HOME': folder, 'XDG_STATE_HOME': os.path.join(folder, 'state'),
           'PATH': os.environ.get('PATH', '/usr/bin:/bin'), 'LC_ALL': 'C.UTF-8'}
    for name, value in os.environ.items():
        if name.endswith('SAN_OPTIONS'):
            env[name] = value
    with subprocess.Popen(
            words, cwd=os.path.join(folder, 'out'), env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_FSIZE, (LARGEST, LARGEST))) as run:
        try:
            said = run.communicate(timeout=SECONDS * SCALE)[0]
            return run.returncode, said.decode(errors='replace')
        except subprocess.TimeoutExpired:
            os.killpg(run.pid, signal.SIGKILL)
            return None, run.communicate()[0].decode(errors='replace')


def what_is_left(folder, trial):
    """In a word: of the file, under its name."""
    out = os.path.join(folder, 'out')
    names = [name for name in os.listdir(out)
             if not re.search(r'\.(belay-part|aria2)$', name) and
             not os.path.exists(os.path.join(out, name + '.aria2'))]
    if not names:
        return 'nothing'
    if len(names) > 1:
        return 'several files'
    with open(os.path.join(out, names[0]), 'rb') as file:
        data = file.read()
    if any(data == version(which, trial.size) for which in trial.versions):
        return 'right'
    return 'part' if version('old', trial.size).startswith(data) else 'wrong'


def attempt(t, client, trial):
    """One client against a server of its own."""
    folder = os.path.join(
        t.dir, f'{client}-{len(os.listdir(t.dir))}'.replace(' ', '-'))
    os.makedirs(os.path.join(folder, 'out'))
    arguments = ['--seed', '7', *trial.faults]
    if trial.is_tls:
        arguments += ['--tls-ca', os.path.join(folder, 'ca.pem')]
    server = fault.Fault(t, *arguments, listen=['127.0.0.1:0'])
    words = command(client, trial, server, folder)
    was_there = os.path.exists(ESCAPED)
    # A user whose download has failed tries it once more.
    for runs in (1, 2):
        status, said = once(words, folder)
        left = what_is_left(folder, trial)
        if status == 0 or status is None:
            break
    server.stop()
    lines = [line for line in server.lines() if line['event'] == 'connection']
    requests = max(len(lines), sum(line.get('requests', 0) for line in lines))
    escaped = os.path.exists(ESCAPED) and not was_there
    if escaped:
        os.unlink(ESCAPED)
    shutil.rmtree(folder, ignore_errors=True)
    return Outcome(status, left, runs, requests, status is None, escaped, said)
