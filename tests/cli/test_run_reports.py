#!/usr/bin/python3
"""What `belay run` reports of many commands: JSON Lines, JUnit, TAP, traces.

Each report is read by a reader of its format that forgives nothing, and what
is in it compared with what was done.
"""

import collections
import json
import os
import re
import signal
import subprocess
import xml.etree.ElementTree as etree

import program
from running import RUN, Run
from tap import contains, equal, main, test

LONG = 'exec sleep 1000'


# -- Running it ---------------------------------------------------------------


def script(t, name, *lines):
    """A program in the test's directory; a name may be any bytes."""
    path = os.path.join(os.fsencode(t.dir), os.fsencode(name))
    with open(path, 'w', encoding='utf-8') as file:
        file.write('\n'.join(['#!/bin/sh', *lines, '']))
    os.chmod(path, 0o755)
    return b'./' + os.fsencode(name)


REPORTS = ('--json', 'r.json', '--junit', 'r.xml', '--tap', 'r.tap',
           '--trace', 'r.trace')


def shown(name):
    """A name of bytes as the reports have it."""
    return name.decode('utf-8', 'replace')


# -- Readers ------------------------------------------------------------------


def no_constant(word):
    raise AssertionError(f'{word} is not JSON')


def read_json(path):
    """All events; every line must be an object."""
    with open(path, encoding='utf-8', newline='\n') as file:
        text = file.read()
    equal(text[-1:], '\n', 'last byte')
    events = [json.loads(line, parse_constant=no_constant)
              for line in text[:-1].split('\n')]
    equal(events[0]['event'], 'begin', 'first event')
    equal(events[-1]['event'], 'summary', 'last event')
    times = [event['time'] for event in events]
    equal(times, sorted(times), 'times')
    return events


def find(events, kind, **fields):
    return [event for event in events if event['event'] == kind and
            all(event.get(key) == value for key, value in fields.items())]


class Junit:
    def __init__(self, path):
        root = etree.parse(path).getroot()
        equal(root.tag, 'testsuites')
        self.suite, = root
        equal(self.suite.tag, 'testsuite')
        self.cases = list(self.suite)
        for key in ('tests', 'failures', 'errors', 'skipped', 'time'):
            equal(root.get(key), self.suite.get(key), key)
        equal({case.tag for case in self.cases} or {'testcase'}, {'testcase'})
        equal(int(self.suite.get('tests')), len(self.cases), 'tests')
        for key, tag in (('failures', 'failure'), ('errors', 'error')):
            equal(int(self.suite.get(key)),
                  sum(case.find(tag) is not None for case in self.cases), key)
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d',
                            self.suite.get('timestamp'))
        for case in self.cases:
            equal(case.get('classname'), 'belay run', 'classname')
            float(case.get('time'))

    def case(self, name):
        found = [case for case in self.cases if case.get('name') == name]
        equal(len(found), 1, f'cases of {name!r}')
        return found[0]


def tags(element):
    return [child.tag for child in element]


class Tap:
    """Version 13, strictly: points in order, YAML that is closed, one plan."""

    def __init__(self, path):
        with open(path, encoding='utf-8', newline='\n') as file:
            lines = file.read().split('\n')
        equal(lines.pop(), '', 'after the last line')
        equal(lines.pop(0), 'TAP version 13', 'first line')
        self.points, self.plan, self.bail = [], None, None
        while lines:
            self.read(lines.pop(0), lines)
        assert self.plan is not None, 'no plan'
        equal(self.plan, len(self.points), 'plan')

    def read(self, line, lines):
        point = re.fullmatch(r'(not )?ok (\d+) - ((?:[^#\\]|\\.)*)'
                             r' # time=[\d]+\.\d{3}ms', line)
        if point:
            equal(int(point[2]), len(self.points) + 1, 'number')
            name = re.sub(r'\\(.)', r'\1', point[3])
            self.points.append((not point[1], name, {}))
        elif line == '  ---':
            while (line := lines.pop(0)) != '  ...':
                key, value = re.fullmatch(r'  (\w+): (.*)', line).groups()
                self.points[-1][2][key] = json.loads(value)
        elif re.fullmatch(r'1\.\.\d+( # SKIP .*)?', line):
            equal(self.plan, None, 'plan before')
            self.plan = int(line.split()[0][3:])
        elif line.startswith('Bail out! '):
            self.bail = line
        else:
            assert line.startswith('# '), line

    def point(self, name):
        """The point with this name in its diagnostics, or else on its line."""
        found = [point for point in self.points
                 if point[2].get('name', point[1]) == name]
        equal(len(found), 1, f'points of {name!r} in {self.points}')
        return found[0]


