#!/usr/bin/python3
"""test_run_output.py: what many commands write, line by line or into files."""

import os
import re
import signal
import subprocess

import program
from running import (RUN, Gate, Run, check_asleep, children, is_over,
                     need_programs, nobody_is_left, on_terminal, run, state)
from tap import contains, equal, lacks, main, test

LINE = '--output=line'


def lines(run_):
    return run_.stdout.text().splitlines()


def waits_in_poll(pid):
    """And not for the events of a loop."""
    with open(f'/proc/{pid}/syscall') as file:
        return file.read().split()[0] in ('7', '271', '73')  # (p)poll


# -- Lines --------------------------------------------------------------------


@test()
def each_line_says_who_wrote_it(t):
    one = run(t, '-j1', LINE, '--prefix={#} {name}|', 'echo', ':::', 'a', 'b')
    equal(lines(one), ['1 echo a|a', '2 echo b|b'], 'lines')
    equal(one.stderr.text(), '', 'stderr')


@test()
def the_prefix_has_the_pid(t):
    one = run(t, LINE, '--prefix={pid} ', 'sh', '-c', 'echo $$', ':::', 'a')
    pid, same = lines(one)[0].split()
    equal(pid, same, 'pid')


@test()
def without_a_wish_it_is_the_number_and_the_name(t):
    one = run(t, '-j1', LINE, 'echo', ':::', 'a',
              'of thirty columns or a few more')
    equal(lines(one), ['1 echo a: a', '2 echo of thirty columns …: '
                       'of thirty columns or a few more'], 'lines')


@test()
def a_name_cannot_command_the_terminal(t):
    one = run(t, LINE, '--prefix={name}|', 'echo', ':::', '\x1b[31mred')
    equal(one.stdout.text(), 'echo ?[31mred|\x1b[31mred\n', 'output')


@test()
def standard_error_stays_standard_error(t):
    one = run(t, LINE, '--prefix=>', 'sh', '-c', 'echo out; echo err >&2',
              ':::', 'a')
    equal(one.stdout.text(), '>out\n', 'stdout')
    equal(one.stderr.text(), '>err\n', 'stderr')


@test()
def bytes_come_through_as_they_are(t):
    data = bytes(byte for byte in range(256) if byte != 10) + b'\n\n\r\n'
    path = t.write('data', data)
    one = run(t, LINE, '--prefix=>', 'cat', ':::', path)
    equal(bytes(one.stdout.data), b'>' + data[:256] + b'>\n>\r\n', 'stdout')


@test()
def a_last_line_without_an_end_is_given_one(t):
    one = run(t, '-j1', LINE, '--prefix=>', 'printf', ':::', 'a', 'b\\nc')
    equal(lines(one), ['>a', '>b', '>c'], 'lines')


@test()
def a_line_appears_when_it_is_written_and_not_at_the_end(t):
    os.mkfifo(t.path('fifo'))
    one = Run(t, LINE, '--prefix=>', 'sh', '-c',
              'echo first; read x < $0', ':::', t.path('fifo'))
    one.expect('>first\n')
    with open(t.path('fifo'), 'w') as fifo:
        fifo.write('x\n')
    one.finish()


@test(seconds=60)
def two_megabytes_lose_nothing_and_do_not_mix(t):
    """Lines of all lengths, of two at once, in a pipe that is read slowly."""
    script = t.write('write.py', '''
import os, random, sys
mark = sys.argv[1]
chance = random.Random(mark)
size = 0
with open(sys.argv[2] + mark, 'w') as copy:
    while size < 1000000:
        line = mark * chance.choice((1, 7, 80, 4090, 5000, 30000)) + '\\n'
        copy.write(line)
        size += len(line)
        os.write(1, line[:len(line) // 2].encode())
        os.write(1, line[len(line) // 2:].encode())
''')
    one = run(t, '-j2', LINE, '--prefix={#}|', 'python3', script, '{}',
              t.path('copy'), ':::', 'a', 'b', seconds=50)
    got = {'1': [], '2': []}
    for line in one.stdout.text().split('\n')[:-1]:
        number, _, text = line.partition('|')
        got[number].append(text + '\n')
    for number, mark in (('1', 'a'), ('2', 'b')):
        wanted = program.read(t.path('copy' + mark)).decode()
        equal(''.join(got[number]) == wanted, True, f'all of {mark}')


