#!/usr/bin/python3
"""The project's own tests, run by belay run: `test_run_own.py PROGRAM...`."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree

from tap import SCALE, equal, main, test

RUN = os.environ.get('BELAY_RUN')
PROGRAMS = [word for word in sys.argv[1:] if os.path.isabs(word)]
sys.argv[1:] = [word for word in sys.argv[1:] if word not in PROGRAMS]


@test(seconds=540)
def our_own_tests_pass_under_belay_run(t):
    """Two at a time, each with a limit, and with all that can be told."""
    if not RUN or not PROGRAMS:
        t.skip('no BELAY_RUN, or no programs')
    done = subprocess.run(
        [RUN, '-j2', f'--timeout={int(240 * SCALE)}s', '--progress=none',
         f'--json={t.path("events")}', f'--junit={t.path("results.xml")}',
         f'--trace={t.path("trace.json")}', f'--output-dir={t.path("out")}',
         '{}', ':::', *PROGRAMS],
        stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        check=False, text=True)
    with open(t.path('events'), encoding='utf-8') as lines:
        events = [json.loads(line) for line in lines]
    failed = [event for event in events
              if event['event'] == 'end' and event['status'] != 0]
    equal(failed, [], f'those that failed, {done.stderr}')
    equal(done.returncode, 0, done.stderr)
    equal(sum(event['event'] == 'end' for event in events), len(PROGRAMS))
    suites = xml.etree.ElementTree.parse(t.path('results.xml')).getroot()
    equal(suites.get('failures'), '0', 'failures in JUnit')
    with open(t.path('trace.json'), encoding='utf-8') as trace:
        json.load(trace)


main()