Slice = collections.namedtuple('Slice', 'name row depth begin end args')


class Trace:
    """Rows of slices; every rule that viewers have is checked."""

    def __init__(self, path):
        with open(path, encoding='utf-8') as file:
            trace = json.load(file, parse_constant=no_constant)
        self.slices, self.instants, self.names = [], [], {}
        self.stacks = collections.defaultdict(list)
        self.last = collections.defaultdict(float)
        pids = {event['pid'] for event in trace['traceEvents']}
        equal(len(pids), 1, 'processes')
        for event in trace['traceEvents']:
            getattr(self, 'on_' + event['ph'])(event, event['tid'])
        for row, stack in self.stacks.items():
            equal(stack, [], f'open slices of row {row}')
            assert row in self.names, f'row {row} has no name'
        for outer in self.slices:
            equal(outer.depth > 0, outer.row != 1 and
                  outer.name in ('stopped', 'paused'), f'depth of {outer}')

    def on_M(self, event, row):
        if event['name'] == 'thread_name':
            self.names[row] = event['args']['name']

    def at(self, event, row):
        assert event['ts'] >= self.last[row], f'{event} is late'
        self.last[row] = event['ts']
        return event['ts']

    def on_B(self, event, row):
        self.stacks[row].append((event, self.at(event, row)))

    def on_E(self, event, row):
        end = self.at(event, row)
        assert self.stacks[row], f'nothing for {event} to end'
        begin, start = self.stacks[row].pop()
        equal(event['name'], begin['name'], 'what ends')
        self.slices.append(Slice(begin['name'], row, len(self.stacks[row]),
                                 start, end,
                                 {**begin['args'], **event['args']}))

    def on_i(self, event, row):
        equal(event['s'], 't', 'scope')
        self.at(event, row)
        self.instants.append((event['name'], row, bool(self.stacks[row])))

    def named(self, name):
        return [found for found in self.slices if found.name == name]


def follow(t, path='r.json'):
    """What is in a growing file of events now; a last part line is left."""
    try:
        with open(t.path(path), encoding='utf-8') as file:
            lines = file.read().split('\n')[:-1]
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]


def wait_for(t, kind, count=1, path='r.json'):
    """Waits until there are so many events of a kind; returns the last."""
    return t.until(lambda: find(follow(t, path), kind)[count - 1:],
                   f'{count} {kind}', 20)[-1]


def read_all(t):
    """All four, and that they tell the same story."""
    events = read_json(t.path('r.json'))
    junit, points = Junit(t.path('r.xml')), Tap(t.path('r.tap'))
    trace = Trace(t.path('r.trace'))
    summary = events[-1]
    done = summary['succeeded'] + summary['failed']
    equal(len(junit.cases), done, 'cases')
    equal(len(points.points), done, 'points')
    equal(sum(ok for ok, _, _ in points.points), summary['succeeded'], 'ok')
    equal(len(junit.cases) - int(junit.suite.get('failures')) -
          int(junit.suite.get('errors')), summary['succeeded'], 'passed')
    wanted = sorted((end['number'], end['attempt'], end['slot'] + 2,
                     end['ok'], end['status'])
                    for end in find(events, 'end'))
    equal(sorted((part.args['number'], part.args['attempt'], part.row,
                  part.args['ok'], part.args['status'])
                 for part in trace.slices if 'attempt' in part.args), wanted,
          'attempts in the trace')
    return events, junit, points, trace


# -- A mixture ----------------------------------------------------------------

ODD = [b'new\nline', b'quo"te\'s', b'bad\xff\xc3', b'a]]>b<c>&d',
       b'esc\x1b[31m', b'hash # TODO \\ # skip', b'tab\tand\rcr',
       'ünïcode \u202e'.encode()]


