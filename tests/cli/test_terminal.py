#!/usr/bin/python3
"""On a real terminal: the block of lines, its size, the keys."""

import re
import signal

import program
from hostile import Hostile, fine, stall_after
from program import PART, check_file, content, get, rows, size_of
from tap import contains, equal, lacks, main, test
from terminal import CTRL_C, CTRL_Z, CTRL_BACKSLASH, Terminal, screen, strip

BODY = content(100000, 'terminal')
COLOUR = re.compile(r'\x1b\[[0-9;]*[1-9][0-9;]*m')


def on_terminal(t, *arguments, **more):
    if not program.GET:
        t.skip('BELAY_GET does not name the program')
    return Terminal(t, [program.GET, '-d', 'out', *map(str, arguments)],
                    **more)


def stalling(t, names, count=40000):
    """A server with files that stall; returns it and their URLs."""
    server = Hostile(t)
    return server, [server.serve(f'/{name}', BODY, stall_after(count), fine())
                    for name in names]


def seen(t, terminal, condition, what):
    """Waits until the screen fulfils a condition; returns its lines."""
    def look():
        lines = terminal.screen()
        return lines if condition(lines) else None
    return t.until(look, what)


def lines_with(lines, word):
    return [line for line in lines if word in line]


# -- The block ----------------------------------------------------------------


@test()
def each_active_transfer_has_a_line_and_there_is_a_total(t):
    server, urls = stalling(t, ['a.bin', 'b.bin', 'c.bin'])
    terminal = on_terminal(t, *urls)
    server.wait_stalled(3)
    lines = seen(t, terminal, lambda lines: all(
        re.search(r'40 ?%|39\.1|40\.0', ' '.join(lines_with(lines, name)))
        for name in ('a.bin', 'b.bin', 'c.bin')), 'all three at 40 %')
    for name in ('a.bin', 'b.bin', 'c.bin'):
        equal(len(lines_with(lines, name)), 1, f'lines of {name}')
    shown = [line for line in lines if line]
    equal(len(shown), 4, f'lines of the block {shown}')
    server.release()
    equal(terminal.wait(), 0, 'status')
    lines = [line for line in terminal.screen() if line]
    equal(len(lines_with(lines, 'completed')), 4,
          f'three files and a summary: {lines}')
    equal(len(lines), 4, f'nothing else is left: {lines}')
    contains(lines[-1], 'belay get: 3 completed', 'last line')


@test()
def messages_stand_above_the_block(t):
    server, urls = stalling(t, ['slow.bin'])
    terminal = on_terminal(t, urls[0], server.serve('/quick.bin', BODY))
    server.wait_stalled()
    lines = seen(t, terminal, lambda lines: lines_with(lines, 'slow.bin')
                 and lines_with(lines, 'completed'), 'both')
    shown = [line for line in lines if line]
    contains(shown[0], 'quick.bin', f'first of {shown}')
    contains(shown[1], 'slow.bin', f'second of {shown}')
    server.release()
    equal(terminal.wait(), 0, 'status')


@test()
def the_block_fits_a_small_window(t):
    names = [f'file{index:02}' for index in range(20)]
    server, urls = stalling(t, names)
    terminal = on_terminal(t, '-j', '20', *urls, rows=6, columns=40)
    server.wait_stalled(20)
    terminal.expect('file0')
    terminal.resize(6, 40)
    terminal.type(CTRL_C)
    terminal.wait()
    raw = terminal.output.text()
    # On a screen without end the block must still be no higher than the
    # window, or its upper part would have scrolled away for good.
    tall = [line for line in screen(raw, 1000, 10000)]
    longest = max(map(len, tall), default=0)
    for frame in re.split(r'\x1b\[\d*A', raw):
        if strip(frame).count('\n') > 6 + 2:
            raise AssertionError(f'a frame of many lines: {frame!r}')
    for line in strip(raw).split('\n'):
        if len(line) > 40 and not line.startswith(('belay get:', '^C')):
            raise AssertionError(f'{len(line)} columns: {line!r}')
    t.note(f'{len(tall)} lines, the longest has {longest} columns')


