#!/usr/bin/python3
"""Every error of what is here (the disk, lists, the database): one clear line,
an exit status, the others unharmed."""

import os
import resource
import sqlite3
import subprocess

import program
from hostile import Hostile
from program import (Get, check_file, content, digest, files_below, get, read,
                     rows)
from tap import contains, equal, lacks, main, test

BODY = content(100000, 'errors')
QUICK = ('--retry-wait', '10ms', '--retries', '2')


# -- The disk -----------------------------------------------------------------


def in_small_space(t, size):
    """Words that run a program with t.dir/small a file system of `size`."""
    os.mkdir(t.path('small'))
    words = ['unshare', '-m' if os.geteuid() == 0 else '-rm', 'sh', '-c',
             f'mount -t tmpfs -o size={size} none {t.path("small")} && '
             'exec "$0" "$@"']
    if subprocess.run([*words, 'true'], stderr=subprocess.DEVNULL).returncode:
        t.skip('no file system may be mounted here')
    return words


@test()
def no_space_on_the_disk(t):
    words = in_small_space(t, '1m')
    server = Hostile(t)
    big = server.serve('/big', content(3000000, 1))
    good = server.serve('/good', BODY)
    run = get(t, '-d', 'out', *QUICK, '-i', '-', before=words, status=1,
              stdin=f'{big}\n  dir={t.path("small")}\n{good}\n')
    contains(run.stderr.text(), 'No space left', 'message')
    check_file(BODY, t.path('out/good'))
    states = {row['url']: row['state'] for row in rows(t)}
    equal(states, {big: 'failed', good: 'completed'}, 'states')


@test()
def no_space_for_the_database(t):
    words = in_small_space(t, '100k')
    server = Hostile(t)
    server.serve('/x', BODY)
    urls = '\n'.join(server.url(f'/x?{index}') for index in range(3000))
    run = get(t, '-d', 'out', '--db', t.path('small/get.db'), '-i', '-',
              before=words, stdin=urls, status=3)
    contains(run.stderr.text(), 'small/get.db', 'message')


@test()
def a_limit_on_the_size_of_files_kills_nothing(t):
    server = Hostile(t)
    big = server.serve('/big', content(40000000, 1))
    run = Get(t, '-d', 'out', *QUICK, big, prepare=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (20000000, 20000000)))
    equal(run.wait(), 1, 'status')
    contains(run.stderr.text(), 'File too large', 'message')


def as_nobody(t):
    """What makes a child an ordinary user; the program must be in reach."""
    if os.geteuid() != 0:
        return None

    def become():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    if subprocess.run([program.GET or 'true', '--version'], cwd='/',
                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                      stderr=subprocess.DEVNULL,
                      preexec_fn=become).returncode:
        t.skip('another user cannot run the program from where it is')
    for name in ('home', 'state'):
        os.makedirs(t.path(name), exist_ok=True)
        os.chown(t.path(name), 65534, 65534)
    return become


@test()
def a_directory_that_may_not_be_written(t):
    if not program.GET:
        t.skip('BELAY_GET does not name the program')
    become = as_nobody(t)
    server = Hostile(t)
    bad, good = server.serve('/bad', BODY), server.serve('/good', BODY)
    for name in ('closed', 'open'):
        os.mkdir(t.path(name))
    os.chmod(t.path('closed'), 0o555)
    os.chmod(t.path('open'), 0o777)
    run = get(t, *QUICK, '-d', 'open', '-i', '-', prepare=become, status=1,
              stdin=f'{bad}\n  dir={t.path("closed")}\n{good}\n')
    contains(run.stderr.text(), 'Permission denied', 'message')
    check_file(BODY, t.path('open/good'))
    equal(server.asked('/bad'), [], 'requests for what cannot be kept')


@test()
def a_file_where_a_directory_should_be(t):
    server = Hostile(t)
    t.write('out', 'a file')
    run = Get(t, '-d', 'out', server.serve('/x', BODY))
    equal(run.wait() in (1, 2), True, 'status')
    contains(run.stderr.text(), 'Not a directory', 'message')
    check_file(b'a file', t.path('out'))


@test()
def a_directory_where_the_file_should_be(t):
    server = Hostile(t)
    os.makedirs(t.path('out/x'))
    run = get(t, '-d', 'out', server.serve('/x', BODY), status=1)
    contains(run.stderr.text(), 'x', 'message')
    get(t, '-d', 'out', '--force', server.url('/x'), status=1)
    equal(os.path.isdir(t.path('out/x')), True, 'the directory')


# -- Lists --------------------------------------------------------------------


