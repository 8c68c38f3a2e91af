"""reports.py: readers of what `belay run` reports, and what writes it.

Each reader forgives nothing; read_all() asserts that the four tell the same
story.
"""

import collections
import json
import os
import re
import xml.etree.ElementTree as etree

from tap import equal


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
