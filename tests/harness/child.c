/* child.c: the process that a test runs in.
 *
 * Whatever state the runner was started in, every test begins in the same
 * one: own session, default dispositions, empty mask, three open fds.  It ends
 * through exit(), so that LeakSanitizer and the atexit functions of what is
 * tested have their turn. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "harness/internal.h"

/* Numbers are collected first, since closing changes what is listed; again
 * while there may be more of them than one list holds. */
static void close_from_three(void) {
  static struct test_files files;
  do {
    test_files_take(&files);
    for (size_t i = 0; i < files.len; i++) {
      if (files.list[i].fd > STDERR_FILENO)
        close(files.list[i].fd);
    }
  } while (files.len == TEST_FDS_MAX);
}

void test_fds_clean(void) {
  int fd;
  do {
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  } while (fd >= 0 && fd < STDERR_FILENO);
  close_from_three();
}

void test_signals_default(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t empty;
  for (int signo = 1; signo < NSIG; signo++)
    sigaction(signo, &action, NULL); /* fails for those that have no other */
  sigemptyset(&empty);
  sigprocmask(SIG_SETMASK, &empty, NULL);
}

static void isolate_fds(int capture_fd) {
  int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
      dup2(capture_fd, STDOUT_FILENO) < 0 ||
      dup2(capture_fd, STDERR_FILENO) < 0)
    _exit(1);
  close_from_three();
  setvbuf(stdout, NULL, _IONBF, 0);
}

static void isolate(int capture_fd) {
  struct rlimit core;
  setsid();
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* if the runner is killed */
  isolate_fds(capture_fd);
  umask(022);
  /* A test that dies on purpose litters no core file. */
  if (getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &core);
  }
}

_Noreturn void test_child_main(const struct test_case *test, int capture_fd) {
  static struct test_files before;
  if (!test_shared->debugged)
    isolate(capture_fd);
  test_signals_default();
  test_shared->pid = getpid();
  test_files_take(&before);

  test->function();

  if (getpid() != test_shared->pid)
    test_failed_(TEST_HERE_, "a fork of the test returned from its function");
  test_shared->clean = test->ending != TEST_RETURNS ||
                       test_left_nothing(&before, test_shared->leftovers);
  test_shared->returned = true;
  if (!test_shared->clean)
    _exit(1);
  exit(0);
}
