"""measure.py: what the parts of bench/run share: building the small programs,
running a command, and tables as a README has them.
"""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """What could not be measured, and why, in one line."""


def run(command, timeout=300, **options):
    """What it printed; Failed with the last line of its errors."""
    options = {'stdin': subprocess.DEVNULL, **options}
    try:
        done = subprocess.run(command, timeout=timeout, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              errors='replace', **options)
    except FileNotFoundError:
        raise Failed(f'{command[0]} is missing') from None
    except subprocess.TimeoutExpired:
        raise Failed('takes too long') from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise Failed(lines[-1] if lines else f'status {done.returncode}')
    return done.stdout


def install(directory, path, name=None):
    """A copy of a program; its path.  As a linker writes a file, it lies in the
    page cache in small pieces, and each start takes a twentieth longer than of
    one that was copied, as those of packages are."""
    return shutil.copy(path, os.path.join(directory,
                                          name or os.path.basename(path)))


def build(directory, name, *flags, output=None):
    """A program of one of our sources; its path."""
    linked = os.path.join(directory, 'linked')
    run(['cc', '-std=gnu11', '-O2', '-Wall', '-Wextra', *flags, '-o', linked,
         f'{HERE}/{name}.c'])
    return install(directory, linked, output or name)


def build_true(directory):
    """The static one; without our _start, of the C library's."""
    try:
        return build(directory, 'true', '-static', '-nostdlib',
                     '-ffreestanding', output='true')
    except Failed:
        source = os.path.join(directory, 'plain.c')
        with open(source, 'w') as file:
            file.write('int main(void) {\n  return 0;\n}\n')
        path = os.path.join(directory, 'true')
        run(['cc', '-O2', '-static', '-o', path, source])
        return path


class Column:
    """A figure; with `base`, the name of a row, its ratio to that one too."""

    def __init__(self, title, base=None, ratio='ratio'):
        self.title, self.base, self.ratio = title, base, ratio


def number(value):
    if value is None:
        return '-'
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f'{value:,}'
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
    return f'{value:,.{digits}f}'


def ratio(value, base):
    known = isinstance(value, (int, float)) and isinstance(base, (int, float))
    return f'{value / base:.2f}' if known and base else '-'


def table(title, columns, rows):
    """rows: name -> figures, one for each column."""
    print(f'\n### {title}\n')
    heads = [name for column in columns for name in
             ([column.title, column.ratio] if column.base else
              [column.title])]
    print('| | ' + ' | '.join(heads) + ' |')
    print('|---|' + '--:|' * len(heads))
    for name, figures in rows.items():
        cells = []
        for at, (column, figure) in enumerate(zip(columns, figures)):
            cells.append(number(figure))
            if column.base:
                base = rows.get(column.base)
                cells.append(ratio(figure, base and base[at]))
        print(f'| {name} | ' + ' | '.join(cells) + ' |')
    sys.stdout.flush()
