#!/usr/bin/python3
"""Interrupted at random moments, over and over: the bytes are right.

The server is a real nginx that sends slowly.  Whatever has its final name has
all of its bytes, at every moment; in the end everything is there.
"""

import os
import signal
import time

from nginx import Nginx
from program import Get, check_file, content, ending, files_below, get
from tap import equal, fewer, main, test

QUICK = ('--retry-wait', '10ms')


def one_round(t, site, source, number, urls, wanted, out):
    """Interrupts the same command until it ends; counts interruptions."""
    count = 0
    for _ in range(source.choice((1, 1, 2, 3))):
        run = Get(t, '-d', out, *QUICK, *urls)
        time.sleep(source.uniform(0, 0.35))
        run.signal(number)
        code = run.wait()
        never_wrong(out, wanted)
        if code == 0:
            break
        # So early that it had not begun to catch it: died by it as well.
        equal(ending(code), ending(-number), 'how it ended')
        count += 1
    get(t, '-d', out, *QUICK, *urls)
    for name, data in wanted.items():
        check_file(data, out, name)
    equal(files_below(out), sorted(wanted), 'files')
    return count


def never_wrong(out, wanted):
    """What has its final name has all of its bytes."""
    for name, data in wanted.items():
        if os.path.exists(os.path.join(out, name)):
            check_file(data, out, name)


def many_rounds(t, number, rounds):
    source = t.random()
    site = Nginx(t)
    count = 0
    for index in range(fewer(rounds)):
        wanted = {f'{name}.bin': site.put(
            f'{index}/{name}.bin',
            content(source.choice((1, 5000, 70000, 300000)), (index, name)))
            for name in range(6)}
        urls = [site.url(f'slow/{index}/{name}') for name in wanted]
        count += one_round(t, site, source, number, urls, wanted,
                           t.path(f'out{index}'))
    t.note(f'{count} interruptions in {fewer(rounds)} rounds')


@test(seconds=90)
def interrupted_by_int_at_random_moments_the_bytes_are_right(t):
    many_rounds(t, signal.SIGINT, 10)


@test(seconds=90)
def interrupted_by_term_at_random_moments_the_bytes_are_right(t):
    many_rounds(t, signal.SIGTERM, 6)


@test(seconds=90)
def interrupted_by_hup_at_random_moments_the_bytes_are_right(t):
    many_rounds(t, signal.SIGHUP, 6)


@test(seconds=90)
def killed_at_random_moments_the_bytes_are_right(t):
    many_rounds(t, signal.SIGKILL, 18)


def served_again(t, number, limit):
    """How much more than the files' bytes was served, in all."""
    source = t.random()
    site = Nginx(t)
    wanted = {f'{name}.bin': site.put(f'{name}.bin', content(8 << 20, name))
              for name in range(4)}
    urls = [site.url(f'brisk/{name}') for name in wanted]
    for _ in range(2):
        run = Get(t, '-d', 'out', *urls)
        time.sleep(source.uniform(0.5, 0.65))
        run.signal(number)
        equal(ending(run.wait()), ending(-number), 'how it ended')
    get(t, '-d', 'out', *urls)
    for name, data in wanted.items():
        check_file(data, t.path('out', name))
    served = sum(request.sent for request in site.requests())
    ratio = served / sum(map(len, wanted.values()))
    t.note(f'served / needed bytes: {ratio:.4f}')
    if ratio > limit:
        raise AssertionError(f'{ratio:.3f} times the needed bytes were served')


@test(seconds=30)
def interrupted_twice_it_asks_for_hardly_more_than_is_missing(t):
    served_again(t, signal.SIGINT, 1.03)


@test(seconds=30)
def killed_twice_it_asks_for_hardly_more_than_is_missing(t):
    # What was received a moment ago may not have been written yet.
    served_again(t, signal.SIGKILL, 1.06)


main()
