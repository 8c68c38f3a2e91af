#!/usr/bin/python3
"""What goes in and what comes out: URLs, lists, names, exit statuses."""

import json
import os
import re
import stat
import subprocess
import time

import program
import tap
from hostile import (Hostile, chunked, disposition, redirect, stall_after,
                     until_close)
from nginx import Nginx
from program import (Get, check_file, content, digest, files_below, get,
                     read, rows)
from tap import contains, equal, lacks, main, test

BODY = content(50000, 'basic')


# -- URLs and where they go ---------------------------------------------------


@test()
def a_url_becomes_a_file_in_the_current_directory(t):
    site = Nginx(t)
    data = site.put('x.bin', BODY)
    here = t.path('here')
    os.mkdir(here)
    run = get(t, site.url('x.bin'), cwd=here)
    check_file(data, here, 'x.bin')
    equal(files_below(here), ['x.bin'], 'files')
    equal(run.stdout.text(), '', 'stdout')


@test()
def several_urls_go_to_the_directory_of_dash_d_which_is_made(t):
    site = Nginx(t)
    names = [f'f{index}.bin' for index in range(5)]
    wanted = {name: site.put(name, content(20000, name)) for name in names}
    get(t, '-d', 'new/deep', *map(site.url, names))
    equal(files_below(t.path('new/deep')), names, 'files')
    for name, data in wanted.items():
        check_file(data, t.path('new/deep', name))


@test()
def dash_o_names_the_file_and_may_have_folders(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '-d', 'out', '-o', 'a/b/name.bin', url)
    equal(files_below(t.path('out')), ['a/b/name.bin'], 'files')
    check_file(BODY, t.path('out/a/b/name.bin'))


@test()
def dash_o_with_two_urls_is_a_usage_error(t):
    server = Hostile(t)
    get(t, '-o', 'x', server.serve('/a', BODY), server.serve('/b', BODY),
        status=2)
    equal(server.asked(), [], 'requests')


@test()
def dash_o_cannot_leave_the_directory(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    os.mkdir(t.path('out'))
    for name in ('../evil', '/tmp/belay-evil', 'a/../../evil', '..', '',
                 'a\x1bb', 'a\nb'):
        run = get(t, '-d', 'out', '-o', name, url, status=2)
        lacks(run.stderr.text(), '\x1b', 'message')
        equal(run.stderr.text().count('\n'), 1, f'lines for -o {name!r}')
    equal(files_below(t.path('out')), [], 'files')
    equal(os.path.exists(t.path('evil')), False, 'evil')
    equal(server.asked(), [], 'requests')


@test()
def a_symbolic_link_in_the_way_is_not_followed_out_of_the_directory(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    os.makedirs(t.path('out'))
    os.makedirs(t.path('elsewhere'))
    os.symlink(t.path('elsewhere'), t.path('out/link'))
    run = get(t, '-d', 'out', '-o', 'link/x', url, status=1)
    contains(run.stderr.text(), 'link', 'message')
    equal(files_below(t.path('elsewhere')), [], 'files elsewhere')


@test()
def an_empty_file_is_complete(t):
    site = Nginx(t)
    site.put('empty', b'')
    get(t, site.url('empty'), '-d', 'out')
    equal(files_below(t.path('out')), ['empty'], 'files')
    equal(rows(t)[0]['state'], 'completed', 'state')


@test()
def a_body_in_chunks_and_one_ended_by_the_connection_arrive(t):
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/chunked', BODY, chunked()),
        server.serve('/close', BODY, until_close()))
    check_file(BODY, t.path('out/chunked'))
    check_file(BODY, t.path('out/close'))


@test()
def a_redirect_is_followed_and_the_asked_url_names_the_file(t):
    site = Nginx(t)
    site.put('real.bin', BODY)
    server = Hostile(t)
    url = server.serve('/asked.bin', b'', redirect(site.url('redir/real.bin')))
    get(t, '-d', 'out', url)
    equal(files_below(t.path('out')), ['asked.bin'], 'files')
    check_file(BODY, t.path('out/asked.bin'))


@test()
def new_files_have_the_permissions_of_the_umask(t):
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY),
        prepare=lambda: os.umask(0o027))
    equal(oct(stat.S_IMODE(os.stat(t.path('out/x')).st_mode)), oct(0o640),
          'mode')


