"""What `make install` puts down is whole, and others can build on it.

    test_install.py CC OPTION...

CC and the options are those that the build was set up with.  A build of its
own is installed below an empty prefix, and a foreign project built and run
against that; then the front door installs it under DESTDIR and removes it.
"""
import os
import pathlib
import re
import shutil
import sys
import tempfile

from gate import ROOT, case, command, main

CC, OPTIONS = sys.argv[1], sys.argv[2:]
PROGRAMS = '-Dprograms=true' in OPTIONS
CONSUMER = ROOT / 'tests' / 'abi' / 'consumer'
WORK = tempfile.TemporaryDirectory(prefix='belay-install-')
BUILD, PREFIX = (pathlib.Path(WORK.name) / name for name in ('build', 'prefix'))
LIB = 'lib'

HEADERS = sorted(path.name for path in (ROOT / 'include/belay').glob('*.h'))
WANTED = {
    *(f'include/belay/{name}' for name in HEADERS),
    f'{LIB}/libbelay.a', f'{LIB}/libbelay.so', f'{LIB}/libbelay.so.0',
    f'{LIB}/libbelay.so.0.1.0', f'{LIB}/pkgconfig/belay.pc',
    f'{LIB}/cmake/belay/belay-config.cmake',
    f'{LIB}/cmake/belay/belay-config-version.cmake',
    *(f'share/man/man{path.suffix[1:]}/{path.name}'
      for path in (ROOT / 'docs/man').glob('*.[1-9]')),
    *(f'share/man/man3/belay_{name[:-2]}.3' for name in HEADERS
      if name != 'belay.h'),
}
if PROGRAMS:
    WANTED |= {'bin/belay', 'libexec/belay/belay-fault',
               'libexec/belay/belay-get', 'libexec/belay/belay-run'}

# Neither an outer make nor an outer build decides about ours.
ENVIRONMENT = {name: value for name, value in os.environ.items()
               if not re.fullmatch(r'MAKE\w*|MFLAGS|DESTDIR|PKG_CONFIG\w*|'
                                   r'CMAKE_\w*|LD_LIBRARY_PATH', name)}
ENVIRONMENT['CC'] = CC


def do(*arguments, **more):
    return command(*arguments, env={**ENVIRONMENT, **more})


def installed(prefix):
    return {str(path.relative_to(prefix)) for path in prefix.rglob('*')
            if path.is_symlink() or not path.is_dir()}


def version():
    text = (ROOT / 'meson.build').read_text()
    return re.search(r"^  version: '(.*)'", text, re.MULTILINE).group(1)


def runs(program, **more):
    said = do(program, **more)
    wanted = f'SIGUSR1, compiled with {version()}, runs with {version()}\n'
    assert said == wanted, f'{said!r}, wanted {wanted!r}'


def links_shared(program):
    return 'libbelay.so.0' in do('readelf', '--dynamic', program)


def pkg_config(*arguments):
    found = PREFIX / LIB / 'pkgconfig'
    return do('pkg-config', *arguments, 'belay',
              PKG_CONFIG_LIBDIR=found).split()


def build_with_pkg_config(folder, *options):
    """The options are for the compiler and for pkg-config both."""
    program = folder / 'consumer'
    do(*CC.split(), '-Wall', '-Wextra', '-Werror', *options,
       CONSUMER / 'main.c', '-o', program,
       *pkg_config('--cflags', '--libs', *(f'-{each}' for each in options)))
    return program


def build_with_cmake(folder, prefix):
    shutil.copytree(CONSUMER, folder / 'source')
    do('cmake', '-S', folder / 'source', '-B', folder / 'build',
       f'-DCMAKE_PREFIX_PATH={prefix}', '-DCMAKE_C_FLAGS=-Wall -Werror')
    do('cmake', '--build', folder / 'build')


