"""Signals rain on a Go program: nothing crashes, and every one is counted.

A handler that ran on a goroutine's stack, some kilobytes, would overrun it.
A C library's stream and Go's os/signal both hear of each signal, as belay calls
the handler that Go installed before it.

    BELAY_LIBRARY=build/lib/libbelay.a tests/foreign/test_storm.py -v
"""
import collections
import os
import signal
import subprocess

from foreign import FOLDER, WORK, c_library, go_program, lacking
from tap import equal, fewer, main, test

WHY_NOT = lacking('go')
REALTIME = signal.SIGRTMIN + 3  # is queued, where others merge


class Storm:
    """The program, and what its C library and Go have heard."""

    def __init__(self, t, *signals, **environment):
        if WHY_NOT:
            t.skip(WHY_NOT)
        self.heard = {'belay': collections.Counter(),
                      'go': collections.Counter()}
        self.complaints = open(t.path('stderr'), 'w+')
        self.process = subprocess.Popen(
            [FOLDER / 'storm', *[str(int(signo)) for signo in signals]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=self.complaints, env={**os.environ, **environment})
        t.on_failure.append(self.complained)
        t.on_failure.append(lambda: f'heard: {self.heard}')
        t.defer(self.end)
        equal(self.process.stdout.readline(), 'ready\n', 'its first line')

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.complaints.close()

    def complained(self):
        self.complaints.seek(0)
        return self.complaints.read()[:4000]

    def send(self, signals):
        for signo in signals:
            os.kill(self.process.pid, signo)

    def listen(self):
        """Takes a line in; False after the last."""
        line = self.process.stdout.readline()
        if line:
            who, signo, count = line.split()
            self.heard[who][int(signo)] += int(count)
        return line != ''

    def finish(self):
        """Everything is said, and it ended well."""
        self.process.stdin.close()
        while self.listen():
            pass
        equal((self.process.wait(), self.complained()), (0, ''), 'its ending')


def rain(t, burst, rounds):
    """Sends the burst again and again, each when the last was counted; what
    the two have heard in the end."""
    storm = Storm(t, *set(burst))
    sent = collections.Counter()
    belay, go = storm.heard['belay'], storm.heard['go']
    for number in range(1, rounds + 1):
        storm.send(burst)
        sent.update(burst)
        while belay != sent or min(go[signo] for signo in sent) < number:
            assert storm.listen(), f'it ended in round {number}'
            assert belay <= sent, f'{belay}, but sent {sent}'
    storm.finish()
    equal(belay, sent, 'what belay counted')
    return sent, go


@test(seconds=60)
def one_by_one_the_stream_and_go_both_count_every_signal(t):
    sent, go = rain(t, [signal.SIGUSR1, signal.SIGTERM], fewer(6000))
    equal(go, sent, 'what Go counted')


@test(seconds=60)
def in_bursts_every_signal_is_counted_and_go_hears_of_each_burst(t):
    rain(t, [REALTIME] * 300, fewer(50))


@test()
def a_stream_does_not_keep_go_from_dying_by_sigterm(t):
    storm = Storm(t, signal.SIGTERM, DEAF='1')
    storm.send([signal.SIGTERM])
    equal(storm.process.wait(), -signal.SIGTERM, 'its ending')


with WORK:
    if not WHY_NOT:
        c_library('listener')
        go_program('storm')
    main()
