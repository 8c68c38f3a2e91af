#!/usr/bin/python3
"""Runs the tests that fail on purpose: each must fail, for its own reason.

usage: check_failing.py PROGRAM        (PROGRAM is built from failing.c)
"""
import os
import re
import signal
import subprocess
import sys
import tempfile

# The reason that the harness must give for each test of failing.c.
REASONS = {
    "check": r"failing\.c:\d+: 1 > 2 is false",
    "check_eq": r"failing\.c:\d+: 1 \+ 1 is 2, and 3 is 3",
    "check_str": r'"left" is "left", and "right" is "right"',
    "check_str_null": r'NULL is NULL, and "" is ""',
    "check_ok": r"-ENOENT is -2 \(No such file or directory\)",
    "check_err": r"-ENOENT is -2 \(No such.*\), not -13 \(Permission denied\)",
    "check_err_without_error": r"0 is 0 \(no error\), not -13",
    "check_in_a_child_that_nobody_asks": r"in the child",
    "check_in_a_thread": r"in the thread",
    "check_before_the_expected_exit": r"a check failed",
    "wait_exit_of_a_killed_child": r"failing\.c:\d+: .* killed by signal 15",
    "wait_killed_of_a_child_that_exits": r"exited with status 3",
    "wait_stopped_of_a_child_that_exits": r"exited with status 3",
    "hang": r"timed out after \d+ s",
    "hang_with_deaf_descendants": r"timed out after \d+ s",
    "stop_itself": r"timed out after \d+ s",
    "crash": r"was killed by signal 11 \(Segmentation fault\)",
    "exit_early": r"exited with status 0",
    "exit_early_with_status": r"exited with status 7",
    "exit_with_another_status": r"exited with status 4",
    "return_instead_of_exit": r"returned, but should have ended",
    "die_instead_of_exit": r"was killed by signal 15",
    "die_by_another_signal": r"was killed by signal 2 ",
    "exit_instead_of_death": r"exited with status 15",
    "return_instead_of_death": r"returned, but should have ended",
    "return_from_a_fork": r"a fork of the test returned",
    "leave_an_fd": r"left behind: fd 3 is open \(/dev/zero\)",
    "close_an_fd": r"left behind: fd 0 is closed",
    "replace_an_fd": r"fd 0 is another file than before \(/dev/zero\)",
    "leave_a_child": r"left behind: child \d+ \(.+\), not waited for",
    "leave_a_zombie": r"left behind: child \d+ \(.+\), not waited for",
    "leave_an_orphan": r"was survived by \d+ \(.+\)",
    "leave_a_child_by_dying": r"was survived by \d+ \(.+\)",
    "leave_a_thread": r"left behind: 1 thread",
    "leave_a_timer": r"left behind: ITIMER_PROF is armed",
    "leave_a_disposition": r"signal 13 \(Broken pipe\) is ignored",
    "leave_a_handler": r"signal 10 \(User defined signal 1\) is handled",
    "leave_a_mask": r"signal 12 \(User defined signal 2\) is blocked",
    "leave_what_was_not_named": r"signal 12 .* is blocked",
    "print": r"on stdout\n#   ok 1 - not a line of TAP: \\x1b\[1m\n"
             r"#   without an end",
    "fill_the_directory_and_crash": r"directory /.*\n",
    "print_what_a_sanitizer_prints": r"a sanitizer reported an error",
}

# The same for tests that only a build with a sanitizer has.
SANITIZER_REASONS = {
    "leak_memory": r"LeakSanitizer: detected memory leaks",
    "use_after_free_in_a_child_that_nobody_asks": r"heap-use-after-free",
    "overflow_an_integer": r"runtime error: signed integer overflow",
    "race_for_an_integer": r"ThreadSanitizer: data race",
}

RESULT = re.compile(r"^(ok|not ok) \d+ - (\w+)$", re.MULTILINE)


