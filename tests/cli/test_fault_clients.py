#!/usr/bin/python3
"""belay get against every fault there is: whatever a server does, a file that
is reported as right is right, and docs/fault-clients.md says so truly."""

import concurrent.futures
import os
import re

import clients
from fault import run
from program import GET, HERE
from tap import SCALE, Context, equal, main, test

TABLE = os.path.join(HERE, '../../docs/fault-clients.md')
# Quicker than in the table, for the same ends.
clients.CLIENTS['belay get'] = [
    GET, '-q', '--retries', '3', '--retry-wait', '10ms', '--stall',
    f'{round(2 * SCALE)}s']

# What a client of HTTP does not notice as such, or is a part of others.
NO_TRIAL = {'time', 'path', 'client', 'up', 'down', 'limit', 'read', 'read-line',
            'read-until', 'read-all', 'send', 'flood', 'wait', 'close',
            'half-close', 'answer', 'echo', 'relay', 'again', 'header'}


def told():
    """What the table says of belay get: 'right', 'fails', 'hangs' or 'WRONG'
    for each list of faults."""
    found = {}
    with open(TABLE, encoding='utf-8') as file:
        for line in file:
            cells = [cell.strip() for cell in line.split(' | ')]
            if len(cells) < 3 or not re.match(r'\| (`|none)', line):
                continue
            name = cells[0].lstrip('| ').replace(' (blind)', '')
            name = name.replace('` `', ' & ').replace('`', '')
            word = cells[1].split()[0].rstrip(',')
            found['' if name == 'none' else name] = word
    return found


def judge(trial, outcome, wanted):
    """What is wrong with an outcome, if anything."""
    found = ('hangs' if outcome.hung else 'fails' if outcome.status else
             'right' if outcome.file == 'right' else '**WRONG**')
    if outcome.escaped:
        return 'it left its directory'
    if outcome.status == 0 and outcome.file != 'right' and not trial.blind:
        return f'status 0, and the file is {outcome.file}'
    if outcome.status and outcome.file != 'nothing':
        return f'it failed, and the file is {outcome.file}'
    if found != wanted and not (trial.either and found in ('right', 'fails')):
        return f'{found}; the table says {wanted}'
    return None


def make(group):
    trials = [trial for trial in clients.FAULTS[group]
              if not trial.endless and
              (not trial.root or clients.can_filter())]

    def all_of_them(t):
        if not GET:
            t.skip('BELAY_GET does not name the program')
        table = told()

        def one(number, trial):
            os.mkdir(t.path(str(number)))
            own = Context(trial.name, t.path(str(number)))
            with own.stack:
                return clients.attempt(own, 'belay get', trial)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            outcomes = list(pool.map(one, range(len(trials)), trials))
        wrong = []
        for trial, outcome in zip(trials, outcomes):
            why = judge(trial, outcome, table.get(trial.name))
            if why:
                wrong.append(f'{trial.name or "none"}: {why}\n{outcome.said}')
        equal(wrong, [], '\n'.join(wrong))
    all_of_them.__name__ = re.sub('[^a-z]+', '_', group.lower())
    test(240)(all_of_them)


for _group in clients.FAULTS:
    make(_group)


@test()
def every_fault_there_is_has_a_trial(t):
    listed = set(re.findall(r'^  ([a-z][a-z0-9-]*)', run('--help-faults')[1],
                            re.M))
    tried = {name for trials in clients.FAULTS.values() for trial in trials
             for text in trial.faults
             for name in re.findall(r'(?:^|; )([a-z-]+)', text)}
    equal(sorted(listed - tried - NO_TRIAL), [], 'without a trial')
    equal(sorted(tried - listed), [], 'not in --help-faults')


@test()
def the_table_has_every_trial_and_no_other(t):
    names = {trial.name for trials in clients.FAULTS.values()
             for trial in trials}
    equal(sorted(names ^ set(told())), [], 'in one of them only')


main()
