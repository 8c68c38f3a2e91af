/* runner.c: main() of every test program.
 *
 * Tests register themselves before main() runs; the runner runs those that
 * the command line names, one at a time, and prints TAP.  A test passes only
 * if its outcome gives no reason against it: verdict() lists all reasons. */
#include <fnmatch.h>
#include <getopt.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "harness/internal.h"

enum { SHOWN_BYTES_MAX = 64 * 1024 };

struct options {
  bool list;
  int repeat;
  const char *no_fork; /* the name of the only test to run, in this process */
  char **patterns;
  int patterns_len; /* 0: all tests */
};

struct test_shared *test_shared;
static struct test_case *tests;
static char base_directory[PATH_MAX - 256];

void test_register_(struct test_case *test) {
  struct test_case **last = &tests;
  while (*last)
    last = &(*last)->next;
  *last = test;
}

_Noreturn void test_bail_out(const char *format, ...) {
  va_list args;
  va_start(args, format);
  printf("Bail out! ");
  vprintf(format, args);
  printf("\n");
  va_end(args);
  fflush(stdout);
  rmdir(base_directory);
  _exit(1);
}

/* ---- The verdict ---------------------------------------------------- */

/* A sanitizer's report fails the test also where the process that it came
 * from was a child whose status nobody looked at. */
static bool has_sanitizer_report(const char *output, size_t len) {
  static const char *const marks[] = {"Sanitizer: ", "Sanitizer:DEADLYSIGNAL",
                                      ": runtime error: "};
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    if (memmem(output, len, marks[i], strlen(marks[i])))
      return true;
  }
  return false;
}

static void say_ending(int status, char *ret_why, size_t size) {
  if (WIFSIGNALED(status))
    snprintf(ret_why, size, "was killed by signal %d (%s)", WTERMSIG(status),
             strsignal(WTERMSIG(status)));
  else
    snprintf(ret_why, size, "exited with status %d", WEXITSTATUS(status));
}

static bool ended_as_expected(const struct test_case *test, int status) {
  if (test->ending == TEST_ENDS_BY_SIGNAL)
    return WIFSIGNALED(status) && WTERMSIG(status) == test->expected;
  if (!WIFEXITED(status))
    return false;
  if (test->ending == TEST_ENDS_BY_EXIT)
    return !test_shared->returned && WEXITSTATUS(status) == test->expected;
  return test_shared->returned && WEXITSTATUS(status) == 0;
}

/* Why the test failed; "" if it did not.  The first reason is the nearest to
 * the cause. */
static void verdict(const struct test_case *test,
                    const struct test_outcome *outcome, const char *output,
                    size_t output_len, char *ret_why, size_t size) {
  ret_why[0] = '\0';
  if (outcome->timed_out)
    snprintf(ret_why, size, "timed out after %d s", outcome->limit_s);
  else if (test_shared->check_failed)
    snprintf(ret_why, size, "a check failed");
  else if (has_sanitizer_report(output, output_len))
    snprintf(ret_why, size, "a sanitizer reported an error");
  else if (test_shared->skipped)
    return;
  else if (test_shared->returned && !test_shared->clean)
    snprintf(ret_why, size, "left something behind");
  else if (test_shared->returned && test->ending != TEST_RETURNS)
    snprintf(ret_why, size, "returned, but should have ended its process");
  else if (!ended_as_expected(test, outcome->status))
    say_ending(outcome->status, ret_why, size);
  else if (outcome->survivors[0])
    snprintf(ret_why, size, "was survived by %s", outcome->survivors);
}

/* ---- Output --------------------------------------------------------- */

/* As comments, and without what a terminal or an XML reader would choke on. */
static void show_output(const char *output, size_t len) {
  size_t shown = len < SHOWN_BYTES_MAX ? len : SHOWN_BYTES_MAX;
  bool line_start = true;
  for (size_t i = 0; i < shown; i++) {
    unsigned char byte = (unsigned char)output[i];
    if (line_start)
      printf("#   ");
    line_start = byte == '\n';
    if (byte == '\n' || byte == '\t' || (byte >= ' ' && byte != 127))
      putchar(byte);
    else
      printf("\\x%02x", byte);
  }
  if (!line_start)
    putchar('\n');
  if (shown < len)
    printf("# and %zu bytes more\n", len - shown);
}

static size_t read_capture(int fd, char *ret_output, size_t size) {
  ssize_t len = pread(fd, ret_output, size, 0);
  return len > 0 ? (size_t)len : 0;
}

/* ---- Running -------------------------------------------------------- */

static void prepare_shared(const struct test_case *test) {
  bool debugged = test_shared->debugged;
  memset(test_shared, 0, sizeof *test_shared);
  test_shared->debugged = debugged;
  snprintf(test_shared->directory, sizeof test_shared->directory, "%s/%s",
           base_directory, test->name);
}

