#!/usr/bin/python3
"""On a real terminal, between a shell and a command: nobody notices belay."""

import os

from running import (PATIENCE, name_of, nobody_left, parent, state,
                     stopped_time_is_not_counted, wait_going_on, wait_stopped)
from shell import Shell
from tap import equal, lacks, main, test
from terminal import CTRL_BACKSLASH, CTRL_C, CTRL_Z

SHELLS = ('bash', 'dash')


# -- Ctrl-C -------------------------------------------------------------------


@test(seconds=90)
def ctrl_c_ends_the_command_and_the_shell_has_the_terminal(t):
    for name in SHELLS:
        shell = Shell(t, name)
        shell.line('$R sleep 1000')
        sleep, = shell.named('sleep')
        shell.has_foreground(sleep)
        shell.press(CTRL_C)
        shell.prompt()
        shell.has_terminal()
        shell.alone()
        shell.run('echo status $?', 'status 130')
        shell.close()


@test(seconds=60)
def ctrl_backslash_ends_it_without_a_core_of_ours(t):
    shell = Shell(t)
    shell.run('ulimit -c 0')
    shell.line('$R sleep 1000')
    shell.has_foreground(*shell.named('sleep'))
    shell.press(CTRL_BACKSLASH)
    shell.prompt('Quit')
    shell.run('echo status $?', 'status 131')
    shell.alone()


@test(seconds=60)
def each_ctrl_c_is_one_signal(t):
    shell = Shell(t)
    shell.line('$R $S hear')
    subject, = shell.ready()
    shell.has_foreground(subject)
    for count in range(1, 6):
        shell.press(CTRL_C)
        shell.see('heard 2\r')
        os.kill(parent(subject), 10)
        shell.see('heard 10\r')
        equal(shell.count('heard 2'), count, 'SIGINTs')


@test(seconds=60)
def the_third_ctrl_c_kills_who_does_not_have_the_terminal(t):
    """Also in a pipeline, where we are not alone in the foreground."""
    for line in ('$R --terminal keep $S hear',
                 '$R $S hear | (trap "" INT; exec cat)'):
        shell = Shell(t)
        shell.run('set -o pipefail')
        shell.line(line)
        shell.ready()
        for number, next_one in (2, 'sends it SIGTERM'), (15, 'kills it'):
            shell.press(CTRL_C)
            shell.see(f'again {next_one}\r')
            shell.expect(f'heard {number}\r')
        shell.press(CTRL_C)
        shell.prompt()
        shell.run('echo status $?', 'status 1(37|30)')
        shell.alone()
        shell.close()


@test(seconds=60)
def a_command_that_hears_ctrl_c_and_goes_on_keeps_its_script(t):
    script = ('trap "echo caught; exit 5" INT; echo begin-$$;'
              ' while :; do sleep 0.05; done')
    t.write('command.sh', script)
    t.write('script.sh', '$R sh command.sh; echo after-$?\n')
    shell = Shell(t)
    shell.line('bash script.sh')
    shell.see(r'begin-\d')
    shell.press(CTRL_C)
    shell.prompt('caught\r\n(.*)after-5')
    shell.alone()


# -- Ctrl-Z -------------------------------------------------------------------


@test(seconds=120)
def ctrl_z_stops_the_tree_and_fg_takes_it_back(t):
    for name in SHELLS:
        shell = Shell(t, name)
        shell.line("$R sh -c 'sleep 1000 & sleep 1001'")
        sleeps = shell.named('sleep', 2)
        shell.has_foreground(sleeps[0])
        shell.stop()
        shell.has_terminal()
        equal(len(shell.others()), 4, 'belay, sh and two sleeps')
        wait_stopped(t, *shell.others())
        shell.line('fg')
        wait_going_on(t, *shell.others())
        shell.has_foreground(sleeps[0])
        shell.interrupt()
        shell.close()


@test(seconds=90)
def ctrl_z_works_as_often_as_one_likes(t):
    shell = Shell(t)
    shell.line('$R $S hear 18')
    subject, = shell.ready()
    for count in range(1, 9):
        shell.has_foreground(subject)
        shell.stop()
        shell.line('fg')
        shell.see('heard 18\r')
        equal(shell.count('heard 18'), count, 'SIGCONTs')
    shell.interrupt()


