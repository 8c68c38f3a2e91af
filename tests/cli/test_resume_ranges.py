#!/usr/bin/python3
"""Going on where the server's ranges are wrong: the right file, or none and a
word about it."""

import os
import signal

import hostile
from fault import Origin
from hostile import Hostile, encoded, fine, lying, part_of, unasked_206
from interruption import BODY, CUT, QUICK, goes_on, interrupted
from program import PART, Get, check_file, ending, files_below, get, size_of
from tap import contains, equal, main, test


def fails_honestly(t, run):
    """The right file, or none and a word about it."""
    code = run.wait()
    t.note(ending(code))
    if code == 0:
        return True
    equal(ending(code), 'exit 1', 'status')
    equal('x' in files_below(t.path('out')), False, 'a final file')
    contains(run.stderr.text(), 'failed', 'message')
    return False


def wrong_range(t, act, always=False):
    """After an interruption the server answers wrongly, once or always: the
    right file, or (always) an honest failure."""
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    if not always:
        goes_on(t, server, BODY, act, fine())
        return
    server.serve('/x', BODY, act)
    run = Get(t, '-d', 'out', *QUICK, '--retries', '2', server.url('/x'))
    if fails_honestly(t, run):
        check_file(BODY, t.path('out/x'))


def wrong_range_of_belay_fault(t, fault, always=False):
    """The same; one server, which knows the first request from the others."""
    server = Origin(t, f'request:1; stall@body+{CUT}',
                    f'request:2{"-" if always else ""}; {fault}', size=200000)
    run = Get(t, '-d', 'out', server.url)
    part = t.path('out', 'x' + PART)
    t.until(lambda: size_of(part) == CUT, 'everything is written')
    run.signal(signal.SIGINT)
    run.finish(-signal.SIGINT)
    run = Get(t, '-d', 'out', *QUICK, '--retries', '2', server.url)
    if always:
        right = fails_honestly(t, run)
    else:
        run.finish()
        right = True
    if right:
        check_file(server.body, t.path('out/x'))
        equal(os.path.exists(part), False, 'the part file is there')


WRONG = {
    'the_range_starts_too_early': part_of(start=-1000),
    'the_range_says_too_early_and_is_not': part_of(start=-1000, honest=False),
    'the_range_says_too_late_and_is_not': part_of(start=1000, honest=False),
    'the_range_is_a_little_shorter_than_asked': part_of(end=-1000),
    'the_range_says_longer_than_the_file': part_of(end=1000, honest=False),
    'the_total_is_smaller': part_of(total=-1000),
    'the_range_starts_at_0': part_of(start=-(CUT - 16384)),
    'the_range_holds_other_bytes': lying(5000),
    'the_range_is_gzip': encoded(),
    'ranges_are_ignored': 'range:ignore',
    'the_range_starts_too_late': 'range:start',
    'the_range_is_shorter_than_asked': 'range:shorter',
    'the_range_is_longer_than_asked': 'range:longer',
    'the_total_is_larger': 'range:total',
    'there_is_no_content_range': 'range:no-header',
    'there_is_always_416': 'range:416',
    'the_range_is_called_gzip': 'gzip',
    'an_error_page_comes_instead': 'status:500',
}


def make_wrong(name, act):
    check = wrong_range_of_belay_fault if isinstance(act, str) else wrong_range

    def once(t):
        check(t, act)

    def always(t):
        check(t, act, always=True)
    once.__name__ = f'{name}_once_and_the_file_is_right'
    always.__name__ = f'{name}_always_and_no_wrong_file_comes_of_it'
    test()(once)
    test()(always)


for _name, _act in WRONG.items():
    make_wrong(_name, _act)


@test()
def a_206_that_nobody_asked_for_is_not_the_file(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, unasked_206())
    get(t, *QUICK, '--retries', '1', '-d', 'out', url, status=1)
    equal('x' in files_below(t.path('out')), False, 'a final file')


@test()
def gzip_that_nobody_asked_for_is_not_the_file(t):
    server = Hostile(t)
    url = server.serve('/x', BODY, encoded())
    run = Get(t, *QUICK, '--retries', '1', '-d', 'out', url)
    if run.wait() == 0:
        check_file(BODY, t.path('out/x'))


@test()
def if_range_that_the_server_never_believes_still_ends(t):
    """A server whose ETag is another one for every request."""
    server = Hostile(t)
    server.serve('/x', BODY)
    interrupted(t, server)
    count = iter(range(1000))

    def fickle(exchange):
        exchange.resource.etag = f'"{next(count)}"'
        hostile.whole()(exchange)
    fickle.stays = True
    goes_on(t, server, BODY, fickle)


main()
