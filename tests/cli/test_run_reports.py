#!/usr/bin/python3
"""What `belay run` reports of many commands: JSON Lines, JUnit, TAP, traces.

Each report is read by a reader of its format, and what is in it compared with
what was done.
"""

import collections
import os
import re
import signal

import program
from reports import (REPORTS, find, follow, read_all, script, shown, tags,
                     wait_for)
from running import Run
from tap import contains, equal, main, test

LONG = 'exec sleep 1000'


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


main()