@test()
def a_bad_list_names_file_and_line_and_begins_nothing(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    sixty = 'a' * 63
    for name, text, line in [
            ('sum.txt', f'{url}\n  sha256={sixty}\n', 2),
            ('key.txt', f'{url}\n\n# c\n{url}2\n  no-such-key=1\n', 5),
            ('size.txt', f'{url}\n  size=many\n', 2),
            ('out.txt', f'{url}\n  out=../evil\n', 2),
            ('abs.txt', f'{url}\n  out=/etc/evil\n', 2),
            ('first.txt', f'  out=x\n{url}\n', 1),
            ('scheme.txt', f'{url}\nnot a url\n', 2),
            ('nul.txt', f'{url}\nhttp://a/\x00b\n', 2),
            ('brace.json', '[{"url": "http://a/"},\n{"url": }]\n', 2),
            ('type.json', '[\n{"url": 5}]\n', None),
            ('none.json', '[\n{"out": "x"}]\n', None),
            ('lines.json', f'{{"url": "{url}"}}\n{{"url": \n', 2)]:
        path = t.write(name, text)
        run = get(t, '-d', 'out', '-i', path, status=2)
        said = run.stderr.text()
        contains(said, f'{name}:{line}: ' if line else name, 'message')
        equal(said.count('\n'), 1, f'lines of {said!r}')
        lacks(said, '\x00', 'message')
    equal(server.asked(), [], 'requests')
    equal(files_below(t.path('out')), [], 'files')
    equal(os.path.exists(t.path('evil')), False, 'evil')


@test()
def bad_sums_name_file_and_line(t):
    server = Hostile(t)
    for text, line in [(f'{digest(b"")}  a\nnonsense\n', 2),
                       (f'{"g" * 64}  a\n', 1),
                       (f'{digest(b"")}  ../evil\n', 1),
                       (f'{digest(b"")}  /etc/evil\n', 1)]:
        run = get(t, '-d', 'out', '--sums', t.write('SUMS', text),
                  '--base-url', server.url('/'), status=2)
        contains(run.stderr.text(), f'SUMS:{line}: ', 'message')
    equal(server.asked(), [], 'requests')


@test()
def a_list_that_is_a_directory(t):
    os.mkdir(t.path('list'))
    run = get(t, '-i', 'list', status=2)
    contains(run.stderr.text(), 'list', 'message')


# -- The database -------------------------------------------------------------


def database(t):
    """A database with one completed download; returns its path."""
    server = Hostile(t)
    get(t, '-d', 'first', server.serve('/first', BODY))
    return t.path('state/belay/get.db')


def refuses(t, path, word):
    """A database of no use: status 3, one line, nothing begun."""
    server = Hostile(t)
    before = read(path) if os.path.isfile(path) else None
    run = get(t, '-d', 'out', '--db', path, server.serve('/x', BODY),
              status=3)
    said = run.stderr.text()
    contains(said, word, 'message')
    contains(said, path, 'message')
    equal(said.count('\n'), 1, f'lines of {said!r}')
    equal(server.asked(), [], 'requests')
    equal(files_below(t.path('out')), [], 'files')
    if before is not None:
        equal(read(path) == before, True, 'the database is as it was')
    t.note(said.strip())


@test()
def a_database_that_another_process_keeps_locked(t):
    path = database(t)
    other = sqlite3.connect(path, isolation_level=None)
    t.defer(other.close)
    other.execute('BEGIN IMMEDIATE')
    refuses(t, path, 'locked')
    other.execute('ROLLBACK')
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY))


@test()
def a_database_that_is_none(t):
    refuses(t, t.write('garbage.db', content(50000, 'garbage')),
            'not a database')


@test()
def a_database_that_is_cut_or_damaged(t):
    path = database(t)
    whole = read(path)
    # What is damaged: the tables' pages, not the header.
    damaged = whole[:100] + b'\xff' * (len(whole) - 100)
    refuses(t, t.write('damaged.db', damaged), 'damaged')
    run = Get(t, '-d', 'out', '--db', t.write('cut.db', whole[:5000]),
              Hostile(t).serve('/x', BODY))
    equal(program.ending(run.wait()), 'exit 3', 'status for a cut one')


@test()
def a_database_of_another_program(t):
    path = t.path('other.db')
    with sqlite3.connect(path) as other:
        other.execute('CREATE TABLE download (id, mine)')
        other.execute('INSERT INTO download VALUES (1, 2)')
    other.close()
    run = Get(t, '-d', 'out', '--db', path, Hostile(t).serve('/x', BODY))
    equal(program.ending(run.wait()), 'exit 3', 'status')
    t.note(run.stderr.text().strip())
    with sqlite3.connect(path) as other:
        equal(other.execute('SELECT * FROM download').fetchall(), [(1, 2)],
              "the other program's rows")
    other.close()


@test()
def a_database_of_a_newer_belay(t):
    path = database(t)
    with sqlite3.connect(path) as other:
        other.execute('PRAGMA user_version = 999')
    other.close()
    refuses(t, path, 'newer')


@test()
def a_database_where_none_can_be(t):
    os.mkdir(t.path('folder'))
    refuses(t, t.path('folder'), 'folder')
    refuses(t, t.write('file', 'x') + '/get.db', 'Not a directory')


@test()
def no_home_and_no_state_directory_is_said(t):
    server = Hostile(t)
    run = Get(t, '-d', 'out', server.serve('/x', BODY),
              env={'HOME': '', 'XDG_STATE_HOME': ''})
    if run.wait() != 0:
        equal(run.wait(), 3, 'status')
        contains(run.stderr.text(), '--db', 'message')


@test()
def a_relative_state_directory_is_not_used(t):
    """The standard says that a relative path there is to be ignored."""
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY),
        env={'XDG_STATE_HOME': 'relative'})
    equal(os.path.exists(t.path('relative')), False, './relative')
    equal(os.path.exists(t.path('home/.local/state/belay/get.db')), True,
          'the database below HOME')


main()
