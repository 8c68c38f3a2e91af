"""tools.py: belay run under the name of another tool, and that tool beside it.

Every case has an expectation of its own; where the real tool is installed, it
is run beside, and must agree.
"""

import os
import re
import shutil
import sys

from running import RUN, Command, need_programs
from tap import equal

# A child that says which signals it gets, one number on a line.
TELL_SIGNALS = '''
import os, signal
def tell(number, frame):
    os.write(1, b"got %d\\n" % number)
for number in range(1, 32):
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD):
        signal.signal(number, tell)
os.write(1, b"ready %d\\n" % os.getpid())
while True:
    signal.pause()
'''
TELLING = (sys.executable, '-c', TELL_SIGNALS)


def ours(t, tool):
    """A link with the tool's name to belay-run."""
    need_programs(t)
    os.makedirs(t.path('ours'), exist_ok=True)
    link = t.path('ours', tool)
    if not os.path.lexists(link):
        os.symlink(RUN, link)
    return link


def real(tool):
    return shutil.which(tool, path='/usr/bin:/bin')


def without_numbers(text):
    """Process ids are never the same twice."""
    text = re.sub(r"(pid: '|pid '|pid=|with PID |tini \()\d+", r'\1N', text)
    return re.sub(r'^.*TRACE.*No child to \w+\n', '', text, flags=re.M)


def ended(t, path, tool, arguments, env=None, **more):
    """Runs it by its name alone, as it is found in PATH."""
    folder = os.path.dirname(path)
    run = Command(t, 'env', f'PATH={folder}:/usr/bin:/bin', tool, *arguments,
                  env=env, **more)
    status = run.wait()
    return (status, without_numbers(run.stdout.text()),
            without_numbers(run.stderr.text()))


def check(t, tool, arguments, status, stdout='', stderr='', env=None,
          beside=True, **more):
    """Ours is as it is said here, and so is the real one."""
    wanted = (status, stdout, stderr)
    what = ' '.join([tool, *arguments])
    equal(ended(t, ours(t, tool), tool, arguments, env, **more), wanted,
          f'ours: {what}')
    path = real(tool)
    if path and beside:
        equal(ended(t, path, tool, arguments, env, **more), wanted,
              f'real: {what}')


def check_status(t, tool, arguments, status, **more):
    """The same, of what is said no more than that it is the same."""
    got = ended(t, ours(t, tool), tool, arguments, **more)
    equal(got[0], status, ' '.join([tool, *arguments]))
    if real(tool):
        equal(got, ended(t, real(tool), tool, arguments, **more),
              'ours, and the real: ' + ' '.join([tool, *arguments]))