@test()
def after_a_resize_it_draws_for_the_new_size(t):
    server, urls = stalling(t, ['a' * 60 + '.bin'])
    terminal = on_terminal(t, *urls, columns=120)
    server.wait_stalled()
    terminal.expect('aaaa')
    start = terminal.mark()
    terminal.resize(24, 50)
    terminal.expect('aaa', start)
    # From here on no line may be wider than the window.
    middle = terminal.mark()
    terminal.expect('aaa', middle)
    for line in strip(terminal.output.data[middle:].decode()).split('\n'):
        if len(line) > 50:
            raise AssertionError(f'{len(line)} columns: {line!r}')
    terminal.resize(24, 110)
    start = terminal.mark()
    # Wider again: as much as 50 columns could not hold.
    terminal.expect(r'a+[^\r\n]{50,}\x1b\[K', start)
    server.release()
    equal(terminal.wait(), 0, 'status')


@test()
def a_window_of_no_size_or_one_column_does_no_harm(t):
    for height, width in ((0, 0), (1, 1), (2, 10), (1, 80)):
        server = Hostile(t)
        terminal = on_terminal(t, server.serve(f'/{height}x{width}', BODY),
                               rows=height, columns=width)
        equal(terminal.wait(), 0, f'status at {height} x {width}')
        check_file(BODY, t.path(f'out/{height}x{width}'))


@test()
def long_and_wide_names_stay_on_one_line(t):
    server = Hostile(t)
    url = server.serve('/%E6%97%A5%E6%9C%AC%E8%AA%9E' * 20 + '.bin', BODY,
                       stall_after(40000))
    terminal = on_terminal(t, url, columns=60)
    server.wait_stalled()
    terminal.expect('日本'.encode())
    start = terminal.mark()
    terminal.expect('日本'.encode(), start)
    for line in strip(terminal.output.text()).split('\n'):
        width = sum(2 if ord(char) > 0x2e80 else 1 for char in line)
        if width > 60:
            raise AssertionError(f'{width} columns: {line!r}')
    server.release()
    equal(terminal.wait(), 0, 'status')


@test()
def a_frame_is_one_write_and_begins_where_the_last_did(t):
    """Seen from outside: no frame erases the whole screen."""
    server, urls = stalling(t, ['a.bin'])
    terminal = on_terminal(t, *urls)
    server.wait_stalled()
    terminal.expect(r'a\.bin.*a\.bin')
    server.release()
    terminal.wait()
    lacks(terminal.output.text(), '\x1b[2J', 'output')
    lacks(terminal.output.text(), '\x1b[H', 'output')
    lacks(terminal.output.text(), '\x1b[?1049h', 'output')


# -- When there is no block ---------------------------------------------------


