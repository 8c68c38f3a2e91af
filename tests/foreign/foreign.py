"""foreign.py: programs of Go with libraries of C and Rust, built around this
build's static libbelay, in a temporary folder and without a network.

    with WORK:
        c_library('x')      # x.c    becomes libx_c.so
        rust_library('x')   # x.rs   becomes libx_rust.so
        go_program('y')     # y.go   becomes y

BELAY_LIBRARY names libbelay.a; CC is the compiler (cc).
"""
import os
import pathlib
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.with_name(name)) for name in ('abi', 'cli')]

from gate import ROOT, command  # noqa: E402

LIBRARY = pathlib.Path(os.environ['BELAY_LIBRARY']).resolve()
CC = os.environ.get('CC') or 'cc'
WORK = tempfile.TemporaryDirectory(prefix='belay-foreign-')
FOLDER = pathlib.Path(WORK.name)


def lacking(*tools):
    """What to say about the first tool that is not there; or ''."""
    return next((f'{tool} is not installed' for tool in tools
                 if not shutil.which(tool)), '')


def _build(*arguments, **environment):
    command(*arguments, cwd=FOLDER, timeout=300,
            env={**os.environ, **environment})


def c_library(name):
    _build(*CC.split(), '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra',
           '-Werror', '-shared', '-fPIC', '-pthread', f'-I{ROOT}/include',
           HERE / f'{name}.c', LIBRARY, '-o', f'lib{name}_c.so')


def rust_library(name):
    _build('rustc', '--edition=2021', '--crate-type=cdylib', '-Dwarnings',
           f'-Clink-arg={LIBRARY}', HERE / f'{name}.rs',
           '-o', f'lib{name}_rust.so')


def go_program(name):
    """With nothing but Go's own packages, and nothing of its user's."""
    _build('go', 'build', '-o', name, HERE / f'{name}.go',
           CC=CC, CGO_ENABLED='1', CGO_CFLAGS=f'-I{ROOT}/include',
           CGO_LDFLAGS=f'-L{FOLDER} -Wl,-rpath,{FOLDER} {LIBRARY} -pthread',
           GO111MODULE='off', GOCACHE=str(FOLDER / 'cache'), GOENV='off',
           GOFLAGS='', GOPATH=str(FOLDER / 'go'), GOTOOLCHAIN='local')