@test()
def what_is_in_the_pipe_when_it_ends_is_read(t):
    """In a pipe that it made larger than what is read at once."""
    one = Run(t, LINE, '--prefix=', 'python3', '-c', """
import fcntl, os, signal
fcntl.fcntl(1, 1031, 1 << 20)  # F_SETPIPE_SZ
os.kill(os.getppid(), signal.SIGSTOP)
os.write(1, b'x' * 899999 + b'y')
""", ':::', 'a')
    t.until(lambda: [state(pid) for pid in children(one.pid)] == ['Z'],
            'it has ended')
    one.signal(signal.SIGCONT)
    one.finish()
    equal(len(one.stdout.text().replace('\n', '')), 900000, 'all of it')


@test()
def lines_do_not_mix_with_those_of_another_run(t):
    """Each is one write, prefix and all, which a pipe takes whole."""
    need_programs(t)
    read, write = os.pipe()
    both = [subprocess.Popen(
        [RUN, '-j2', LINE,
         f'--prefix={mark * 1000}|', 'sh', '-c',
         'i=0; while [ $i -lt 500 ]; do echo $0; i=$((i+1)); done',
         ':::', mark * 1000, mark * 1000], stdout=write) for mark in 'ab']
    os.close(write)
    with open(read) as pipe:
        got = pipe.read().splitlines()
    for one in both:
        equal(one.wait(20), 0, 'status')
    wanted = [f'{mark * 1000}|{mark * 1000}' for mark in 'ab']
    equal({line for line in got if line not in wanted}, set(), 'mixed lines')
    equal([got.count(line) for line in wanted], [1000, 1000], 'lines')


@test()
def a_line_without_end_comes_in_pieces(t):
    """Of 64 KiB, in little memory; and a line of just that is one."""
    size = 300000
    one = run(t, LINE, '--prefix=>', 'python3', '-c',
              f'print("x" * {size}); print("y" * 65536); print("z")',
              ':::', 'a')
    got = lines(one)
    equal([len(line) for line in got],
          [65537] * 4 + [size - 4 * 65536 + 1, 65537, 2], 'lengths')
    equal(''.join(line[1:] for line in got[:5]), 'x' * size, 'the text')


@test()
def retries_have_their_lines_too(t):
    one = run(t, '-j1', LINE, '--prefix=>', '--retries=2', 'sh', '-c',
              'echo x >> $0; wc -l < $0; false', ':::', t.path('f'), status=1)
    equal(lines(one), ['>1', '>2', '>3'], 'lines')
    equal(one.stderr.text().count('; starting again'), 2, 'messages')


@test()
def one_that_cannot_be_started_is_told_of(t):
    one = run(t, LINE, '/nonexistent/x', ':::', 'a', status=1)
    contains(one.stderr.text(), '/nonexistent/x a: No such file', 'stderr')


# -- Who holds a pipe ---------------------------------------------------------


@test()
def a_pipe_that_is_held_open_is_told_of_and_not_waited_for(t):
    one = run(t, LINE, '--prefix=>', '--orphans=leave', 'sh', '-c',
              'sleep 1000.25 & echo $!; printf end', ':::', t.dir)
    pid, end = lines(one)
    t.defer(os.kill, int(pid[1:]), signal.SIGKILL)
    equal(end, '>end', 'what was written before')
    said = one.stderr.text()
    equal(said.count('left its output open; not waited for'), 1, said)


@test()
def one_that_fled_and_holds_the_pipe_is_ended(t):
    """It left the group, and would be waited for by a shell's pipe."""
    one = run(t, LINE, '--prefix=>', 'sh', '-c',
              'setsid sh -c "echo there > $0; exec sleep 1000" $0 & '
              'while ! [ -s $0 ]; do :; done; echo here',
              ':::', t.path('there'), seconds=20)
    contains(one.stdout.text(), '>here\n', 'stdout')
    nobody_is_left(t, t.path('there'))


@test(seconds=90)
def one_that_goes_on_writing_is_not_listened_to_for_ever(t):
    one = run(t, LINE, '--orphans=leave', '--prefix=>', 'sh', '-c',
              'yes $0 & echo pid $!', ':::', t.dir)
    pid = re.search(r'>pid (\d+)', one.stdout.text()).group(1)
    contains(one.stderr.text(), 'left its output open', 'stderr')
    t.until(lambda: is_over(int(pid)), 'SIGPIPE ended who went on')


@test()
def what_a_survivor_writes_in_time_is_shown(t):
    one = run(t, LINE, '--prefix=>', '--orphans=wait', 'sh', '-c',
              '(while kill -0 $$; do :; done 2> /dev/null; echo late) & '
              'echo early', ':::', 'a')
    equal(lines(one), ['>early', '>late'], 'lines')