def mixture(t):
    """Programs of every kind, as arguments for {}."""
    well = [script(t, name, 'echo odd') for name in ODD]
    return well + [
        script(t, 'good', 'echo out of good', 'echo err of good >&2'),
        script(t, 'bad', 'printf "]]>\\033[31m<&\\377\\001\\n"', 'exit 3'),
        script(t, 'killed', 'kill -KILL $$'),
        script(t, 'flaky', 'echo x >>count', 'echo try $(wc -l <count)',
               '[ $(wc -l <count) -gt 2 ]'),
        b'./missing']


def check_json(events):
    equal(events[0]['total'], len(ODD) + 5, 'total')
    ends = collections.defaultdict(list)
    for end in find(events, 'end'):
        ends[end['name']].append(end)
        begin = find(events, 'start', number=end['number'],
                     attempt=end['attempt'])
        equal(len(begin), end['name'] != './missing', f'starts of {end}')
        for start in begin:
            equal([start[key] for key in ('name', 'slot', 'pid', 'command')],
                  [end['name'], end['slot'], end['pid'], [end['name']]])
    for name in ODD:
        end, = ends['./' + shown(name)]
        equal((end['ok'], end['exit']), (True, 0), f'end of {name!r}')
    wanted = {'good': (True, 0, 0, None, None, False),
              'bad': (False, 3, 3, None, None, False),
              'killed': (False, 137, None, 'SIGKILL', None, False),
              'missing': (False, 127, None, None, 'No such file or directory',
                          False)}
    for name, values in wanted.items():
        equal(len(ends['./' + name]), 1 if name == 'good' else 3, name)
        for end in ends['./' + name]:
            equal(tuple(end[key] for key in (
                'ok', 'status', 'exit', 'signal', 'error', 'timed_out')),
                values, name)
    equal([(end['attempt'], end['exit']) for end in ends['./flaky']],
          [(1, 1), (2, 1), (3, 0)], 'flaky')
    for end in find(events, 'end'):
        equal('max_rss_bytes' in end, end['name'] != './missing', 'usage')
    assert all(end['max_rss_bytes'] > 100000 and end['seconds'] >= 0 and
               end['user_seconds'] + end['system_seconds'] < 10
               for end in find(events, 'end') if 'max_rss_bytes' in end)
    equal(len(find(events, 'retry')), 2 * 4, 'retries')
    equal(find(events, 'signal'), [], 'signals')
    summary = events[-1]
    equal([summary[key] for key in (
        'total', 'started', 'succeeded', 'failed', 'retried', 'signal')],
        [len(ODD) + 5, len(ODD) + 5, len(ODD) + 2, 3, 8, None], 'summary')


def in_xml(text):
    """What a reader of XML gets for a text of ours."""
    return re.sub('[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]', '\ufffd', text)


def check_junit(junit):
    for name in ODD:
        case = junit.case(in_xml('./' + shown(name)))
        equal([tags(case), case[0].text], [['system-out'], 'odd\n'],
              f'case of {name!r}')
    good = junit.case('./good')
    equal([(part.tag, part.text) for part in good],
          [('system-out', 'out of good\n'), ('system-err', 'err of good\n')])
    bad = junit.case('./bad')
    equal(tags(bad), ['failure', 'rerunFailure', 'rerunFailure', 'system-out'])
    equal(bad[0].get('message'), 'exited with status 3')
    equal(bad[0].get('type'), 'exit')
    equal(bad.find('system-out').text, ']]>\ufffd[31m<&\ufffd\ufffd\n')
    equal(tags(bad[1]), ['stackTrace', 'system-out'])
    for name, tag, kind in (('killed', 'failure', 'signal'),
                            ('missing', 'error', 'start')):
        case = junit.case('./' + name)
        again = 'rerun' + tag.capitalize()
        equal(tags(case), [tag, again, again], name)
        equal({part.get('type') for part in case}, {kind}, name)
    flaky = junit.case('./flaky')
    equal(tags(flaky), ['flakyFailure', 'flakyFailure', 'system-out'])
    equal([part.find('system-out').text for part in flaky[:2]],
          ['try 1\n', 'try 2\n'])
    equal(flaky[2].text, 'try 3\n')