@test(seconds=90)
def bg_goes_on_in_the_background_and_fg_gives_it_the_terminal(t):
    for name in SHELLS:
        shell = Shell(t, name)
        shell.line('$R sleep 1000')
        sleep, = shell.named('sleep')
        shell.has_foreground(sleep)
        shell.stop()
        shell.run('bg')
        wait_going_on(t, *shell.others())
        shell.run('jobs', 'Running')
        shell.has_terminal()
        shell.line('fg')  # of which bash tells nobody
        t.until(lambda: shell.foreground() != shell.pid, 'it has the terminal',
                PATIENCE)
        shell.interrupt()
        shell.close()


@test(seconds=90)
def after_bg_and_fg_it_can_read_and_stop(t):
    for name in SHELLS:
        shell = Shell(t, name)
        t.write('command.sh', 'sleep 0.01; while test ! -e go; do sleep 0.05;'
                ' done; read x; echo got-$x; exec sleep 1000')
        shell.run('$R sh command.sh &')
        shell.line('fg')
        t.until(lambda: shell.foreground() != shell.pid, 'it has the terminal',
                PATIENCE)
        t.write('go', '')
        shell.type('word\n')
        shell.see('got-word')
        sleep, = shell.named('sleep')
        shell.stop()
        shell.line('fg')
        shell.has_foreground(sleep)
        shell.interrupt()
        shell.close()


@test(seconds=120)
def a_command_that_stops_itself_stops_us_too(t):
    shell = Shell(t)
    for signo in (19, 20, 21, 22):
        shell.line(f'$R $S stop {signo}')
        shell.prompt('Stopped')
        shell.has_terminal()
        wait_stopped(t, *shell.others())
        shell.line('fg')
        shell.see('went on')
        shell.interrupt()


@test(seconds=90)
def one_that_stops_itself_again_at_once_is_seen_each_time(t):
    t.write('command.sh', 'for i in 1 2 3 4 5; do kill -STOP $$; echo on-$i;'
            ' done; echo finished')
    shell = Shell(t)
    shell.line('$R sh command.sh')
    for count in range(1, 6):
        shell.prompt('Stopped')
        shell.line('fg')
        shell.see(f'on-{count}\r')
    shell.prompt('finished')
    shell.alone()


@test(seconds=90)
def a_stop_of_ourselves_is_one_of_the_command(t):
    """kill -TSTP of belay alone; and SIGSTOP, which nobody can see, stops the
    runner and leaves the command."""
    shell = Shell(t)
    shell.line('$R $S hear 18 &')
    subject, = shell.ready()
    belay = parent(subject)
    for signo in (20, 21, 22):
        os.kill(belay, signo)
        wait_stopped(t, belay, subject)
        start = shell.mark()
        os.kill(belay, 18)
        shell.expect('heard 18\r', start, PATIENCE)
        wait_going_on(t, belay, subject)
    os.kill(belay, 15)
    t.until(lambda: not shell.others(), 'all of it ends', PATIENCE)


# -- Reading ------------------------------------------------------------------


@test(seconds=60)
def the_terminal_can_be_read(t):
    for redirection in ('', '</dev/tty'):
        shell = Shell(t)
        shell.line(f"$R sh -c 'echo re''ady; read x {redirection};"
                   " echo got-$x'")
        shell.see('ready\r')
        shell.type('word\n')
        shell.prompt('got-word')
        shell.has_terminal()
        shell.close()


@test(seconds=60)
def settings_of_the_terminal_can_be_changed(t):
    shell = Shell(t)
    shell.run('stty tostop')
    shell.run('$R stty -echo')
    shell.run('$R stty echo; echo status $?', 'status 0')
    shell.alone()