@test()
def the_state_database_is_its_owners_alone(t):
    server = Hostile(t)
    get(t, '-d', 'out', server.serve('/x', BODY))
    database = t.path('state/belay/get.db')
    equal(os.stat(database).st_mode & 0o077, 0, 'rights of others')


@test()
def closed_standard_fds_do_no_harm(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)

    def close():
        for fd in (0, 1, 2):
            os.close(fd)
    get(t, '-v', '-d', 'out', url, prepare=close)
    check_file(BODY, t.path('out/x'))


# -- Lists --------------------------------------------------------------------


@test()
def an_aria2_list_with_all_its_keys(t):
    server = Hostile(t)
    one, two = content(3000, 1), content(4000, 2)
    server.serve('/one', one)
    server.serve('/two', two)
    path = t.write('list.txt', f'''# a comment
{server.url('/one')}
  out=sub/first.bin
  sha256={digest(one)}
  size={len(one)}

{server.url('/two')}
\tdir=other
\tout=second.bin
\theader=X-Asked: yes
''')
    get(t, '-d', 'out', '-i', path)
    check_file(one, t.path('out/sub/first.bin'))
    found = [name for name in files_below(t.dir) if name.endswith('second.bin')]
    equal(len(found), 1, 'second.bin')
    check_file(two, t.path(found[0]))
    equal(server.asked('/two')[0].headers.get('x-asked'), 'yes', 'header')


@test()
def a_list_from_standard_input(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '-d', 'out', '-i', '-', stdin=f'{url}\n  out=y\n')
    check_file(BODY, t.path('out/y'))


@test()
def a_json_array_an_object_with_downloads_and_json_lines(t):
    server = Hostile(t)
    entries = []
    for name in 'abc':
        server.serve('/' + name, content(2000, name))
        entries.append({'url': server.url('/' + name), 'out': name + '.bin',
                        'sha256': digest(content(2000, name)), 'size': 2000})
    forms = {'array': json.dumps(entries),
             'object': json.dumps({'downloads': entries}, indent=2),
             'lines': '\n'.join(map(json.dumps, entries)) + '\n'}
    for form, text in forms.items():
        get(t, '-d', form, '-i', t.write(form + '.json', text))
        equal(files_below(t.path(form)), ['a.bin', 'b.bin', 'c.bin'], form)
        for name in 'abc':
            check_file(content(2000, name), t.path(form, name + '.bin'))


@test()
def sums_with_a_base_url(t):
    site = Nginx(t)
    names = ['a.bin', 'sub dir/b.bin']
    lines = []
    for name, mark in zip(names, (' ', '*')):
        data = site.put(name, content(9000, name))
        lines.append(f'{digest(data)} {mark}{name}\n')
    sums = t.write('SHA256SUMS', ''.join(lines))
    get(t, '-d', 'out', '--sums', sums, '--base-url', site.url(''))
    for name in names:
        check_file(content(9000, name), t.path('out', name))


@test()
def sums_without_a_base_url_is_a_usage_error(t):
    get(t, '--sums', t.write('S', digest(b'') + '  x\n'), status=2)


@test()
def a_header_of_the_list_goes_to_its_url_alone(t):
    server = Hostile(t)
    a, b = server.serve('/a', BODY), server.serve('/b', BODY)
    get(t, '-d', 'out', '-i', '-', '-H', 'X-All: 1',
        stdin=f'{a}\n  header=X-One: secret\n{b}\n')
    equal(server.asked('/a')[0].headers.get('x-one'), 'secret', '/a')
    equal(server.asked('/b')[0].headers.get('x-one'), None, '/b')
    for path in ('/a', '/b'):
        equal(server.asked(path)[0].headers.get('x-all'), '1', path)


# -- Names --------------------------------------------------------------------