def check_tap(points):
    equal(points.bail, None)
    for name in ODD:
        line = re.sub('[\n\t]', ' ', './' + shown(name))
        line = re.sub('[\r\x1b\u202e\ufffd]', '?', line)
        equal(points.point(line)[0], True, name)
    equal(points.point('./good')[2], {}, 'diagnostics of what went well')
    ok, _, yaml = points.point('./flaky')
    equal((ok, yaml['attempts'], yaml['status']), (True, 3, 0))
    for name, status, message in (
            ('bad', 3, 'exited with status 3'),
            ('killed', 137, 'killed by SIGKILL'),
            ('missing', 127, 'No such file or directory')):
        equal(points.point('./' + name),
              (False, './' + name,
               {'message': message, 'severity': 'fail', 'name': './' + name,
                'command': './' + name, 'status': status, 'attempts': 3}))


@test(seconds=90)
def every_report_of_a_mixture(t):
    commands = mixture(t)
    run = Run(t, '-j', '3', '--retries', '2', *REPORTS, '{}', ':::', *commands)
    run.finish(1)
    events, junit, points, trace = read_all(t)
    check_json(events)
    check_junit(junit)
    check_tap(points)
    equal(sorted(trace.names.items()),
          [(1, 'belay run'), (2, 'slot 1'), (3, 'slot 2'), (4, 'slot 3')])
    equal(trace.instants, [], 'instants')
    equal({part.args['command'][0] for part in trace.named('./good')},
          {'./good'})
    equal([part.args['ok'] for part in trace.named('./flaky')],
          [False, False, True], 'slices of one that is tried again')
    equal(sorted(os.listdir(t.dir))[-1:] + sorted(
        name for name in os.listdir(t.dir) if name.startswith('r.')),
        ['ünïcode \u202e', 'r.json', 'r.tap', 'r.trace', 'r.xml'], 'files')


@test(seconds=60)
def commands_that_take_too_long(t):
    run = Run(t, '--timeout', '200ms', '--grace', '500s', '--retries', '1',
              *REPORTS, 'sh', '-c', ':::', LONG)
    run.finish(1)
    events, junit, points, trace = read_all(t)
    equal([event['event'] for event in events],
          ['begin', 'start', 'signal', 'end', 'retry', 'start', 'signal', 'end',
           'summary'])
    for end in find(events, 'end'):
        equal([end[key] for key in ('ok', 'status', 'exit', 'signal',
                                    'timed_out')],
              [False, 124, None, 'SIGTERM', True])
        assert end['seconds'] >= 0.2, end
    equal([tags(case) for case in junit.cases], [['failure', 'rerunFailure']])
    for part in junit.cases[0]:
        equal(part.get('type'), 'timeout')
        contains(part.get('message'), 'timed out after')
    contains(points.points[0][2]['message'], 'timed out after')
    equal([(name, inside) for name, _, inside in trace.instants],
          [('SIGTERM', True)] * 2, 'instants')


@test()
def no_commands_at_all(t):
    t.write('none', '')
    Run(t, '-f', 'none', *REPORTS).finish(0)
    events, junit, points, trace = read_all(t)
    equal([event['event'] for event in events], ['begin', 'summary'])
    equal((junit.cases, points.points, trace.slices), ([], [], []))


# -- Interruption -------------------------------------------------------------


@test(seconds=60)
def an_interrupt_leaves_reports_that_are_whole(t):
    commands = ['true', LONG, LONG, 'echo never']
    t.write('commands', '\n'.join(commands) + '\n')
    run = Run(t, '-j', '2', '-f', 'commands', *REPORTS)
    wait_for(t, 'start', 3)
    os.kill(run.pid, signal.SIGINT)
    run.finish(-signal.SIGINT)
    events, junit, points, trace = read_all(t)
    equal(events[-1]['signal'], 'SIGINT')
    equal(events[-1]['started'], 3)
    equal(len(find(events, 'signal', signal='SIGINT')), 2, 'signals')
    equal(len(find(events, 'end', signal='SIGINT')), 2, 'ends')
    equal([tags(case) for case in junit.cases],
          [[], ['failure'], ['failure']])
    equal(points.bail, 'Bail out! Interrupted by SIGINT')
    equal(sorted(name for name, _, _ in trace.instants),
          ['SIGINT', 'SIGINT', 'interrupted'])


