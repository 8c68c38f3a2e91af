"""api.py: a belay-fault that is controlled at run time, and its client."""

import http.client
import json

from fault import Fault
from upstream import Upstream


class Api:
    """A belay-fault that is controlled, and a client of it."""

    def __init__(self, t, *arguments, listen=(), **more):
        self.t = t
        self.fault = Fault(t, '--api', '127.0.0.1:0', *arguments,
                           listen=listen, **more)
        self.port = self.fault.port_of('api')
        self.http = http.client.HTTPConnection('127.0.0.1', self.port,
                                               timeout=15)
        t.defer(self.http.close)

    def ask(self, method, path, body=None, **headers):
        """Status and body, which is JSON or empty."""
        data = body if isinstance(body, (bytes, type(None))) else \
            json.dumps(body).encode()
        self.http.request(method, path, data, headers)
        response = self.http.getresponse()
        text = response.read()
        is_json = 'json' in (response.getheader('Content-Type') or '')
        return response.status, json.loads(text) if is_json else text

    def good(self, method, path, body=None):
        status, answer = self.ask(method, path, body)
        assert 200 <= status < 300, (status, answer)
        return answer

    def proxy(self, serve, name='p', **more):
        """A proxy in front of a server that is a function: its port."""
        upstream = Upstream(self.t, serve).address \
            if callable(serve) else serve
        made = self.good('POST', '/proxies', {
            'name': name, 'listen': '127.0.0.1:0', 'upstream': upstream,
            **more})
        return int(made['listen'].rsplit(':', 1)[1])

    def toxic(self, kind, stream='downstream', name='p', toxicity=1.0,
              **attributes):
        return self.good('POST', f'/proxies/{name}/toxics', {
            'type': kind, 'stream': stream, 'toxicity': toxicity,
            'attributes': attributes})