@test(seconds=120)
def reading_in_the_background_stops_the_job(t):
    for name in SHELLS:
        shell = Shell(t, name)
        shell.run("$R sh -c 'read x; echo got-$x' &")
        sh, = shell.named('sh')
        wait_stopped(t, sh, parent(sh))
        shell.run('jobs -l', r'Stopped \(tty input\)')
        shell.has_terminal()
        shell.line('fg')
        shell.has_foreground(sh)
        shell.type('word\n')
        shell.prompt('got-word')
        shell.alone()
        shell.close()


@test(seconds=120)
def fg_of_one_that_waits_to_read_is_enough_every_time(t):
    """The command must not go on before it has the terminal, or it would stop
    again."""
    shell = Shell(t)
    for number in range(12):
        shell.run("$R sh -c 'read x; echo got-$x' &")
        sh, = shell.named('sh')
        wait_stopped(t, sh, parent(sh))
        shell.line('fg')
        shell.type(f'{number}\n')
        shell.prompt(f'got-{number}')
        shell.alone()


@test(seconds=60)
def others_of_a_pipeline_can_read_the_terminal(t):
    shell = Shell(t)
    shell.line("$R yes | sh -c 'head -n 1; read x </dev/tty; echo got-$x'")
    shell.see('y\r')
    shell.type('word\n')
    shell.prompt('got-word')
    shell.line("$R sh -c 'echo re''ady >/dev/tty; read x </dev/tty;"
               " echo got-$x' | cat")
    shell.see('ready\r')
    shell.type('again\n')
    shell.prompt('got-again')
    shell.has_terminal()
    shell.alone()


@test(seconds=60)
def a_shell_that_we_run_has_job_control(t):
    shell = Shell(t)
    shell.line('$R bash --norc --noprofile --noediting -i')
    shell.prompt()
    shell.run('sleep 1000 &')
    shell.line('fg')
    shell.has_foreground(*shell.named('sleep'))
    shell.stop()
    shell.line('fg')
    wait_going_on(t, *shell.named('sleep'))
    shell.has_foreground(*shell.named('sleep'))
    shell.press(CTRL_C)
    shell.prompt()
    lacks(shell.text(), 'no job control', 'terminal')
    shell.run('exit 3')
    shell.run('echo status $?', 'status 3')
    shell.has_terminal()
    shell.alone()


# -- The window ---------------------------------------------------------------


@test(seconds=60)
def a_change_of_the_windows_size_is_heard_once(t):
    shell = Shell(t)
    shell.line('$R $S hear')
    subject, = shell.ready()
    shell.has_foreground(subject)
    for count in range(1, 4):
        shell.start = shell.mark()
        shell.resize(24, 80 + count)
        shell.see('heard 28\r')
        os.kill(parent(subject), 10)
        shell.see('heard 10\r')
        equal(shell.count('heard 28'), count, 'SIGWINCHs')


@test(seconds=90)
def a_window_that_is_closed_leaves_nobody(t):
    for line in ('$R sleep 1000', '$R sleep 1000 &', '$R $R sleep 1000',
                 '$R -j 3 sleep ::: 1000 1000 1000',
                 '$R -j 3 --grace 0.2s $S hear ::: 1 1 1',
                 "$R --grace 0.2s sh -c 'trap \"\" HUP; sleep 1000'"):
        shell = Shell(t)
        shell.line(line)
        t.until(lambda: [pid for pid in shell.others()
                         if name_of(pid) in ('sleep', 'subject')],
                'it runs', PATIENCE)
        shell.hang_up()
        nobody_left(t, at_once=False)
        shell.close()


# -- Time ---------------------------------------------------------------------


@test(seconds=120)
def time_stands_still_after_ctrl_z(t):
    shell = Shell(t)

    def start(limit):
        shell.line(f'$R -t {limit}s $S hear 18')
        subject, = shell.ready()
        return subject

    def stop(subject):
        shell.press(CTRL_Z)
        t.until(lambda: all(state(pid) in ('T', '') for pid in shell.others()),
                'all stop', PATIENCE)

    def go_on(_):
        shell.prompt('Stopped')
        shell.line('fg')

    stopped_time_is_not_counted(t, start, stop, go_on)
    shell.prompt('timed out')
    shell.run('echo status $?', 'status 124')


main()