@test()
def standard_error_elsewhere_means_plain_lines(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    run = program.get(t, '-d', 'out', url)
    lacks(run.stderr.text(), '\x1b', 'stderr')
    lacks(run.stderr.text(), '\r', 'stderr')


@test()
def quiet_and_progress_none_and_plain_draw_nothing(t):
    for number, option in enumerate((['-q'], ['--progress', 'none'],
                                     ['--progress', 'plain'])):
        server, urls = stalling(t, [f'x{number}'])
        terminal = on_terminal(t, *option, *urls)
        server.wait_stalled()
        server.release()
        equal(terminal.wait(), 0, 'status')
        lacks(COLOUR.sub('', terminal.output.text().replace('\x1b[0m', '')
                         .replace('\x1b[m', '')), '\x1b', f'{option}')
        if option == ['-q']:
            equal(terminal.output.text(), '', 'output with -q')
        else:
            contains(terminal.output.text(), 'completed', f'{option}')


@test()
def progress_live_draws_where_there_is_no_terminal(t):
    server, urls = stalling(t, ['x'])
    run = program.Get(t, '--progress', 'live', '-d', 'out', *urls)
    server.wait_stalled()
    run.expect('\x1b\\[')
    server.release()
    run.finish()


@test()
def colour_on_a_terminal_unless_no_color_or_never(t):
    for number, (arguments, env, wanted) in enumerate((
            ([], {}, True), ([], {'NO_COLOR': '1'}, False),
            ([], {'NO_COLOR': ''}, True), (['--color', 'never'], {}, False),
            (['--color', 'always'], {'NO_COLOR': '1'}, True),
            ([], {'TERM': 'dumb'}, False))):
        server = Hostile(t)
        terminal = on_terminal(t, *arguments, server.url(f'/missing{number}'),
                               server.serve(f'/x{number}', BODY), env=env)
        equal(terminal.wait(), 1, 'status')
        equal(bool(COLOUR.search(terminal.output.text())), wanted,
              f'colour with {arguments} {env}')


@test()
def a_dumb_terminal_gets_plain_lines(t):
    server, urls = stalling(t, ['x'])
    terminal = on_terminal(t, *urls, env={'TERM': 'dumb'})
    server.wait_stalled()
    server.release()
    equal(terminal.wait(), 0, 'status')
    lacks(terminal.output.text(), '\x1b', 'output')


@test()
def results_go_to_standard_output_and_the_block_does_not(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    with open(t.path('events'), 'wb') as events:
        terminal = on_terminal(t, '--json', url, stdout=events)
        equal(terminal.wait(), 0, 'status')
    lacks(program.read(t.path('events')).decode(), '\x1b', 'stdout')
    contains(program.read(t.path('events')).decode(), '"summary"', 'stdout')


# -- Keys ---------------------------------------------------------------------


@test()
def ctrl_c_says_so_saves_and_leaves_a_clean_screen(t):
    server, urls = stalling(t, ['a.bin', 'b.bin'])
    terminal = on_terminal(t, *urls, columns=120)
    server.wait_stalled(2)
    seen(t, terminal, lambda lines: lines_with(lines, 'b.bin'), 'the block')
    t.until(lambda: size_of(t.path('out/a.bin' + PART)) == 40000
            and size_of(t.path('out/b.bin' + PART)) == 40000, 'written')
    terminal.type(CTRL_C)
    terminal.expect('interrupted by SIGINT, saving 2 downloads')
    equal(terminal.wait(), -signal.SIGINT, 'status')
    lines = [line for line in terminal.screen() if line]
    contains(lines[-1], '2 interrupted', 'last line')
    equal([line for line in lines if '%' in line], [], 'left of the block')
    equal({row['state'] for row in rows(t)}, {'interrupted'}, 'states')
    server.release()
    get(t, 'resume')
    check_file(BODY, t.path('out/a.bin'))


@test()
def the_cursor_is_left_visible_and_the_colours_reset(t):
    server, urls = stalling(t, ['a.bin'])
    terminal = on_terminal(t, *urls)
    server.wait_stalled()
    terminal.expect('a.bin')
    terminal.type(CTRL_C)
    terminal.wait()
    text = terminal.output.text()
    if text.rfind('\x1b[?25l') > text.rfind('\x1b[?25h'):
        raise AssertionError('the cursor is left hidden')
    colours = re.findall(r'\x1b\[([0-9;]*)m', text)
    equal(colours[-1:] in ([], ['0'], ['']), True, 'the last colour')
    equal(text.count('\x1b[?7l') <= text.count('\x1b[?7h'), True, 'wrapping')


def shell(t):
    """An interactive shell on a terminal of its own, ready."""
    if not program.GET:
        t.skip('BELAY_GET does not name the program')
    terminal = Terminal(t, ['bash', '--norc', '--noediting', '-i'],
                        env={'PS1': 'ready> ', 'TERM': 'xterm'})
    terminal.expect('ready> ')
    return terminal


def command(t, terminal, *arguments):
    """Types a command line; returns where its output begins."""
    start = terminal.mark()
    terminal.type(f'{program.GET} -d out {" ".join(arguments)}\n')
    return start


@test(seconds=30)
def ctrl_z_stops_it_and_fg_goes_on_with_a_new_block(t):
    server, urls = stalling(t, ['a.bin'])
    terminal = shell(t)
    command(t, terminal, *urls)
    server.wait_stalled()
    terminal.expect(r'a\.bin')
    start = terminal.mark()
    terminal.type(CTRL_Z)
    stopped = terminal.expect('Stopped.*?ready> ', start)
    quiet = terminal.mark()
    terminal.type('echo as$((40+2))if\n')
    terminal.expect('as42if\r\nready> ', quiet)
    lacks(terminal.output.text()[stopped.end():], '%', 'drawn while stopped')
    start = terminal.mark()
    terminal.type('fg\n')
    terminal.expect(r'fg\r\n.*a\.bin.*a\.bin', start)
    server.release()
    terminal.expect('belay get: 1 completed.*ready> ', start)
    terminal.type('echo status $?\n')
    terminal.expect(r'status 0\r\n')
    check_file(BODY, t.path('out/a.bin'))
    terminal.type('exit\n')
    terminal.wait()


@test(seconds=30)
def in_the_background_it_downloads_without_drawing(t):
    server, urls = stalling(t, ['a.bin'])
    terminal = shell(t)
    command(t, terminal, *urls)
    server.wait_stalled()
    terminal.expect(r'a\.bin')
    start = terminal.mark()
    terminal.type(CTRL_Z)
    terminal.expect('Stopped.*?ready> ', start)
    start = terminal.mark()
    terminal.type('bg\n')
    terminal.expect('ready> ', start)
    start = terminal.mark()
    server.release()
    terminal.type('wait %1; echo status $?\n')
    terminal.expect(r'status 0\r\n', start)
    check_file(BODY, t.path('out/a.bin'))
    lacks(terminal.output.text()[start:], '\x1b[A', 'drawn in the background')
    terminal.type('exit\n')
    terminal.wait()


@test(seconds=30)
def ctrl_c_after_ctrl_z_and_fg_and_the_shell_sees_130(t):
    server, urls = stalling(t, ['a.bin'])
    terminal = shell(t)
    command(t, terminal, *urls)
    server.wait_stalled()
    terminal.expect(r'a\.bin')
    start = terminal.mark()
    terminal.type(CTRL_Z)
    terminal.expect('Stopped.*?ready> ', start)
    start = terminal.mark()
    terminal.type('fg\n')
    t.until(lambda: terminal.foreground() != terminal.pid, 'it has the screen')
    terminal.expect(r'fg\r\n.*a\.bin.*a\.bin', start)
    terminal.type(CTRL_C)
    terminal.expect('interrupted by SIGINT.*1 interrupted.*ready> ', start)
    terminal.type('echo status $?\n')
    terminal.expect(r'status 130\r\n', start)
    equal(rows(t)[0]['state'], 'interrupted', 'state')
    terminal.type('exit\n')
    terminal.wait()


@test(seconds=30)
def a_script_stops_when_its_download_is_interrupted(t):
    """Only a program that dies by SIGINT stops the shell that waits for it."""
    server, urls = stalling(t, ['a.bin'])
    if not program.GET:
        t.skip('BELAY_GET does not name the program')
    script = t.write('script', f'{program.GET} -q -d out {urls[0]}\n'
                     'echo the script went on\n')
    terminal = Terminal(t, ['bash', script])
    server.wait_stalled()
    terminal.type(CTRL_C)
    equal(terminal.wait(), -signal.SIGINT, 'status of the script')
    lacks(terminal.text(), 'went on', 'output')


@test()
def ctrl_backslash_ends_it_at_once_and_the_next_run_is_right(t):
    server, urls = stalling(t, ['a.bin'])
    terminal = on_terminal(t, *urls)
    server.wait_stalled()
    terminal.type(CTRL_BACKSLASH)
    equal(terminal.wait(), -signal.SIGQUIT, 'status')
    server.release()
    get(t, '-d', 'out', *urls)
    check_file(BODY, t.path('out/a.bin'))


@test()
def a_terminal_that_goes_away_hangs_it_up(t):
    server, urls = stalling(t, ['a.bin'])
    terminal = on_terminal(t, *urls)
    server.wait_stalled()
    t.until(lambda: size_of(t.path('out/a.bin' + PART)) == 40000, 'written')
    terminal.hang_up()
    equal(terminal.wait(), -signal.SIGHUP, 'status')
    equal(rows(t)[0]['state'], 'interrupted', 'state')


main()