@test()
def no_url_leaves_the_directory_or_hides_in_it(t):
    server = Hostile(t)
    paths = ['/u/%2e%2e%2f%2e%2e%2fevil.bin', '/..%2fevil', '/a/%2e%2e',
             '/%2fetc%2fevil', '/.bashrc', '/-rf', '/a%1b%5b31mb', '/a%00b',
             '/a%0ab', '/', '/x/', '/%ff%fe.bin', '/' + 'n' * 300 + '.iso',
             '/evil' + program.PART, '/x%5c..%5cevil', '/%c2%9b31m']
    for path in paths:
        server.serve(path, content(1000, path))
    get(t, '-d', 'deep/out', *map(server.url, paths))
    out = t.path('deep/out')
    names = os.listdir(os.fsencode(out))
    equal(len(names), len(paths), f'files {names}')
    for name in names:
        text = name.decode('utf-8')
        if (re.search(r'[\x00-\x1f\x7f-\x9f/\\]', text) or text[0] in '.-'
                or len(name) > 255 or text.endswith(program.PART)):
            raise AssertionError(f'the name {name!r} is not safe')
    equal(sorted(digest(read(os.fsencode(out), name)) for name in names),
          sorted(digest(content(1000, path)) for path in paths), 'contents')
    equal(os.listdir(t.path('deep')), ['out'], 'beside the directory')
    equal([name for name in files_below(t.dir) if 'evil' in name
           and not name.startswith('deep/out/')], [], 'files elsewhere')


@test()
def the_servers_content_disposition_names_no_file(t):
    server = Hostile(t)
    for index, value in enumerate((
            'attachment; filename="../evil.bin"',
            "attachment; filename*=UTF-8''%2e%2e%2fevil.bin",
            'attachment; filename=/tmp/belay-evil.bin')):
        server.serve(f'/x{index}', BODY, disposition(value))
    get(t, '-d', 'out', *(server.url(f'/x{index}') for index in range(3)))
    equal(files_below(t.path('out')), ['x0', 'x1', 'x2'], 'files')
    equal([name for name in files_below(t.dir) if 'evil' in name], [], 'evil')


@test()
def two_urls_of_one_name_get_two_files_the_same_every_time(t):
    server = Hostile(t)
    urls = [server.serve(f'/{index}/x.iso', content(1000, index))
            for index in range(3)]
    for _ in range(2):
        get(t, '-d', 'out', *urls)
        equal(files_below(t.path('out')), ['x.1.iso', 'x.2.iso', 'x.iso'],
              'files')
        for index, name in enumerate(('x.iso', 'x.1.iso', 'x.2.iso')):
            check_file(content(1000, index), t.path('out', name))
    equal(len(server.asked()), 3, 'requests of both runs')


@test()
def one_out_for_two_urls_is_a_bad_list_and_begins_nothing(t):
    server = Hostile(t)
    a, b = server.serve('/a', BODY), server.serve('/b', BODY)
    path = t.write('list.txt', f'{a}\n  out=same\n{b}\n  out=./same\n')
    run = get(t, '-d', 'out', '-i', path, status=2)
    contains(run.stderr.text(), 'list.txt:', 'message')
    equal(server.asked(), [], 'requests')
    equal(files_below(t.path('out')), [], 'files')


@test()
def the_same_url_twice_is_one_download(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '-d', 'out', url, url)
    equal(files_below(t.path('out')), ['x'], 'files')
    equal(len(server.asked('/x')), 1, 'requests')


# -- Files that are there -----------------------------------------------------


@test()
def a_file_that_was_there_is_not_overwritten_and_others_go_on(t):
    server = Hostile(t)
    a, b = server.serve('/a', BODY), server.serve('/b', BODY)
    t.write('out/a', 'precious')
    run = get(t, '-d', 'out', a, b, status=1)
    contains(run.stderr.text(), 'file exists; --force replaces it', 'message')
    check_file(b'precious', t.path('out/a'))
    check_file(BODY, t.path('out/b'))


@test()
def force_replaces_a_file_that_was_there_once_the_new_one_is_complete(t):
    server = Hostile(t)
    url = server.serve('/a', BODY, stall_after(20000))
    t.write('out/a', 'precious')
    run = Get(t, '--force', '-d', 'out', url)
    server.wait_stalled()
    check_file(b'precious', t.path('out/a'))
    server.release()
    run.finish()
    check_file(BODY, t.path('out/a'))