@test(seconds=60)
def what_is_not_tried_again_after_all_is_told(t):
    run = Run(t, '--retries', '3', '--retry-wait', '500s', *REPORTS,
              'sh', '-c', ':::', 'exit 7')
    wait_for(t, 'retry')
    os.kill(run.pid, signal.SIGTERM)
    run.finish(-signal.SIGTERM)
    events, junit, points, _ = read_all(t)
    equal([event['event'] for event in events],
          ['begin', 'start', 'end', 'retry', 'dropped', 'summary'])
    equal([tags(case) for case in junit.cases], [['failure']])
    equal([(ok, yaml['status']) for ok, _, yaml in points.points],
          [(False, 7)])


@test(seconds=60)
def killed_it_leaves_the_old_reports_and_nothing_else(t):
    for name in ('r.xml', 'r.trace'):
        t.write(name, 'old')
    run = Run(t, *REPORTS, 'sh', '-c', ':::', LONG)
    wait_for(t, 'start')
    os.kill(run.pid, signal.SIGKILL)
    run.finish(-signal.SIGKILL)
    for name in ('r.xml', 'r.trace'):
        equal(program.read(t.path(name)), b'old', name)
    equal(sorted(os.listdir(t.dir)),
          ['home', 'r.json', 'r.tap', 'r.trace', 'r.xml'], 'files')


# -- Stopping -----------------------------------------------------------------


@test(seconds=60)
def a_job_that_is_stopped_and_goes_on(t):
    run = Run(t, *REPORTS, 'sh', '-c', ':::', LONG)
    pid = wait_for(t, 'start')['pid']
    os.kill(pid, signal.SIGSTOP)
    equal(wait_for(t, 'stop')['signal'], 'SIGSTOP')
    os.kill(pid, signal.SIGCONT)
    wait_for(t, 'continue')
    os.kill(pid, signal.SIGTERM)
    run.finish(1)
    events, _, _, trace = read_all(t)
    equal([event['event'] for event in events],
          ['begin', 'start', 'stop', 'continue', 'end', 'summary'])
    stop, = trace.named('stopped')
    job, = [part for part in trace.slices if 'attempt' in part.args]
    equal(stop.args, {'signal': 'SIGSTOP'})
    assert job.begin < stop.begin < stop.end < job.end, (job, stop)


@test(seconds=60)
def a_job_that_is_killed_while_it_is_stopped(t):
    run = Run(t, *REPORTS, 'sh', '-c', ':::', LONG)
    pid = wait_for(t, 'start')['pid']
    os.kill(pid, signal.SIGSTOP)
    wait_for(t, 'stop')
    os.kill(pid, signal.SIGKILL)
    run.finish(1)
    events, _, _, trace = read_all(t)
    equal(find(events, 'end')[0]['signal'], 'SIGKILL')
    stop, = trace.named('stopped')
    job, = [part for part in trace.slices if 'attempt' in part.args]
    equal(stop.end, job.end, 'the end of both')


@test(seconds=60)
def we_ourselves_are_stopped(t):
    run = Run(t, '-j', '2', *REPORTS, 'sh', '-c', ':::', 'true', LONG)
    wait_for(t, 'start', 2)
    pid = find(follow(t), 'start')[1]['pid']
    wait_for(t, 'end')
    os.kill(run.pid, signal.SIGTSTP)
    os.waitid(os.P_PID, run.pid, os.WSTOPPED)
    os.kill(run.pid, signal.SIGCONT)
    wait_for(t, 'pause')
    os.kill(pid, signal.SIGKILL)
    run.finish(1)
    events, _, _, trace = read_all(t)
    pause, = find(events, 'pause')
    ours, job = sorted(trace.named('paused'), key=lambda part: part.row)
    row = find(events, 'start', pid=pid)[0]['slot'] + 2
    equal((ours.row, job.row, job.depth), (1, row, 1), 'rows')
    for part in (ours, job):
        assert abs((part.end - part.begin) / 1e6 - pause['seconds']) < 1e-5
    end = find(events, 'end', pid=pid)[0]
    attempt, = [part for part in trace.slices if part.args.get('pid') == pid]
    width = (attempt.end - attempt.begin) / 1e6
    assert abs(width - end['seconds'] - pause['seconds']) < 1e-5, \
        'the loop\'s time stood still, and the trace did not'


