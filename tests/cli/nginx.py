"""nginx.py: a real nginx of the test's own, on loopback.

Its prefix is in the test's directory, its port is free, it runs in the
foreground and is ended by its pid.  Below `site.root` lie the files; the same
files are seen through several locations:

    /            as fast as it goes          /brisk/   4 MiB/s
    /slow/       512 KiB/s                   /crawl/   16 KiB/s
    /redir/      302 to /
    /auth/       user "user", password "pass word"
    /noranges/   ranges are ignored          /bare/    no ETag, no Last-Modified
    /weak/       Last-Modified alone

The same over TLS (HTTP/2 as well) with a certificate made for it.
"""

import base64
import collections
import hashlib
import http.client
import os
import re
import signal
import shutil
import socket
import subprocess
import time

import program
import tap

Request = collections.namedtuple('Request', 'status sent path range if_range')

_CONFIG = '''
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log warn;
{user}
events {{ worker_connections 4096; }}
http {{
  log_format asked '$status $body_bytes_sent $request_uri "$http_range" '
                   '"$http_if_range"';
  access_log {prefix}/access.log asked;
  client_body_temp_path {prefix}/body;
  proxy_temp_path {prefix}/proxy;
  fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi;
  scgi_temp_path {prefix}/scgi;
  default_type application/octet-stream;
  sendfile on;
  # Small pieces, so that a limited rate flows instead of coming in gulps.
  sendfile_max_chunk 16k;
  keepalive_requests 100000;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    listen 127.0.0.1:{tls_port} ssl http2;
    ssl_certificate {prefix}/cert.pem;
    ssl_certificate_key {prefix}/key.pem;
    root {root};
    location = /.ready {{ return 200 "{prefix}"; }}
    location = /.connections {{ stub_status; access_log off; }}
    location /brisk/ {{ alias {root}/; limit_rate 4m; }}
    location /slow/ {{ alias {root}/; limit_rate 512k; }}
    location /crawl/ {{
      alias {root}/; limit_rate 16k; sendfile_max_chunk 2k;
    }}
    location /redir/ {{ rewrite ^/redir/(.*)$ /$1 redirect; }}
    location /noranges/ {{ alias {root}/; max_ranges 0; }}
    location /bare/ {{
      alias {root}/; etag off; add_header Last-Modified "";
      if_modified_since off;
    }}
    location /weak/ {{ alias {root}/; etag off; }}
    location /auth/ {{
      alias {root}/; auth_basic "test"; auth_basic_user_file {prefix}/users;
    }}
  }}
}}
'''


def free_port():
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def make_certificate(prefix, name='localhost', days='2'):
    """Writes cert.pem and key.pem: a certificate that is its own authority."""
    subprocess.run(
        ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt',
         'ec_paramgen_curve:P-256', '-nodes', '-days', days, '-subj',
         f'/CN={name}', '-addext', f'subjectAltName=DNS:{name}',
         '-keyout', f'{prefix}/key.pem', '-out', f'{prefix}/cert.pem'],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


class Nginx:
    """A running server; ended when the test is."""

    def __init__(self, t, certificate_name='localhost'):
        binary = shutil.which('nginx', path='/usr/sbin:/usr/bin:/sbin:/bin:'
                              + os.environ.get('PATH', ''))
        if not binary:
            t.skip('nginx is not installed')
        self.t = t
        self.binary = binary
        self.prefix = t.path('nginx')
        self.root = t.path('nginx', 'files')
        self.process = None
        self.http = None
        os.makedirs(self.root)
        make_certificate(self.prefix, certificate_name)
        self._write_users()
        t.defer(self.stop)
        t.on_failure.append(self._tell)
        for _ in range(5):
            if self._start():
                return
        raise AssertionError('nginx does not start:\n' + self._tell())

    def _write_users(self):
        password = base64.b64encode(hashlib.sha1(b'pass word').digest())
        with open(f'{self.prefix}/users', 'wb') as file:
            file.write(b'user:{SHA}' + password + b'\n')

    def _start(self):
        """False if somebody else took the port meanwhile."""
        self.port, self.tls_port = free_port(), free_port()
        with open(f'{self.prefix}/nginx.conf', 'w') as file:
            file.write(_CONFIG.format(
                prefix=self.prefix, root=self.root, port=self.port,
                tls_port=self.tls_port,
                user='user root;' if os.geteuid() == 0 else ''))
        self.process = subprocess.Popen(
            [self.binary, '-p', self.prefix, '-c', f'{self.prefix}/nginx.conf',
             '-e', f'{self.prefix}/error.log'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
            preexec_fn=program.die_with_parent)
        deadline = time.monotonic() + 10 * tap.SCALE
        while time.monotonic() < deadline and self.process.poll() is None:
            if self._ask('/.ready') == self.prefix:
                return True
            time.sleep(0.005)
        self.stop()
        return False

    def _ask(self, path):
        """The answer, on a connection that stays."""
        try:
            if self.http is None:
                self.http = http.client.HTTPConnection('127.0.0.1', self.port,
                                                       timeout=5)
            self.http.request('GET', path)
            return self.http.getresponse().read().decode()
        except (OSError, http.client.HTTPException):
            self.http = None
            return ''

    def _tell(self):
        path = f'{self.prefix}/error.log'
        text = program.read(path).decode() if os.path.exists(path) else ''
        return 'nginx: ' + text[-1500:]

    def stop(self):
        if self.http is not None:
            self.http.close()
            self.http = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()

    def put(self, name, data, modified=None):
        """Puts a file in its place, whole; `modified` in Unix seconds."""
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + '.new', 'wb') as file:
            file.write(data)
        # Well in the past: a date is a strong validator only if it is.
        when = time.time() - 3600 if modified is None else modified
        os.utime(path + '.new', (when, when))
        os.rename(path + '.new', path)
        return data

    def url(self, path):
        return f'http://127.0.0.1:{self.port}/{path}'

    def tls_url(self, path):
        return f'https://localhost:{self.tls_port}/{path}'

    @property
    def certificate(self):
        return f'{self.prefix}/cert.pem'

    def connections(self):
        """How many connections it has, apart from the one that asks."""
        match = re.search(r'Active connections: (\d+)',
                          self._ask('/.connections'))
        return int(match.group(1)) - 1 if match else -1

    def requests(self):
        """Everything that was asked, once the clients' connections are gone
        (nginx writes a request down when it ends)."""
        self.t.until(lambda: self.connections() == 0, 'nginx is idle')
        found = []
        with open(f'{self.prefix}/access.log') as file:
            for line in file:
                match = re.match(
                    r'(\d+) (\d+) (\S+) "([^"]*)" "(.*)"$', line)
                if match.group(3) != '/.ready':
                    found.append(Request(int(match.group(1)),
                                         int(match.group(2)), match.group(3),
                                         match.group(4), match.group(5)))
        return found