@test()
def a_file_that_was_there_and_matches_its_sha256_is_complete(t):
    server = Hostile(t)
    url = server.serve('/a', BODY)
    t.write('out/a', BODY)
    get(t, '-d', 'out', '--sha256', digest(BODY), url)
    equal(server.asked(), [], 'requests')
    check_file(BODY, t.path('out/a'))


@test()
def a_file_that_was_there_and_does_not_match_is_an_error(t):
    server = Hostile(t)
    url = server.serve('/a', BODY)
    t.write('out/a', BODY[:-1] + b'?')
    get(t, '-d', 'out', '--sha256', digest(BODY), url, status=1)
    check_file(BODY[:-1] + b'?', t.path('out/a'))


@test()
def the_same_command_again_asks_for_nothing(t):
    server = Hostile(t)
    url = server.serve('/a', BODY)
    get(t, '-d', 'out', url)
    get(t, '-d', 'out', url)
    equal(len(server.asked()), 1, 'requests')
    equal([row['state'] for row in rows(t)], ['completed'], 'states')


@test()
def a_completed_file_that_was_removed_is_downloaded_again(t):
    server = Hostile(t)
    url = server.serve('/a', BODY)
    get(t, '-d', 'out', url)
    os.unlink(t.path('out/a'))
    get(t, '-d', 'out', url)
    check_file(BODY, t.path('out/a'))


@test()
def a_completed_file_that_was_cut_never_counts_as_complete(t):
    server = Hostile(t)
    url = server.serve('/a', BODY)
    get(t, '-d', 'out', url)
    os.truncate(t.path('out/a'), 1000)
    run = Get(t, '-d', 'out', url)
    if run.wait() == 0:
        check_file(BODY, t.path('out/a'))
    else:
        equal(program.ending(run.wait()), 'exit 1', 'status')


@test()
def a_file_that_appears_while_it_is_downloaded_is_not_overwritten(t):
    server = Hostile(t)
    url = server.serve('/a', BODY, stall_after(20000))
    run = Get(t, '-d', 'out', url)
    server.wait_stalled()
    t.write('out/a', 'precious')
    server.release()
    run.finish(1)
    check_file(b'precious', t.path('out/a'))
    contains(run.stderr.text(), 'exists', 'message')


# -- What is asked of the server ----------------------------------------------


@test()
def headers_agent_and_referer_are_sent(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '-d', 'out', '-H', 'X-A: 1', '-H', 'accept-encoding: br',
        '-H', 'X-B: 2', '--user-agent', 'me/1', '--referer', 'http://r/', url)
    headers = server.asked('/x')[0].headers
    equal([headers.get(name) for name in
           ('x-a', 'x-b', 'user-agent', 'referer')],
          ['1', '2', 'me/1', 'http://r/'], 'headers')
    equal(headers.get('accept-encoding') in (None, 'identity'), True,
          'no encoding is asked for')


@test()
def user_and_password_by_option_and_by_netrc(t):
    site = Nginx(t)
    site.put('x', BODY)
    url = site.url('auth/x')
    get(t, '-d', 'refused', url, status=1)
    get(t, '-d', 'option', '--user', 'user:pass word', url)
    check_file(BODY, t.path('option/x'))
    netrc = t.write('home/.netrc',
                    'machine 127.0.0.1 login user password "pass word"\n')
    os.chmod(netrc, 0o600)
    get(t, '-d', 'netrc', '--netrc', url)
    check_file(BODY, t.path('netrc/x'))


@test()
def a_password_is_not_sent_on_to_another_host(t):
    there, other = Hostile(t), Hostile(t)
    target = other.serve('/x', BODY).replace('127.0.0.1', 'localhost')
    get(t, '-d', 'out', '--user', 'me:secret',
        there.serve('/x', b'', redirect(target)))
    equal('authorization' in there.asked('/x')[0].headers, True, 'first')
    equal('authorization' in other.asked('/x')[0].headers, False, 'other')


@test()
def a_proxy_is_asked_for_the_whole_url(t):
    proxy = Hostile(t)
    proxy.serve('http://host.invalid/x', BODY)
    get(t, '-d', 'out', '--proxy', proxy.url(''), 'http://host.invalid/x')
    check_file(BODY, t.path('out/x'))


