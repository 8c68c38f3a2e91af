#!/usr/bin/python3
"""On a real terminal, several commands at once."""

import os
import time

from running import PATIENCE, RUN, SUBJECT, nobody_left, parent, wait_stopped
from shell import Shell, Window
from tap import equal, main, test
from terminal import CTRL_C, CTRL_Z


@test(seconds=60)
def where_nobody_could_make_them_go_on_they_do_not_stop(t):
    # The terminal drops what was written before it has handled a Ctrl-Z: it is
    # to show that, which it does where no keys are read.
    window = Window(t, [RUN, '-j', '1', '--output', 'raw', '--progress',
                        'none', SUBJECT, 'hear', '12', ':::', 'x'])
    window.see(r'ready \d')
    for _ in range(3):
        window.press(CTRL_Z)
        window.see(r'\^Z')
        os.kill(window.pid, 12)
        window.see('heard 12\r')
    window.press(CTRL_C)
    equal(window.wait(PATIENCE), -2, 'status')
    nobody_left(t)


def several(shell, *signals):
    shell.line('$R -j 3 --output raw --progress none $S hear '
               f'{" ".join(map(str, signals))} ::: x y z')
    return shell.ready(3)


@test(seconds=90)
def a_second_ctrl_c_asks_again_and_a_third_kills(t):
    shell = Shell(t)
    several(shell, 2, 15)
    shell.press(CTRL_C)
    shell.see('waiting for 3 commands to end; '
              'Ctrl-C again sends them SIGTERM')
    t.until(lambda: shell.count('heard 2') == 3, 'all hear it', PATIENCE)
    time.sleep(0.15)  # nearer to each other they would be one
    shell.press(CTRL_C)
    shell.see('waiting for 3 commands to end; Ctrl-C again kills them')
    t.until(lambda: shell.count('heard 15') == 3, 'all hear it', PATIENCE)
    equal(shell.count('heard 2'), 3, 'SIGINTs')
    time.sleep(0.15)
    shell.interrupt()
    equal(shell.count('heard 2'), 3, 'SIGINTs')
    shell.run('echo status $?', 'status 130')


@test(seconds=90)
def ctrl_z_stops_all_of_them_and_fg_takes_them_back(t):
    shell = Shell(t)
    subjects = several(shell, 18)
    for count in range(1, 4):
        shell.stop()
        wait_stopped(t, *subjects, parent(subjects[0]))
        shell.line('fg')
        t.until(lambda: shell.count('heard 18') == 3 * count, 'all go on',
                PATIENCE)
    shell.interrupt()
    equal(shell.count('heard 18'), 9, 'SIGCONTs')


@test(seconds=60)
def one_of_several_that_wants_the_terminal_is_told(t):
    shell = Shell(t)
    shell.line("$R -j 2 --progress none --stdin inherit sh -c "
               "'read x </dev/tty' ::: x")
    shell.see(r'is stopped: it wants the terminal \(SIGTTIN\)')
    shell.interrupt()


main()
