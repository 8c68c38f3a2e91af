#!/usr/bin/python3
"""belay run --jobs-from-make below a real make: as many at once as it allows,
over all rules, and every token given back."""

import fcntl
import os
import select
import shutil
import signal

from running import RUN, Command, Run, children, need_programs
from tap import contains, equal, lacks, main, test

# It ends only when as many as its first argument run at once.
MEET = '''
import os, sys, time
count, folder = int(sys.argv[1]), sys.argv[2]
os.makedirs(folder, exist_ok=True)
open(os.path.join(folder, str(os.getpid())), 'w').close()
while len(os.listdir(folder)) < count:
    time.sleep(0.005)
'''

# Says when it runs, in one file for all.
LOG = '''
import os, sys, time
log = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
os.write(log, b'+')
time.sleep(0.02)
os.write(log, b'-')
'''


def make(t, text, *arguments, **more):
    """A make under way, of a Makefile with our programs as variables."""
    if not shutil.which('make'):
        t.skip('there is no make')
    need_programs(t)
    meet, log = t.write('meet.py', MEET), t.write('log.py', LOG)
    t.write('Makefile', f'RUN = {RUN}\nMEET = python3 {meet}\n'
            f'LOG = python3 {log} {t.path("log")}\n{text}')
    return Command(t, 'make', *arguments, **more)


def finish(run, status=0, seconds=60):
    """Its tokens are right at the end; or it says so."""
    said = run.said(status, seconds)
    lacks(said, 'INTERNAL')
    lacks(said, 'jobserver unavailable')
    return said


def at_once(t):
    """The most that ran at once."""
    most = now = 0
    with open(t.path('log')) as log:
        for mark in log.read():
            now += 1 if mark == '+' else -1
            most = max(most, now)
    equal(now, 0, 'all have ended')
    return most


@test(120)
def as_many_run_at_once_as_make_allows(t):
    run = make(t, 'all:\n\t+@$(RUN) --jobs-from-make $(MEET) 3 met ::: 1 2 3\n',
               '-j3')
    finish(run)


@test(120)
def no_more_than_that_over_all_rules(t):
    numbers = ' '.join(map(str, range(12)))
    run = make(t, f'all: a b c\na b c:\n\t+@$(RUN) --jobs-from-make $(LOG) '
               f'::: {numbers}\n', '-j3')
    finish(run)
    equal(os.path.getsize(t.path('log')), 72)
    equal(at_once(t) <= 3, True, 'three at once')


@test(120)
def the_tokens_are_back_for_the_next_rule(t):
    run = make(t, 'all: second\n'
               'first:\n\t-+@$(RUN) --jobs-from-make --retries 1 $(MEET) 3 one '
               '::: 1 2 3\n'
               '\t-+@$(RUN) --jobs-from-make --fail-fast false ::: 1 2 3 4\n'
               '\t-+@$(RUN) --jobs-from-make ./nonexistent ::: 1 2 3 4\n'
               '\t-+@$(RUN) --jobs-from-make --timeout 0.2s sleep ::: 99 98 97'
               '\n'
               'second: first\n\t+@$(RUN) --jobs-from-make $(MEET) 3 two '
               '::: 1 2 3\n', '-j3')
    finish(run)


@test(120)
def a_signal_in_the_middle_gives_them_back(t):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        shutil.rmtree(t.path('all'), ignore_errors=True)
        run = make(t, 'all: second\n'
                   'first:\n\t-+@echo pid $$$$; exec $(RUN) --jobs-from-make '
                   'sh -c "touch run.$$$$; exec sleep 1000" ::: 1 2 3\n'
                   f'second: first\n\t+@$(RUN) --jobs-from-make $(MEET) 3 '
                   f'met.{int(number)} ::: 1 2 3\n', '-j3')
        pid = int(run.expect(r'pid (\d+)').group(1))
        t.until(lambda pid=pid: len(children(pid)) == 3, 'three run', 20)
        os.kill(pid, number)
        finish(run)


@test(120)
def without_a_plus_it_says_what_to_do(t):
    run = make(t, 'all:\n\t@$(RUN) --jobs-from-make echo ::: 1 2; '
               'echo status $$?\n', '-j3')
    said = finish(run)
    contains(run.stdout.text(), 'status 125')
    equal(said, 'belay run: make gave us no jobserver; put + before the '
          "rule's command\n")


@test(120)
def without_j_one_runs_after_the_other(t):
    run = make(t, 'all:\n\t@$(RUN) --jobs-from-make $(LOG) ::: 1 2 3 4\n')
    finish(run)
    equal(at_once(t), 1)


@test(120)
def without_limit_it_is_as_without_make(t):
    run = make(t, 'all:\n\t@$(RUN) --jobs-from-make $(LOG) ::: 1 2 3 4\n', '-j')
    finish(run)
    equal(os.path.getsize(t.path('log')), 8)


