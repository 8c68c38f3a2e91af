"""interruption.py: a download that is interrupted, and one that goes on.

interrupted() brings a download to an exact byte: the server stalls there, the
program has written everything, and then it is ended.
"""

import os
import signal

from hostile import fine, stall_after
from program import PART, Get, check_file, content, get, rows, size_of
from tap import equal

BODY = content(200000, 'resume')
OTHER = content(200000, 'another version')
CUT = 120000
QUICK = ('--retry-wait', '10ms')


def interrupted(t, server, path='/x', number=signal.SIGINT, arguments=()):
    """Downloads CUT bytes of `path`, then ends the program; returns the part
    file's path."""
    server.resources[path].script = (stall_after(CUT),)
    run = Get(t, '-d', 'out', *arguments, server.url(path))
    server.wait_stalled()
    part = t.path('out', os.path.basename(path) + PART)
    t.until(lambda: size_of(part) == CUT, 'everything is written')
    if number == signal.SIGKILL:
        t.until(lambda: validator(t, path), 'the validator is recorded')
    run.signal(number)
    run.finish(-number)
    server.log.clear()
    return part


def validator(t, path):
    return next((row['validator'] for row in rows(t)
                 if row['url'].endswith(path)), None)


def goes_on(t, server, wanted, *script, path='/x', arguments=(), code=0):
    """The same command again, against another script."""
    resource = server.resources[path]
    resource.script, resource.requests = script or (fine(),), 0
    run = get(t, '-d', 'out', *QUICK, *arguments, server.url(path),
              status=code)
    if code == 0:
        name = os.path.basename(path)
        check_file(wanted, t.path('out', name))
        equal(os.path.exists(t.path('out', name + PART)), False,
              'the part file is there')
    return run
