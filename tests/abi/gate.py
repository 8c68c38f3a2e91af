"""gate.py: for the tests of the gates in tools/.

Each gate is run on the tree as it is, and then on copies that were doctored to
break one rule each, about which it has to say so: a gate that cannot fail is
none.  A case is a function of an empty directory; each is one line of TAP.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import traceback

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]

_cases = []


def case(function):
    """Registers a case; its name, in words, is what TAP shows."""
    _cases.append(function)
    return function


def command(*arguments, **options):
    """Runs a command that has to work."""
    done = subprocess.run([str(each) for each in arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f'{arguments}: status {done.returncode}\n'
                             f'{done.stdout}')
    return done.stdout


def _run(gate, arguments):
    return subprocess.run(
        [sys.executable, '-B', str(ROOT / 'tools' / gate),
         *[str(each) for each in arguments]],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def passes(gate, *arguments):
    """The gate has to be silent."""
    done = _run(gate, arguments)
    if done.returncode != 0 or done.stdout:
        raise AssertionError(f'{gate}: status {done.returncode}, wanted 0 and '
                             f'silence:\n{done.stdout}')


def refuses(gate, *arguments, because):
    """The gate has to fail, and to name the reason."""
    done = _run(gate, arguments)
    if done.returncode != 1 or because not in done.stdout:
        raise AssertionError(f'{gate}: status {done.returncode}, wanted 1 and '
                             f'"{because}":\n{done.stdout}')


def copy_tree(folder, *parts):
    """Copies files or folders of the tree below `folder`; returns that."""
    for part in parts:
        source, target = ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        elif source.exists():
            shutil.copyfile(source, target)
    return folder


def doctor(path, old, new):
    """Replaces `old`, which has to be there, once; None appends."""
    text = path.read_text()
    if old is None:
        path.write_text(text + new)
    elif old not in text:
        raise AssertionError(f'{path} has no {old!r} to replace')
    else:
        path.write_text(text.replace(old, new, 1))


def main():
    print(f'1..{len(_cases)}')
    failed = 0
    for number, function in enumerate(_cases, 1):
        said = ''
        with tempfile.TemporaryDirectory(prefix='belay-gate-') as folder:
            try:
                function(pathlib.Path(folder))
            except Exception:  # whatever it is, the case has failed
                said = traceback.format_exc()
        failed += bool(said)
        print(f'{"not ok" if said else "ok"} {number} - '
              f'{function.__name__.replace("_", " ")}')
        for line in said.splitlines():
            print(f'#   {line}')
        sys.stdout.flush()
    sys.exit(1 if failed else 0)