@test(120)
def without_make_it_says_so(t):
    run = Run(t, '--jobs-from-make', 'echo', ':::', '1')
    equal(run.said(125), 'belay run: --jobs-from-make: no make has started '
          'us; -j N sets how many run at once\n')


@test(120)
def makes_below_us_share_them(t):
    """Of one command, and of several: three of a make's rules meet."""
    t.write('sub.mk', f'all: a b c\na b c:\n\t@python3 {t.path("meet.py")} 3 '
            '$(WHERE)\n')
    for how in ('$(RUN) --', '$(RUN) -j 2 -f list', '$(RUN) --jobs-from-make'):
        where = 'sub%d' % len(os.listdir(t.dir))
        command = f'$(MAKE) -f sub.mk WHERE={where}'
        t.write('list', f'make -f sub.mk WHERE={where}\n')
        words = '' if '-f list' in how else command
        end = ' ::: all' if how.endswith('make') else ''
        run = make(t, f'all:\n\t+@{how} {words}{end}\n', '-j3')
        finish(run)


@test(120)
def a_fifo_of_makes_is_used(t):
    """As make 4.4 has it."""
    path = t.path('fifo')
    os.mkfifo(path)
    tokens = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    os.write(tokens, b'xy')
    meet = t.write('meet.py', MEET)
    run = Run(t, '--jobs-from-make', 'python3', meet, '3', 'met', ':::',
              '1', '2', '3',
              env={'MAKEFLAGS': f' -j3 --jobserver-auth=fifo:{path}',
                   'MAKELEVEL': '1'})
    run.finish(seconds=60)
    equal(sorted(os.read(tokens, 100)), sorted(b'xy'), 'the tokens')
    os.close(tokens)


@test(120)
def a_pipe_is_left_as_it_is(t):
    """Tokens are as they were, and nobody's reads are made not to wait."""
    read_end, write_end = os.pipe()
    os.write(write_end, b'pq')
    meet = t.write('meet.py', MEET)
    run = Run(t, '--jobs-from-make', 'python3', meet, '3', 'met', ':::',
              '1', '2', '3', '4', '5',
              env={'MAKEFLAGS': f'--jobserver-auth={read_end},{write_end}',
                   'MAKELEVEL': '1'}, pass_fds=(read_end, write_end))
    run.finish(seconds=60)
    equal(fcntl.fcntl(read_end, fcntl.F_GETFL) & os.O_NONBLOCK, 0)
    equal(sorted(os.read(read_end, 100)), sorted(b'pq'), 'the tokens')
    os.close(read_end)
    os.close(write_end)


@test(120)
def a_token_that_comes_later_is_used(t):
    read_end, write_end = os.pipe()
    meet = t.write('meet.py', MEET)
    run = Run(t, '--jobs-from-make', 'python3', meet, '2', 'met', ':::',
              '1', '2',
              env={'MAKEFLAGS': f'--jobserver-auth={read_end},{write_end}',
                   'MAKELEVEL': '1'}, pass_fds=(read_end, write_end))
    t.until(lambda: os.path.isdir(t.path('met')) and
            len(os.listdir(t.path('met'))) == 1, 'the first runs', 20)
    os.write(write_end, b't')
    run.finish()
    equal(os.read(read_end, 100), b't', 'the token')
    os.close(read_end)
    os.close(write_end)


@test(120)
def a_token_goes_back_when_its_command_ends(t):
    """And not only when all have ended."""
    read_end, write_end = os.pipe()
    os.write(write_end, b'pq')
    run = Run(t, '--jobs-from-make', 'sh', '-c', 'echo run; '
              'until test -e end.$0; do sleep 0.01; done', ':::', '1',
              '2', '3',
              env={'MAKEFLAGS': f'--jobserver-auth={read_end},{write_end}',
                   'MAKELEVEL': '1'}, pass_fds=(read_end, write_end))
    t.until(lambda: len(children(run.pid)) == 3, 'three run', 20)
    equal(select.select([read_end], [], [], 0)[0], [], 'tokens left')
    t.write('end.3', '')
    t.write('end.2', '')
    got = os.read(read_end, 1)
    t.until(lambda: len(children(run.pid)) == 1, 'one runs', 20)
    got += os.read(read_end, 1)
    equal(sorted(got), sorted(b'pq'), 'the tokens')
    t.write('end.1', '')
    run.finish()
    equal(select.select([read_end], [], [], 0)[0], [], 'tokens left')
    os.close(read_end)
    os.close(write_end)


@test(120)
def our_own_fds_are_not_taken_for_makes(t):
    """A rule without a plus has make's numbers, and not its fds."""
    for flags in ('3,4', '4,5', '5,6', '6,3'):
        run = Run(t, '--', 'ls', '/proc/self/fd',
                  env={'MAKEFLAGS': f'--jobserver-auth={flags}',
                       'MAKELEVEL': '1'})
        run.finish()
        equal(run.stdout.text().split(), ['0', '1', '2', '3'], flags)


main()