@test()
def a_list_whose_writer_has_gone_does_not_keep_it_busy(t):
    gate = Gate(t, 'gate')
    one = Run(t, '-i', '-j1', LINE, stdin=f'read x < {gate.path}\n' * 3)
    t.until(lambda: children(one.pid), 'the first runs')
    check_asleep(one.pid)
    gate.open_until(t, lambda: one.process.poll() is not None)
    one.finish(1)


# -- Our own output -----------------------------------------------------------


@test()
def head_ends_it_and_nobody_is_left(t):
    mark = t.path('mark')
    need_programs(t)
    for how in (LINE, '--output=group'):
        command = ('yes $0' if how == LINE else 'seq 100000; sleep 0')
        result = subprocess.run(
            ['bash', '-c', '"$@" | head -1; echo ${PIPESTATUS[0]}', 'bash',
             RUN, '-j4', how, 'sh', '-c', command + '; exit 0',
             ':::', *[f'{mark}{n}' for n in range(20)]],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        first, status = result.stdout.decode().splitlines()
        equal(status, str(128 + signal.SIGPIPE), f'status with {how}')
        equal(result.stderr, b'', f'stderr with {how}')
        nobody_is_left(t, mark)


@test()
def a_full_device_is_an_error(t):
    need_programs(t)
    with open('/dev/full', 'w') as full:
        result = subprocess.run(
            [RUN, LINE, 'echo', ':::', 'a'],
            stdout=full, stderr=subprocess.PIPE, timeout=60)
    equal(result.returncode, 125, 'status')
    contains(result.stderr.decode(), 'No space left', 'stderr')


@test()
def on_a_terminal_prefixes_have_colours(t):
    terminal = on_terminal(t, '-j1', LINE, '--progress=none', '--prefix=>',
                           'echo', ':::', 'a', 'b')
    equal(terminal.wait(), 0, 'status')
    equal(terminal.output.text(),
          '\x1b[36m>\x1b[ma\r\n\x1b[33m>\x1b[mb\r\n', 'output')
    one = run(t, LINE, '--color=always', '--prefix=>', 'echo', ':::', 'a')
    equal(one.stdout.text(), '\x1b[36m>\x1b[ma\n', 'when asked for')


# -- Files --------------------------------------------------------------------


def files(t, *names):
    return [program.read(t.path(*names[:-1], names[-1] + end)).decode()
            for end in ('.out', '.err')]


@test()
def each_command_has_its_files(t):
    one = run(t, '-o', 'deep/out', 'sh', '-c', 'echo $0; echo $0 >&2', ':::',
              'a', 'b')
    equal(one.stdout.text() + one.stderr.text(), '', 'said')
    equal(sorted(os.listdir(t.path('deep/out'))),
          [f'{n}-sh_-c_echo_0_echo_0_2_{name}.{end}'
           for n, name in ((1, 'a'), (2, 'b')) for end in ('err', 'out')],
          'files')
    equal(files(t, 'deep/out', '1-sh_-c_echo_0_echo_0_2_a'),
          ['a\n', 'a\n'], 'content')


@test()
def a_second_run_writes_them_anew(t):
    for _ in range(2):
        run(t, '-o', 'out', 'echo', ':::', 'a')
    equal(files(t, 'out', '1-echo_a'), ['a\n', ''], 'content')


@test()
def a_retry_has_files_of_its_own(t):
    run(t, '-o', 'out', '--retries=1', 'sh', '-c',
        'echo x >> $0; wc -l < $0; false', ':::', 'f', status=1)
    stem = '1-sh_-c_echo_x_0_wc_-l_0_false_f'
    equal(files(t, 'out', stem), ['1\n', ''], 'the first')
    equal(files(t, 'out', stem + '.2'), ['2\n', ''], 'the second')


@test()
def names_stay_in_the_directory(t):
    run(t, '-o', 'out', 'true', ':::', '../../x', '/etc', 'a' * 300, 'ü\x1b')
    equal(sorted(os.listdir(t.path('out'))), sorted(
        f'{name}.{end}' for end in ('out', 'err') for name in
        ('1-true_.._.._x', '2-true_etc', '3-true_' + 'a' * 58, '4-true_ü_')),
        'files')


@test()
def a_directory_that_cannot_be_made_is_one_clear_error(t):
    t.write('file', '')
    one = run(t, '-o', 'file/out', 'touch', ':::', t.path('ran'), status=125)
    equal(one.stderr.text(),
          'belay run: --output-dir: file/out: Not a directory\n', 'stderr')
    equal(os.path.exists(t.path('ran')), False, 'ran')


@test()
def a_file_that_cannot_be_made_is_told_with_its_name(t):
    os.makedirs(t.path('out/1-true_a.out'))
    one = run(t, '-o', 'out', 'true', ':::', 'a', status=1)
    contains(one.stderr.text(), 'out/1-true_a.out: Is a directory', 'stderr')


@test()
def a_survivor_that_has_the_file_holds_up_nobody(t):
    one = run(t, '-o', 'out', '--orphans=leave', 'sh', '-c',
              'sleep 1000.5 & echo $!', ':::', 'x')
    name = [name for name in os.listdir(t.path('out')) if 'out' in name][0]
    os.kill(int(program.read(t.path('out', name))), signal.SIGKILL)
    lacks(one.stderr.text(), 'left', 'stderr')


# -- Who else writes, and who does not read -----------------------------------


@test(seconds=60)
def what_a_survivor_writes_later_is_not_shown_as_anothers(t):
    """It has fled, so that nobody knew of it when its command had ended."""
    os.mkfifo(t.path('go'))
    first = ('setsid sh -c "trap \\"\\" TERM; > $0/there; read x < $0/go; '
             'echo stray; > $0/said" & '
             'until [ -e $0/there ]; do :; done; echo one')
    second = 'echo > $0/go; until [ -e $0/said ]; do :; done; echo two'
    for options in (('--no-kill',), ('--grace=50s',), ('--keep-order',)):
        one = run(t, '-q', '-j1', *options, 'sh', '-c', '{}', t.dir, ':::',
                  'true', first, second)
        equal(one.stdout.text(), 'one\ntwo\n', 'stdout')
        os.unlink(t.path('said'))
        os.unlink(t.path('there'))


@test()
def a_closed_standard_output_is_an_error_and_nothing_is_written_elsewhere(t):
    done = subprocess.run(
        ['sh', '-c', '"$@" >&-', 'sh', Run.program, '-j1', '--json', 'events',
         ':::', 'echo hi'],
        cwd=t.dir, stderr=subprocess.PIPE, text=True, check=False)
    equal(done.returncode, 125, 'status')
    contains(done.stderr, 'standard output: Bad file descriptor', 'stderr')
    with open(t.path('events')) as events:
        lacks(events.read(), 'hi\n', 'the report')


@test()
def who_does_not_read_does_not_make_us_deaf(t):
    reading, writing = os.pipe()
    with subprocess.Popen([Run.program, '-q', '-j1', ':::',
                           'head -c 300000 /dev/zero'], stdout=writing) as one:
        t.until(lambda: waits_in_poll(one.pid), 'it writes')
        one.terminate()
        equal(one.wait(20), -signal.SIGTERM, 'status')
    os.close(reading)
    os.close(writing)


@test()
def commands_that_write_nothing_hold_no_files(t):
    run(t, '-j2', '--keep-order', 'sh', '-c',
        'ulimit -n 80; "$0" -j2 --keep-order sh -c '
        '"test \\$0 != 0 || while [ ! -e end ]; do :; done; '
        'test \\$0 != 199 || > end" ::: $(seq 0 199)', Run.program, ':::', 'a')


# -- As many as there is room for ---------------------------------------------

ONCE = 'commands at once, and no more: Too many open files\n'


@test()
def those_for_whom_there_are_no_fds_wait_for_others_to_end(t):
    for how in '--output=raw', '--output=group', '--output=line', '-od':
        it = run(t, '-j1', '--output=raw', 'sh', '-c',
                 f'cd {t.dir}; ulimit -n 64; exec "$0" -j100 {how} echo ::: '
                 '$(seq 100)', Run.program, ':::', 'a')
        equal(it.stderr.text().count(ONCE), 1, how)
        equal(it.stderr.text().count('\n'), 1, how)


@test()
def more_fds_are_asked_for_that_commands_do_not_get(t):
    """They all wait until the last one runs."""
    it = run(t, '-j1', '--output=raw', 'sh', '-c',
             f'cd {t.dir}; ulimit -Sn 50; exec "$0" -j100 sh -c '
             '"ulimit -Sn; while [ \\$0 != 100 ] && [ ! -e end ];'
             ' do sleep 0.05; done; > end" ::: $(seq 100)',
             Run.program, ':::', 'a')
    equal(it.stdout.text(), '50\n' * 100, 'their limit')
    equal(it.stderr.text(), '', 'what it said')


main()