class Report:
    """The results of this program itself, as TAP."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def result(self, name, passed, why=""):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {name}")
        if not passed:
            print("# " + str(why).replace("\n", "\n# "))

    def end(self):
        print(f"1..{self.count}")
        sys.exit(self.failed > 0)


def run(program, *arguments):
    """Runs the program to its end, whatever ends us: it cleans up itself."""
    with subprocess.Popen([program, *arguments], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as runner:
        stdout, _ = runner.communicate()
    return subprocess.CompletedProcess(arguments, runner.returncode, stdout)


def split(output):
    """Each test's verdict, with the comments that follow it."""
    parts = RESULT.split(output)[1:]
    return {name: (verdict, comments) for verdict, name, comments
            in zip(parts[0::3], parts[1::3], parts[2::3])}


def check_reasons(report, program):
    results = split(run(program).stdout)
    listed = run(program, "--list").stdout.split()
    reasons = {name: reason for name, reason in SANITIZER_REASONS.items()
               if name in listed}
    for name, reason in (REASONS | reasons).items():
        verdict, comments = results.pop(name, ("missing", ""))
        report.result("failing_" + name,
                      verdict == "not ok" and re.search(reason, comments),
                      f"{verdict}: {comments}\nexpected: {reason}")
    report.result("no_other_test_fails", results == {"pass": ("ok", "\n")},
                  results)


def check_command_line(report, program):
    listed = run(program, "--list").stdout.split()
    report.result("list", listed[0] == "check" and listed[-1] == "pass"
                  and set(listed) > set(REASONS), listed)
    some = run(program, "check_*", "pass")
    names = set(split(some.stdout))
    expected = {name for name in listed if name.startswith("check_")}
    report.result("patterns", names == expected | {"pass"}, some.stdout)
    report.result("status_of_failure", some.returncode == 1, some.returncode)
    passed = run(program, "pass")
    report.result("status_of_success", passed.returncode == 0, passed.stdout)
    nothing = run(program, "no_such_test")
    report.result("no_such_test", nothing.returncode == 1
                  and nothing.stdout.startswith("Bail out!"), nothing.stdout)
    again = run(program, "--repeat", "3", "pass", "check")
    report.result("repeat", "in run 1 of 3" in again.stdout
                  and "\nok 2 - pass\n" in again.stdout, again.stdout)
    plain = run(program, "--no-fork", "pass")
    report.result("no_fork", plain.returncode == 0, plain)
    stopped = run(program, "--no-fork", "check")
    report.result("no_fork_stops_at_a_failed_check",
                  stopped.returncode == -signal.SIGABRT, stopped)


def descendants_named(name):
    """The processes of this program's name, as /proc knows them."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0] == name.encode():
            found.append(pid)
    return found


def check_interruption(report, program):
    """A terminated runner dies of it, and takes its tests along."""
    with tempfile.TemporaryDirectory() as directory:
        # A link of its own, so that no other run of the program is counted.
        link = os.path.join(directory, "interrupted")
        os.symlink(os.path.abspath(program), link)
        with subprocess.Popen([link, "hang_with_deaf_descendants"], text=True,
                              stdout=subprocess.PIPE) as runner:
            while len(descendants_named(link)) < 4:
                continue
            runner.terminate()
            runner.communicate()
        report.result("interrupted", runner.returncode == -signal.SIGTERM,
                      runner.returncode)
        left = descendants_named(link)
        report.result("interrupted_leaves_nothing", not left, left)


def main():
    program = sys.argv[1]
    report = Report()
    signal.signal(signal.SIGTERM, lambda signo, frame: sys.exit(128 + signo))
    with tempfile.TemporaryDirectory() as directory:
        os.environ["TMPDIR"] = directory
        os.environ["BELAY_TEST_SCALE"] = "1"  # or waiting in vain takes long
        check_reasons(report, program)
        check_command_line(report, program)
        os.environ["BELAY_TEST_SCALE"] = "60"  # the limit must not end it
        check_interruption(report, program)
        left = os.listdir(directory)
        # A runner that aborts in a debugger keeps its directory.
        report.result("directories_are_removed", len(left) <= 1, left)
    report.end()


main()