@case
def everything_is_installed_below_the_prefix(folder):
    do('meson', 'setup', BUILD, ROOT, f'--prefix={PREFIX}', f'--libdir={LIB}',
       '--libexecdir=libexec', '-Dtests=false', *OPTIONS)
    do('meson', 'compile', '-C', BUILD)
    do('meson', 'install', '-C', BUILD, '--no-rebuild')
    missing = WANTED - installed(PREFIX)
    assert not missing, f'missing below the prefix: {sorted(missing)}'


@case
def nothing_else_is_installed(folder):
    """But completions for shells, whose places have names of their own."""
    others = {name for name in installed(PREFIX) - WANTED
              if 'completion' not in name and 'site-functions' not in name}
    assert not others, f'found, but nobody wants it: {sorted(others)}'


@case
def the_links_lead_to_the_library(folder):
    for name in ('libbelay.so', 'libbelay.so.0'):
        link = PREFIX / LIB / name
        assert link.is_symlink(), link
        assert not os.readlink(link).startswith('/'), os.readlink(link)
        assert link.resolve().name == f'libbelay.so.{version()}', link.resolve()


@case
def pkg_config_tells_the_version(folder):
    assert pkg_config('--modversion') == [version()]


@case
def a_program_is_built_by_pkg_config_shared(folder):
    program = build_with_pkg_config(folder)
    assert links_shared(program), 'it was not linked with libbelay.so.0'
    runs(program, LD_LIBRARY_PATH=str(PREFIX / LIB))


@case
def a_program_is_built_by_pkg_config_static(folder):
    """Wholly static, libc too, so that nothing may be missing."""
    program = build_with_pkg_config(folder, '-static')
    assert not links_shared(program), 'it was linked with libbelay.so.0'
    runs(program)


@case
def a_program_is_built_by_cmake(folder):
    build_with_cmake(folder, PREFIX)
    assert links_shared(folder / 'build/with_shared')
    assert not links_shared(folder / 'build/with_static')
    runs(folder / 'build/with_shared')
    runs(folder / 'build/with_static')


@case
def the_cmake_package_may_be_moved(folder):
    moved = PREFIX.with_name('moved')
    PREFIX.rename(moved)
    try:
        build_with_cmake(folder, moved)
        runs(folder / 'build/with_shared')
    finally:
        moved.rename(PREFIX)


@case
def cmake_is_refused_another_version(folder):
    shutil.copytree(CONSUMER, folder / 'source')
    lists = folder / 'source' / 'CMakeLists.txt'
    lists.write_text(lists.read_text().replace('belay 0.1', 'belay 1.0'))
    try:
        do('cmake', '-S', folder / 'source', '-B', folder / 'build',
           f'-DCMAKE_PREFIX_PATH={PREFIX}')
    except AssertionError as error:
        assert 'considered but not accepted' in str(error), error
    else:
        raise AssertionError('version 1.0 was found')


@case
def the_installed_dispatcher_finds_its_programs(folder):
    if not PROGRAMS:
        return
    said = do(PREFIX / 'bin/belay', 'get', '--help')
    assert said.startswith('usage: belay get'), said


@case
def the_front_door_installs_and_removes(folder):
    front = ['make', '-C', ROOT, f'BUILD={BUILD}', 'PREFIX=/opt/belay',
             f'DESTDIR={folder}']
    do(*front, 'install')
    missing = WANTED - installed(folder / 'opt' / 'belay')
    assert not missing, f'missing under DESTDIR: {sorted(missing)}'
    outside = [path for path in folder.iterdir() if path.name != 'opt']
    assert not outside, f'outside of the prefix: {outside}'
    pc = (folder / 'opt/belay' / LIB / 'pkgconfig/belay.pc').read_text()
    assert 'prefix=/opt/belay\n' in pc, pc
    do(*front, 'uninstall')
    left = installed(folder)
    assert not left, f'left behind: {sorted(left)}'


with WORK:
    main()