@test()
def https_with_a_given_authority_in_both_versions_of_http(t):
    site = Nginx(t)
    site.put('x', BODY)
    for option in ('--http1.1', '--http2'):
        get(t, '-d', option[2:], option, '--cacert', site.certificate,
            site.tls_url('x'))
        check_file(BODY, t.path(option[2:], 'x'))


@test()
def https_without_verification_only_when_told(t):
    site = Nginx(t)
    site.put('x', BODY)
    get(t, '-d', 'out', '--retries', '0', site.tls_url('x'), status=1)
    equal(files_below(t.path('out')), [], 'files')
    get(t, '-d', 'out', '-k', site.tls_url('x'))
    check_file(BODY, t.path('out/x'))


@test()
def jobs_is_how_many_run_at_once(t):
    server = Hostile(t)
    urls = [server.serve(f'/{index}', BODY, stall_after(100))
            for index in range(7)]
    run = Get(t, '-j', '3', '-d', 'out', *urls)
    server.wait_stalled(3)
    # A fourth would have been asked for together with them.
    time.sleep(0.1)
    equal(len(server.asked()), 3, 'requests at once')
    server.release()
    run.finish()
    equal(len(files_below(t.path('out'))), 7, 'files')


@test()
def per_host_limits_each_host(t):
    one, two = Hostile(t), Hostile(t)
    urls = [server.serve(f'/{name}{index}', BODY, stall_after(100))
            for index in range(4) for name, server in (('a', one), ('b', two))]
    urls = [url.replace('127.0.0.1', 'localhost') if '/b' in url else url
            for url in urls]
    run = Get(t, '-j', '8', '--per-host', '2', '-d', 'out', *urls)
    one.wait_stalled(2)
    two.wait_stalled(2)
    time.sleep(0.1)
    equal((len(one.asked()), len(two.asked())), (2, 2), 'requests at once')
    one.release()
    two.release()
    run.finish()
    equal(len(files_below(t.path('out'))), 8, 'files')


@test()
def the_rate_is_limited(t):
    server = Hostile(t)
    url = server.serve('/x', content(3000000))
    run = get(t, '--limit-rate', '1M', '-d', 'out', url)
    took = run.ended - run.began
    t.note(f'3000000 bytes at 1 MiB/s: {took:.2f} s')
    if not 2 < took < 6 * tap.SCALE:
        raise AssertionError(f'it took {took:.2f} s')


# -- What it says -------------------------------------------------------------


@test()
def plain_lines_one_for_each_file_and_a_summary(t):
    server = Hostile(t)
    run = get(t, '-d', 'out', server.serve('/good.bin', BODY),
              server.url('/missing.bin'), status=1)
    lines = run.stderr.text().splitlines()
    equal(len(lines), 3, f'lines {lines}')
    joined = '\n'.join(sorted(lines[:2]))
    if not re.fullmatch(
            r'completed +good\.bin +48\.8 KiB in \S+ s \(.*/s\)\n'
            r'failed +missing\.bin +404 \S.* \(http://.*/missing\.bin\)',
            joined):
        raise AssertionError(f'unexpected lines:\n{joined}')
    if not re.fullmatch(r'belay get: 1 completed, 1 failed, 48\.8 KiB in .*',
                        lines[2]):
        raise AssertionError(f'unexpected summary: {lines[2]}')


@test()
def quiet_says_nothing_of_success_and_all_of_failure(t):
    server = Hostile(t)
    good = server.serve('/good', BODY)
    run = get(t, '-q', '-d', 'out', good)
    equal((run.stdout.text(), run.stderr.text()), ('', ''), 'output')
    run = get(t, '-q', '-d', 'out', good, server.url('/missing'), status=1)
    contains(run.stderr.text(), 'missing', 'message')
    lacks(run.stderr.text(), 'good', 'message')


@test()
def json_events_on_standard_output(t):
    server = Hostile(t)
    good = server.serve('/good', BODY)
    run = get(t, '--json', '-d', 'out', good, server.url('/bad'), status=1)
    events = [json.loads(line) for line in run.stdout.text().splitlines()]
    by = {event['event']: event for event in events}
    equal(sorted(by), ['completed', 'failed', 'summary'], 'events')
    equal(events[-1]['event'], 'summary', 'last')
    equal((by['completed']['url'], by['completed']['bytes']),
          (good, len(BODY)), 'completed')
    equal(os.path.basename(by['completed']['target']), 'good', 'target')
    contains(by['failed']['error'], '404', 'error')
    summary = by['summary']
    equal([summary[key] for key in ('completed', 'failed', 'interrupted',
                                    'bytes')], [1, 1, 0, len(BODY)], 'summary')