@test(seconds=60)
def what_is_left_behind_has_a_slice_of_its_own(t):
    run = Run(t, *REPORTS, '--grace', '100s', 'sh', '-c', ':::',
              'trap "" HUP; sleep 1000 & exit 0')
    run.finish(0)
    events, _, _, trace = read_all(t)
    equal([event['event'] for event in events],
          ['begin', 'start', 'left', 'signal', 'end', 'summary'])
    equal(find(events, 'end')[0]['left_behind'], True)
    job, = [part for part in trace.slices if 'attempt' in part.args]
    left, = trace.named('left behind')
    equal((left.row, left.depth, left.begin), (job.row, 0, job.end))


@test(seconds=60)
def one_that_takes_long_is_told(t):
    run = Run(t, *REPORTS, '--slow', '50ms', 'sh', '-c', ':::', LONG)
    slow = wait_for(t, 'slow', 2)
    assert slow['seconds'] >= 0.09, slow
    os.kill(find(follow(t), 'start')[0]['pid'], signal.SIGKILL)
    run.finish(1)
    trace = read_all(t)[3]
    assert [name for name, _, _ in trace.instants].count('slow') >= 2


# -- Output in JUnit ----------------------------------------------------------


@test(seconds=60)
def much_output_loses_its_middle(t):
    loud = script(t, 'loud', 'echo first', 'yes | head -c 3000000', 'echo last',
                  'exit $1')
    run = Run(t, '--output', 'group', *REPORTS, loud.decode(), ':::', '0', '1')
    run.finish(1)
    junit = read_all(t)[1]
    for status, most in ((0, 4096), (1, 65536)):
        text = junit.case(f'./loud {status}').find('system-out').text
        assert most - 10 <= len(text) <= most + 64, len(text)
        assert text.startswith('first\ny\n') and text.endswith('y\nlast\n')
        contains(text, ' bytes ...]\n')


@test(seconds=60)
def attempts_in_one_file_are_told_apart(t):
    flaky = script(t, 'flaky', 'echo x >>count', 'echo try $(wc -l <count)',
                   'echo err $(wc -l <count) >&2', '[ $(wc -l <count) -gt 2 ]')
    run = Run(t, '--keep-order', '--retries', '5', *REPORTS, '{}', ':::', flaky)
    run.finish(0)
    case, = read_all(t)[1].cases
    equal([[part.find(tag).text for tag in ('system-out', 'system-err')]
           for part in case[:2]],
          [['try 1\n', 'err 1\n'], ['try 2\n', 'err 2\n']])
    equal([part.text for part in case[2:]], ['try 3\n', 'err 3\n'])


@test(seconds=60)
def of_many_attempts_the_first_and_the_last_are_kept(t):
    run = Run(t, '--retries', '40', *REPORTS, 'sh', '-c', ':::',
              'echo x >>count; wc -l <count; exit 1')
    run.finish(1)
    case, = read_all(t)[1].cases
    equal(case.find('system-out').text, '1\n')
    equal([part.find('system-out').text for part in
           case.findall('rerunFailure')],
          [f'{number}\n' for number in range(27, 42)])
    contains(case.find('failure').text, '25 more attempts are not shown')


# -- Where they go ------------------------------------------------------------

KINDS = ('json', 'junit', 'tap', 'trace')


@test(seconds=60)
def a_path_that_cannot_be_written_is_told_before_anything_starts(t):
    os.mkdir(t.path('folder'))
    for kind in KINDS:
        for path, why in (('nowhere/x', 'No such file or directory'),
                          ('folder', 'Is a directory')):
            run = Run(t, '--' + kind, path, 'touch', ':::', 'started')
            equal(run.said(125),
                  f'belay run: --{kind}: {path}: {why}\n', 'message')
            equal(sorted(os.listdir(t.dir)), ['folder', 'home'], 'files')


