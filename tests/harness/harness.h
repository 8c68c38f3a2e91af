/* harness.h: the test harness.
 *
 * A test program is any number of TESTs and no main():
 *
 *     #include "harness/harness.h"
 *
 *     TEST(an_empty_list_has_no_first_entry) {
 *       struct list list = LIST_INIT;
 *       CHECK(list_first(&list) == NULL);
 *     }
 *
 * Each TEST runs in a process, a session and a process group of its own, with
 * every signal at its default, an empty mask, /dev/null as standard input,
 * its output captured, and no other fd open.  What it prints is shown only if
 * it fails.  When it returns, the harness looks for what it left behind: fds,
 * children, threads, timers, dispositions, mask.  Leaving any of these is a
 * failure unless test_leaves() said so before.  No descendant outlives it.
 *
 * Run the program with names (fnmatch patterns) to run only these tests, with
 * --list to see them, with --repeat N to hunt for a rare failure, and with
 * --no-fork NAME to have one test alone in a debugger. */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* ---- Tests ---------------------------------------------------------- */

/* Must return, with every check true and nothing left behind. */
#define TEST(name) TEST_DEFINE_(name, .ending = TEST_RETURNS)

/* The same, with another time limit than 10 seconds. */
#define TEST_SLOW(name, seconds) \
  TEST_DEFINE_(name, .ending = TEST_RETURNS, .limit_s = (seconds))

/* The test's process must exit with this status. */
#define TEST_EXITS(name, status) \
  TEST_DEFINE_(name, .ending = TEST_ENDS_BY_EXIT, .expected = (status))

/* The test's process must be killed by this signal. */
#define TEST_DIES(name, signo) \
  TEST_DEFINE_(name, .ending = TEST_ENDS_BY_SIGNAL, .expected = (signo))

/* ---- Checks --------------------------------------------------------- */

/* A check that fails ends the process that made it and fails the test, also
 * when that process is a fork of the test's own.  Each argument is evaluated
 * once. */
#define CHECK(condition) \
  ((condition) ? (void)0 : test_failed_(TEST_HERE_, "%s is false", #condition))

/* Two integers are equal. */
#define CHECK_EQ(a, b) test_check_eq_(TEST_HERE_, #a, (a), #b, (b))

/* Two strings are equal; NULL equals only NULL. */
#define CHECK_STR(a, b) test_check_str_(TEST_HERE_, #a, (a), #b, (b))

/* A result that is 0, a count or -errno is no error. */
#define CHECK_OK(result) test_check_ok_(TEST_HERE_, #result, (result))

/* It is this error: CHECK_ERR(open_it(), -ENOENT). */
#define CHECK_ERR(result, error) \
  test_check_err_(TEST_HERE_, #result, (result), (error))

/* Ends the test, which is reported as skipped for this reason. */
#define SKIP(why) test_skip_(why)

/* ---- Surroundings --------------------------------------------------- */

/* The path of this test's own directory: made, empty, by the first call and
 * removed with all that is in it when the test has ended, however it ends. */
const char *test_dir(void);

/* n, divided by BELAY_TEST_SCALE (at least 1): how often to do something
 * where everything is that many times slower, as under valgrind. */
int test_scale(int n);

enum test_leftovers {
  TEST_LEAVES_FDS = 1 << 0,
  TEST_LEAVES_CHILDREN = 1 << 1,
  TEST_LEAVES_THREADS = 1 << 2,
  TEST_LEAVES_TIMERS = 1 << 3,
  TEST_LEAVES_DISPOSITIONS = 1 << 4,
  TEST_LEAVES_MASK = 1 << 5,
};

/* This test leaves these behind on purpose (enum test_leftovers, or'ed).
 * Children that are left are killed without being reported. */
void test_leaves(int leftovers);

/* ---- Other processes ------------------------------------------------ */

/* fork() that cannot fail: the test fails instead.  The child must end by
 * itself, with _exit(), and must not return from the test. */
pid_t test_fork(void);

/* Waits for the end of a child and is its exit status.  The test fails if the
 * child was killed. */
#define test_wait_exit(pid) test_wait_exit_(TEST_HERE_, (pid))

/* Waits for the end of a child and is the signal that killed it.  The test
 * fails if the child exited. */
#define test_wait_killed(pid) test_wait_killed_(TEST_HERE_, (pid))

/* Waits until a child is stopped and is the signal that stopped it.  The test
 * fails if the child ended. */
#define test_wait_stopped(pid) test_wait_stopped_(TEST_HERE_, (pid))

/* A gate makes one process or thread wait for another, so that no test has to
 * sleep.  Make it before the fork; each test_gate_open() lets one
 * test_gate_pass() through, whichever comes first. */
struct test_gate {
  int fds[2];
};

struct test_gate test_gate_make(void);
void test_gate_open(const struct test_gate *gate);
void test_gate_pass(const struct test_gate *gate);
void test_gate_free(const struct test_gate *gate);

/* ---- Behind the macros ---------------------------------------------- */

enum test_ending {
  TEST_RETURNS,
  TEST_ENDS_BY_EXIT,
  TEST_ENDS_BY_SIGNAL,
};

struct test_case {
  const char *name;
  void (*function)(void);
  enum test_ending ending;
  int expected; /* exit status or signal */
  int limit_s;  /* 0: the default */
  struct test_case *next;
};

void test_register_(struct test_case *test);

#define TEST_DEFINE_(name_, ...)                                         \
  static void test_##name_(void);                                        \
  static struct test_case test_case_##name_ = {                          \
      .name = #name_, .function = test_##name_, __VA_ARGS__};            \
  __attribute__((constructor)) static void test_register_##name_(void) { \
    test_register_(&test_case_##name_);                                  \
  }                                                                      \
  static void test_##name_(void)

struct test_here {
  const char *file;
  int line;
};

#define TEST_HERE_ ((struct test_here){__FILE__, __LINE__})

_Noreturn void test_failed_(struct test_here here, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void test_skip_(const char *why);
void test_check_eq_(struct test_here here, const char *a_text, intmax_t a,
                    const char *b_text, intmax_t b);
void test_check_str_(struct test_here here, const char *a_text, const char *a,
                     const char *b_text, const char *b);
void test_check_ok_(struct test_here here, const char *text, intmax_t result);
void test_check_err_(struct test_here here, const char *text, intmax_t result,
                     intmax_t error);
int test_wait_exit_(struct test_here here, pid_t pid);
int test_wait_killed_(struct test_here here, pid_t pid);
int test_wait_stopped_(struct test_here here, pid_t pid);

#endif