@test()
def help_names_every_option_and_goes_to_standard_output(t):
    run = get(t, '--help')
    equal(run.stderr.text(), '', 'stderr')
    for option in '''--input-file --sums --base-url --dir --output --sha256
            --force --jobs --per-host --retries --retry-wait --stall
            --limit-rate --header --user-agent --referer --user --netrc
            --proxy --cacert --insecure --http1.1 --http2 --max-redirs
            --durability --db --quiet --verbose --progress --color --json
            --help --version'''.split():
        contains(run.stdout.text(), option, 'help')
    for line in run.stdout.text().splitlines():
        if len(line) > 80:
            raise AssertionError(f'longer than 80 columns: {line}')


@test()
def version_goes_to_standard_output(t):
    run = get(t, '--version')
    if not re.search(r'^belay.* \d+\.\d+\.\d+', run.stdout.text()):
        raise AssertionError(run.stdout.text())


@test()
def a_wrong_command_line_is_one_line_and_status_2(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    for arguments, word in [
            (['--no-such-option', url], '--no-such-option'),
            (['-Z', url], 'Z'), (['-j', '0', url], 'j'),
            (['-j', '1001', url], 'j'), (['-j', 'many', url], 'many'),
            (['--stall', '1parsec', url], '1parsec'),
            (['--limit-rate', '-5', url], '-5'),
            (['--sha256', 'abc', url], 'sha256'),
            (['--durability', 'some', url], 'some'), (['-d'], 'd'),
            (['--progress', 'loud', url], 'loud'), ([], 'URL'),
            (['--retries', '-1', url], '-1'),
            (['-i', 'no/such.txt'], 'no/such.txt'),
            (['-H', 'no colon', url], 'no colon'),
            (['-H', 'range: bytes=0-1', url], 'range: bytes=0-1'),
            (['-H', 'X: a\tb\nY: c', url], 'control'),
            (['status', '--state', 'lost'], 'lost'), (['forget'], 'forget')]:
        run = get(t, *arguments, status=2)
        text = run.stderr.text()
        contains(text, word, f'message for {arguments}')
        equal(text.startswith('belay get: '), True, f'start of {text!r}')
        equal(text.count('\n') in (1, 2), True, f'lines of {text!r}')
        equal(run.stdout.text(), '', 'stdout')
    equal(server.asked(), [], 'requests')
    equal(os.path.exists(t.path('state')), False, 'a database was made')


@test()
def the_dispatcher_runs_it_by_name(t):
    if not program.BELAY:
        t.skip('BELAY does not name the dispatcher')
    server = Hostile(t)
    url = server.serve('/x', BODY)
    env = program.environment(t)
    env['PATH'] = os.path.dirname(program.GET) + ':' + env['PATH']
    subprocess.run([program.BELAY, 'get', '-d', t.path('out'), url], env=env,
                   check=True, timeout=20, stdin=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    check_file(BODY, t.path('out/x'))


@test()
def control_bytes_of_a_server_never_reach_the_terminal(t):
    server = Hostile(t)

    def rude(exchange):
        exchange.send(b'HTTP/1.1 404 \x1b[31mRed\x1b]0;title\x07\x9b1m\r\n'
                      b'Content-Length: 0\r\n\r\n')
    rude.stays = True
    run = get(t, '-d', 'out', '-v', '--color', 'never',
              server.serve('/a%1b[31m', BODY, rude), status=1)
    for byte in (b'\x1b', b'\x07', b'\x9b'):
        equal(byte in run.stderr.data, False, f'{byte!r} in messages')


@test()
def without_durability_everything_else_holds(t):
    server = Hostile(t)
    url = server.serve('/x', BODY)
    get(t, '--durability', 'none', '-d', 'out', '--sha256', digest(BODY), url)
    check_file(BODY, t.path('out/x'))
    equal(rows(t)[0]['state'], 'completed', 'state')


main()