@test(seconds=60)
def two_reports_in_one_file_are_refused(t):
    for path, words in (('-', 'standard output'), ('x', 'x')):
        run = Run(t, '--json', path, '--tap', path, 'touch', ':::', 'started')
        equal(run.said(125), 'belay run: --json and --tap cannot both go to '
              f'{words}\n')
        equal(os.path.exists(t.path('started')), False)


@test(seconds=60)
def two_names_of_one_file_are_refused(t):
    """Of one that is there and of one that is not; and what is there stays."""
    names = {'-': 'standard output'}
    t.write('old', 'kept')
    os.link(t.path('old'), t.path('hard'))
    os.mkdir(t.path('folder'))
    os.symlink('.', t.path('here'))
    for name in ('old', 'new'):
        os.symlink(name, t.path('to_' + name))
        os.symlink('here/to_' + name, t.path('to_to_' + name))
    for one, two in [
            ('old', './old'), ('old', 'to_old'), ('to_to_old', 'to_old'),
            ('old', t.path('old')), ('old', 'hard'), ('new', 'folder/../new'),
            ('new', 'to_new'), ('to_to_new', 'here/here/new'),
            ('new', t.path('new')), ('-', '/dev/stdout')]:
        for first, second in (('json', 'tap'), ('junit', 'trace')):
            run = Run(t, '--' + first, one, '--' + second, two, 'touch', ':::',
                      'started')
            equal(run.said(125), f'belay run: --{first} and --{second} cannot '
                  f'both go to {names.get(one, one)}, which is also {two}\n')
            equal(os.path.exists(t.path('new')), False, 'a new file')
            equal(program.read(t.path('old')), b'kept', 'the old one')
    equal(os.path.exists(t.path('started')), False, 'what was to be done')


@test(seconds=60)
def a_link_to_a_new_report_stays(t):
    os.symlink('new', t.path('link'))
    Run(t, '--junit', 'link', '--json', 'other', 'true', ':::', 'x').finish(0)
    equal(os.path.islink(t.path('link')), True, 'link')
    equal(len(Junit(t.path('new')).cases), 1)


@test(seconds=60)
def a_full_disk_is_told_at_the_end(t):
    for kind in KINDS:
        run = Run(t, '--' + kind, '/dev/full', 'touch', ':::', kind)
        equal(run.said(125), f'belay run: --{kind}: /dev/full: '
              'No space left on device\n', 'message')
        equal(os.path.exists(t.path(kind)), True, 'what was to be done')


@test(seconds=60)
def a_dash_is_standard_output(t):
    readers = {'json': read_json, 'junit': Junit, 'tap': Tap, 'trace': Trace}
    for kind, reader in readers.items():
        for path in ('-', '/dev/stdout'):
            run = Run(t, '--' + kind, path, 'sh', '-c', ':::', 'exit 0',
                      'exit 1')
            run.finish(1)
            reader(t.write('copy', bytes(run.stdout.data)))
            t.write('out', '')
            number = os.stat(t.path('out')).st_ino
            Run(t, '--' + kind, path, 'true', ':::', '1',
                before=['sh', '-c', 'exec "$@" >>out', 'sh']).finish(0)
            reader(t.path('out'))
            equal(os.stat(t.path('out')).st_ino, number, 'the file itself')


@test(seconds=60)
def a_report_takes_the_place_of_the_old_one_where_a_link_leads(t):
    t.write('there/old.xml', 'old')
    os.symlink('there/old.xml', t.path('r.xml'))
    with open(t.path('there/old.xml'), encoding='utf-8') as old:
        Run(t, '--junit', 'r.xml', 'true', ':::', 'x').finish(0)
        equal(old.read(), 'old', 'what a reader of the old one has')
    equal(os.path.islink(t.path('r.xml')), True, 'link')
    equal(len(Junit(t.path('r.xml')).cases), 1)
    equal(os.listdir(t.path('there')), ['old.xml'], 'files')
    mask = os.umask(0)
    os.umask(mask)
    equal(os.stat(t.path('r.xml')).st_mode & 0o777, 0o666 & ~mask, 'mode')


