/* internal.h: what the harness' own files know of each other.
 *
 * runner.c reads the command line and prints TAP; session.c is the parent's
 * side of one test, child.c the test's own process; leak.c compares before
 * and after; check.c and help.c are what tests call. */
#ifndef TESTS_HARNESS_INTERNAL_H
#define TESTS_HARNESS_INTERNAL_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/harness.h"

/* What a test's processes tell the runner: a page that they share, written by
 * whoever has something to say, read by the runner when the test has ended. */
struct test_shared {
  pid_t pid;         /* the process that runs the test's function */
  bool debugged;     /* --no-fork: a failed check stops in the debugger */
  bool check_failed; /* in this process or in any fork of it */
  bool skipped;
  bool returned; /* from the test's function */
  bool clean;    /* nothing was left behind */
  int leftovers; /* that are allowed, enum test_leftovers */
  char why_skipped[256];
  char directory[PATH_MAX]; /* of this test; made by test_dir() */
};

extern struct test_shared *test_shared;

/* How one run of a test went, as its parent sees it. */
struct test_outcome {
  int status; /* as waitpid() gives it */
  bool timed_out;
  int limit_s;
  char survivors[512]; /* descendants that outlived the test; "" if none */
};

/* Runs one test in a process of its own, its output going to capture_fd, and
 * comes back when no process of it is left. */
void test_session_run(const struct test_case *test, int capture_fd,
                      struct test_outcome *ret_outcome);

/* Makes the runner the parent of all orphans and a waiter for the signals
 * that end it.  Called once, before anything else of session.c. */
void test_session_init(void);

/* The signal that asks the runner to end, or 0. */
int test_session_interrupted(void);

/* The test's process: never returns. */
_Noreturn void test_child_main(const struct test_case *test, int capture_fd);

/* The runner's fds: 0 to 2 open, all others closed. */
void test_fds_clean(void);

/* Every signal back to its default, and none blocked. */
void test_signals_default(void);

/* The open files of this process. */
enum { TEST_FDS_MAX = 256 };

struct test_open_file {
  int fd;
  dev_t device;
  ino_t inode;
};

struct test_files {
  struct test_open_file list[TEST_FDS_MAX];
  size_t len;
};

void test_files_take(struct test_files *ret_files);

/* Says on stderr what was left behind of what is not among the leftovers;
 * true if nothing was. */
bool test_left_nothing(const struct test_files *before, int leftovers);

/* The children of this process that still run or wait to be reaped. */
struct test_process {
  pid_t pid;
  char name[32];
};

size_t test_children(struct test_process *ret_list, size_t size);

/* The factor of BELAY_TEST_SCALE, 1 if unset. */
double test_scale_factor(void);

/* Monotonic time. */
int64_t test_now_ms(void);

/* Removes a file or a directory with all that is in it. */
void test_remove_tree(const char *path);

/* Something that the harness itself needs does not work: ends the program
 * with TAP's "Bail out!". */
_Noreturn void test_bail_out(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