/* Runs a test once.  True if it did not fail. */
static bool run_once(const struct test_case *test, int number) {
  static char output[4 * SHOWN_BYTES_MAX];
  struct test_outcome outcome;
  char why[1024];
  FILE *capture = tmpfile();
  if (!capture)
    test_bail_out("tmpfile: %s", strerror(errno));
  prepare_shared(test);
  test_session_run(test, fileno(capture), &outcome);
  size_t len = read_capture(fileno(capture), output, sizeof output);
  fclose(capture);
  test_remove_tree(test_shared->directory);

  verdict(test, &outcome, output, len, why, sizeof why);
  if (why[0] == '\0')
    return true;
  printf("not ok %d - %s\n# %s: %s\n", number, test->name, test->name, why);
  show_output(output, len);
  return false;
}

/* Runs a test as often as asked, until it fails; prints its one TAP line. */
static bool run(const struct test_case *test, int number, int repeat) {
  for (int i = 1; i <= repeat && !test_session_interrupted(); i++) {
    if (!run_once(test, number)) {
      if (repeat > 1)
        printf("# in run %d of %d\n", i, repeat);
      return false;
    }
    if (test_shared->skipped) {
      printf("ok %d - %s # SKIP %s\n", number, test->name,
             test_shared->why_skipped);
      return true;
    }
  }
  printf("ok %d - %s\n", number, test->name);
  return true;
}

static bool is_selected(const struct test_case *test,
                        const struct options *options) {
  for (int i = 0; i < options->patterns_len; i++) {
    if (fnmatch(options->patterns[i], test->name, 0) == 0)
      return true;
  }
  return options->patterns_len == 0;
}

static int count_selected(const struct options *options) {
  int count = 0;
  for (const struct test_case *test = tests; test; test = test->next)
    count += is_selected(test, options);
  return count;
}

static int list(const struct options *options) {
  for (const struct test_case *test = tests; test; test = test->next) {
    if (is_selected(test, options))
      puts(test->name);
  }
  return 0;
}

/* Ends by the signal that asked for it, once everything is put away. */
static void end_if_interrupted(void) {
  sigset_t empty;
  int signo = test_session_interrupted();
  if (signo == 0)
    return;
  test_remove_tree(base_directory);
  fflush(stdout);
  raise(signo);
  sigemptyset(&empty);
  sigprocmask(SIG_SETMASK, &empty, NULL);
}

static int run_selected(const struct options *options) {
  int number = 0;
  int failed = 0;
  int count = count_selected(options);
  if (count == 0)
    test_bail_out("no test has such a name");
  printf("TAP version 13\n1..%d\n", count);
  for (const struct test_case *test = tests; test; test = test->next) {
    if (!is_selected(test, options))
      continue;
    fflush(stdout); /* or the test's process would print it again */
    failed += !run(test, ++number, options->repeat);
    end_if_interrupted();
  }
  return failed > 0;
}

static void remove_base_directory(void) {
  test_remove_tree(base_directory);
}

/* The test's function in this very process, for a debugger.  What a test
 * that crashes has in its directory stays there to be looked at. */
static _Noreturn void run_without_fork(const char *name) {
  for (const struct test_case *test = tests; test; test = test->next) {
    if (strcmp(test->name, name) != 0)
      continue;
    test_shared->debugged = true;
    prepare_shared(test);
    atexit(remove_base_directory);
    test_child_main(test, -1);
  }
  test_bail_out("there is no test %s", name);
}

/* ---- Starting ------------------------------------------------------- */

static void make_base_directory(void) {
  const char *temporary = getenv("TMPDIR");
  if (!temporary || temporary[0] != '/')
    temporary = "/tmp";
  snprintf(base_directory, sizeof base_directory, "%s/belay-test-XXXXXX",
           temporary);
  if (!mkdtemp(base_directory))
    test_bail_out("%s: %s", base_directory, strerror(errno));
}

static void make_shared(void) {
  void *page = mmap(NULL, sizeof *test_shared, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    test_bail_out("mmap: %s", strerror(errno));
  test_shared = page;
}

static bool parse_options(int argc, char **argv, struct options *ret_options) {
  static const struct option known[] = {
      {"list", no_argument, NULL, 'l'},
      {"repeat", required_argument, NULL, 'r'},
      {"no-fork", required_argument, NULL, 'n'},
      {NULL, 0, NULL, 0},
  };
  int option;
  *ret_options = (struct options){.repeat = 1};
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 'l')
      ret_options->list = true;
    else if (option == 'r')
      ret_options->repeat = atoi(optarg);
    else if (option == 'n')
      ret_options->no_fork = optarg;
    else
      return false;
  }
  ret_options->patterns = argv + optind;
  ret_options->patterns_len = argc - optind;
  return ret_options->repeat > 0;
}

int main(int argc, char **argv) {
  struct options options;
  if (!parse_options(argc, argv, &options)) {
    fprintf(stderr,
            "usage: %s [--list] [--repeat N] [--no-fork NAME] [PATTERN]...\n",
            argv[0]);
    return 2;
  }
  if (options.list)
    return list(&options);
  make_shared();
  make_base_directory();
  if (options.no_fork)
    run_without_fork(options.no_fork);
  test_fds_clean();
  test_session_init();
  int status = run_selected(&options);
  remove_base_directory();
  return status;
}