@test(seconds=60)
def a_file_in_a_directory_of_others_is_written_in_place(t):
    t.write('there/r.xml', 'old' * 1000)
    os.chmod(t.path('there/r.xml'), 0o666)
    os.chmod(t.path('there'), 0o555)
    t.defer(os.chmod, t.path('there'), 0o755)
    before = ['setpriv', '--reuid', '65534'] if os.geteuid() == 0 else []
    if subprocess.run([*before, RUN, '--version'], stderr=subprocess.DEVNULL,
                      stdout=subprocess.DEVNULL, check=False).returncode:
        t.skip('nobody may not execute it')
    Run(t, '--junit', 'there/r.xml', 'true', ':::', 'x',
        before=before).finish(0)
    equal(len(Junit(t.path('there/r.xml')).cases), 1)
    run = Run(t, '--trace', 'there/new', 'true', ':::', 'x', before=before)
    equal(run.said(125),
          'belay run: --trace: there/new: Permission denied\n')


@test(seconds=60)
def a_file_that_is_mounted_is_written_in_place(t):
    t.write('r.xml', '')
    mounted = t.write('mounted', 'old' * 1000)
    before = ['unshare', '-rm', 'sh', '-c',
              'mount --bind mounted r.xml && exec "$@"', 'sh']
    if subprocess.run([*before, 'true'], cwd=t.dir, stderr=subprocess.DEVNULL,
                      check=False).returncode:
        t.skip('no mounts here')
    Run(t, '--junit', 'r.xml', 'true', ':::', 'x', before=before).finish(0)
    equal(len(Junit(mounted).cases), 1)
    equal(program.read(t.path('r.xml')), b'', 'what is beneath')
    equal(sorted(os.listdir(t.dir)), ['home', 'mounted', 'r.xml'], 'files')


@test(seconds=60)
def a_fifo_s_reader_is_waited_for_and_reads_along(t):
    os.mkfifo(t.path('fifo'))
    os.mkfifo(t.path('gate'))
    run = Run(t, '--json', 'fifo', 'sh', '-c', ':::', 'read x <gate')
    with open(t.path('fifo'), encoding='utf-8') as fifo:
        equal([json.loads(fifo.readline())['event'] for _ in range(2)],
              ['begin', 'start'], 'while it runs')
        t.write('gate', 'go\n')
        equal([json.loads(line)['event'] for line in fifo],
              ['end', 'summary'])
    run.finish(0)


@test(seconds=60)
def a_fifo_that_nobody_reads_does_not_hold_an_interrupt_up(t):
    os.mkfifo(t.path('fifo'))
    for kind in KINDS:
        run = Run(t, '--' + kind, 'fifo', 'touch', ':::', 'started')
        t.until(lambda: blocks(run.pid, signal.SIGTERM), 'a mask', 20)
        os.kill(run.pid, signal.SIGTERM)
        equal(run.said(-signal.SIGTERM), f'belay run: --{kind}: fifo: '
              'Interrupted system call\n')
        equal(os.path.exists(t.path('started')), False)


def blocks(pid, number):
    """Whether a process blocks a signal."""
    with open(f'/proc/{pid}/status', encoding='utf-8') as file:
        mask = re.search(r'SigBlk:\s*(\w+)', file.read())[1]
    return int(mask, 16) >> (number - 1) & 1


@test(seconds=60)
def a_reader_who_goes_away_does_not_end_the_run(t):
    wait = 'until [ -e go ]; do sleep 0.01; done; >done'
    for kind in KINDS:
        for more in ([], ['true', '>more']):
            reader, writer = os.pipe()
            run = Run(t, '-j', '1', '--' + kind, f'/dev/fd/{writer}', 'sh',
                      '-c', ':::', wait, *more, pass_fds=[writer])
            os.close(writer)
            t.until(lambda: children(run.pid), 'a command', 20)
            os.close(reader)
            t.write('go', '')
            equal(run.said(125), f'belay run: --{kind}: /dev/fd/{writer}: '
                  'Broken pipe\n')
            for name in ['go', 'done'] + (['more'] if more else []):
                os.unlink(t.path(name))


def children(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='utf-8') as file:
        return file.read().split()


main()
