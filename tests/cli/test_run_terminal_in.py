#!/usr/bin/python3
"""On a real terminal, in others: in a script, in another belay, and where
nobody could make us go on."""

from running import (PATIENCE, RUN, SUBJECT, nobody_left, wait_going_on,
                     wait_stopped)
from shell import Shell, Window
from tap import equal, lacks, main, test
from terminal import CTRL_C, CTRL_Z

SHELLS = ('bash', 'dash')


# -- In others ----------------------------------------------------------------


@test(seconds=90)
def nested_it_is_the_same(t):
    for depth in (2, 3):
        shell = Shell(t)
        shell.line('$R ' * depth + 'sleep 1000')
        sleep, = shell.named('sleep')
        shell.has_foreground(sleep)
        for _ in range(3):
            shell.stop()
            shell.has_terminal()
            equal(len(shell.others()), depth + 1, 'processes')
            wait_stopped(t, *shell.others())
            shell.line('fg')
            wait_going_on(t, *shell.others())
            shell.has_foreground(sleep)
        shell.interrupt()
        shell.run('echo status $?', 'status 130')
        shell.close()


LOOP = 'for i in 1 2 3; do $R sh command.sh; done; echo after-$i\n'
COMMAND = 'echo started-$$; exec sleep 1000\n'


def one_ctrl_c_ends(t, shell):
    shell.see(r'started-\d')
    shell.has_foreground(*shell.named('sleep'))
    shell.press(CTRL_C)
    shell.prompt()
    shell.has_terminal()
    shell.alone()
    equal(shell.text().count('started-') -
          shell.text().count('started-$'), 1, 'commands started')
    lacks(shell.text(), 'after-1', 'terminal')


@test(seconds=120)
def one_ctrl_c_ends_a_loop_in_any_shell(t):
    t.write('command.sh', COMMAND)
    t.write('loop.sh', LOOP)
    for interactive, line in (('bash', 'bash loop.sh'), ('bash', 'sh loop.sh'),
                              ('dash', 'dash loop.sh'),
                              ('bash', f"sh -c '{LOOP.strip()}'"),
                              ('dash', f"bash -c '{LOOP.strip()}'"),
                              ('bash', LOOP.split('; echo')[0]),
                              ('dash', LOOP.split('; echo')[0])):
        shell = Shell(t, interactive)
        shell.line(line)
        one_ctrl_c_ends(t, shell)
        shell.close()


@test(seconds=90)
def one_ctrl_c_ends_a_loop_that_nobody_watches(t):
    """The shell that runs it is the leader of the session itself."""
    t.write('command.sh', COMMAND)
    for name in SHELLS:
        window = Window(t, [name, '-c', LOOP])
        window.see(r'started-\d')
        window.has_foreground(*window.named('sleep'))
        window.press(CTRL_C)
        equal(window.wait(PATIENCE), -2, f'{name} dies by SIGINT')
        equal(window.text().count('started-'), 1, 'commands started')
        nobody_left(t)


@test(seconds=90)
def in_a_script_ctrl_z_stops_the_script(t):
    t.write('script.sh', '$R sleep 1000; echo after\n')
    for name in SHELLS:
        shell = Shell(t)
        shell.line(f'{name} script.sh')
        sleep, = shell.named('sleep')
        shell.has_foreground(sleep)
        shell.stop()
        equal(len(shell.others()), 3, 'script, belay and sleep')
        wait_stopped(t, *shell.others())
        shell.line('fg')
        shell.has_foreground(sleep)
        wait_going_on(t, *shell.others())
        shell.interrupt()
        lacks(shell.text(), 'after\n', 'terminal')
        shell.close()


@test(seconds=60)
def a_pipe_that_nobody_reads_ends_it(t):
    shell = Shell(t)
    shell.run('$R yes | head -n 1')
    shell.run('echo status ${PIPESTATUS[0]} ${PIPESTATUS[1]}', 'status')
    shell.alone()
    shell.run('$R yes | head -n 1; echo status ${PIPESTATUS[@]}',
              'status 141 0')


# -- Where nobody could make us go on -----------------------------------------


def orphaned(t, window):
    """Ctrl-Z there does not hang, and Ctrl-C ends it."""
    window.see(r'ready \d')
    for count in range(1, 4):
        window.press(CTRL_Z)
        window.see('heard 18\r')
    window.press(CTRL_C)
    window.wait(PATIENCE)
    nobody_left(t)


@test(seconds=60)
def the_leader_of_a_session_cannot_stop(t):
    orphaned(t, Window(t, [RUN, SUBJECT, 'hear', '18']))


@test(seconds=60)
def nor_can_a_script_that_leads_one(t):
    orphaned(t, Window(t, ['sh', '-c', '$R $S hear 18; exit $?']))


@test(seconds=60)
def nor_one_in_script_1(t):
    orphaned(t, Window(t, ['script', '-qec', f'{RUN} {SUBJECT} hear 18',
                           '/dev/null']))


main()
