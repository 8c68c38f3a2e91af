/* failing.c: tests that fail on purpose, each for one reason.
 *
 * check_failing.py runs this program and knows the reason of each. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "harness/harness.h"

/* ---- Checks --------------------------------------------------------- */

TEST(check) {
  CHECK(1 > 2);
}

TEST(check_eq) {
  CHECK_EQ(1 + 1, 3);
}

TEST(check_str) {
  CHECK_STR("left", "right");
}

TEST(check_str_null) {
  CHECK_STR(NULL, "");
}

TEST(check_ok) {
  CHECK_OK(-ENOENT);
}

TEST(check_err) {
  CHECK_ERR(-ENOENT, -EACCES);
}

TEST(check_err_without_error) {
  CHECK_ERR(0, -EACCES);
}

TEST(check_in_a_child_that_nobody_asks) {
  pid_t pid = test_fork();
  if (pid == 0)
    CHECK(!"in the child");
  test_wait_exit(pid);
}

static void *check_in_thread(void *nothing) {
  CHECK(!"in the thread");
  return nothing;
}

TEST(check_in_a_thread) {
  pthread_t thread;
  pthread_create(&thread, NULL, check_in_thread, NULL);
  pthread_join(thread, NULL);
}

/* A failed check exits with 1, which must not be mistaken for this. */
TEST_EXITS(check_before_the_expected_exit, 1) {
  CHECK(!"before the exit");
}

TEST(wait_exit_of_a_killed_child) {
  pid_t pid = test_fork();
  if (pid == 0)
    raise(SIGTERM);
  test_wait_exit(pid);
}

TEST(wait_killed_of_a_child_that_exits) {
  pid_t pid = test_fork();
  if (pid == 0)
    _exit(3);
  test_wait_killed(pid);
}

TEST(wait_stopped_of_a_child_that_exits) {
  pid_t pid = test_fork();
  if (pid == 0)
    _exit(3);
  test_wait_stopped(pid);
}

/* ---- Endings -------------------------------------------------------- */

TEST_SLOW(hang, 1) {
  for (;;)
    pause();
}

/* Neither SIGTERM nor the end of its parent would end these. */
TEST_SLOW(hang_with_deaf_descendants, 1) {
  signal(SIGTERM, SIG_IGN);
  if (test_fork() == 0) {
    setsid();
    test_fork();
  }
  for (;;)
    pause();
}

TEST_SLOW(stop_itself, 1) {
  raise(SIGSTOP);
}

TEST(crash) {
  raise(SIGSEGV);
}

TEST(exit_early) {
  _exit(0);
}

TEST(exit_early_with_status) {
  exit(7);
}

TEST_EXITS(exit_with_another_status, 3) {
  _exit(4);
}

TEST_EXITS(return_instead_of_exit, 0) {
}

TEST_EXITS(die_instead_of_exit, 3) {
  raise(SIGTERM);
}

TEST_DIES(die_by_another_signal, SIGTERM) {
  raise(SIGINT);
}

TEST_DIES(exit_instead_of_death, SIGTERM) {
  _exit(SIGTERM);
}

TEST_DIES(return_instead_of_death, SIGTERM) {
}

TEST(return_from_a_fork) {
  pid_t pid = test_fork();
  if (pid > 0)
    test_wait_exit(pid);
}

/* ---- Leftovers ------------------------------------------------------ */

TEST(leave_an_fd) {
  CHECK_OK(open("/dev/zero", O_RDONLY));
}

TEST(close_an_fd) {
  close(STDIN_FILENO);
}

TEST(replace_an_fd) {
  int fd = open("/dev/zero", O_RDONLY);
  dup2(fd, STDIN_FILENO);
  close(fd);
}

TEST(leave_a_child) {
  if (test_fork() == 0) {
    for (;;)
      pause();
  }
}

TEST(leave_a_zombie) {
  siginfo_t info;
  pid_t pid = test_fork();
  if (pid == 0)
    _exit(0);
  CHECK_OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
}

TEST(leave_an_orphan) {
  pid_t pid = test_fork();
  if (pid == 0) {
    setsid();
    if (test_fork() > 0)
      _exit(0);
    for (;;)
      pause();
  }
  test_wait_exit(pid);
}

TEST_DIES(leave_a_child_by_dying, SIGTERM) {
  if (test_fork() == 0) {
    for (;;)
      pause();
  }
  raise(SIGTERM);
}

static void *run_for_ever(void *nothing) {
  for (;;)
    pause();
  return nothing;
}

TEST(leave_a_thread) {
  pthread_t thread;
  pthread_create(&thread, NULL, run_for_ever, NULL);
}

TEST(leave_a_timer) {
  struct itimerval timer = {.it_value = {.tv_sec = 1000}};
  setitimer(ITIMER_PROF, &timer, NULL);
}

TEST(leave_a_disposition) {
  signal(SIGPIPE, SIG_IGN);
}

static void handle(int signo) {
  (void)signo;
}

TEST(leave_a_handler) {
  signal(SIGUSR1, handle);
}

TEST(leave_a_mask) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  sigprocmask(SIG_BLOCK, &mask, NULL);
}

/* Allowing one kind allows no other. */
TEST(leave_what_was_not_named) {
  test_leaves(TEST_LEAVES_FDS | TEST_LEAVES_CHILDREN | TEST_LEAVES_THREADS |
              TEST_LEAVES_TIMERS | TEST_LEAVES_DISPOSITIONS);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  sigprocmask(SIG_BLOCK, &mask, NULL);
}

/* ---- Output and directory ------------------------------------------- */

TEST(print) {
  printf("on stdout\n");
  fprintf(stderr, "ok 1 - not a line of TAP: \033[1m\n");
  printf("without an end");
  CHECK(0);
}

TEST(fill_the_directory_and_crash) {
  char path[4096];
  printf("directory %s\n", test_dir());
  snprintf(path, sizeof path, "%s/closed", test_dir());
  CHECK_OK(mkdir(path, 0700));
  snprintf(path, sizeof path, "%s/closed/file", test_dir());
  CHECK_OK(close(open(path, O_WRONLY | O_CREAT, 0600)));
  snprintf(path, sizeof path, "%s/closed/loop", test_dir());
  CHECK_OK(symlink("/", path));
  snprintf(path, sizeof path, "%s/closed", test_dir());
  CHECK_OK(chmod(path, 0));
  raise(SIGSEGV);
}

/* The text is what matters here: under a sanitizer, an error in a child whose
 * status nobody looks at shows nowhere else. */
TEST(print_what_a_sanitizer_prints) {
  fprintf(stderr, "==1==ERROR: AddressSanitizer: heap-use-after-free\n");
}

/* ---- Sanitizers ----------------------------------------------------- */

#ifdef __has_feature
#define HAS_FEATURE(feature) __has_feature(feature)
#else
#define HAS_FEATURE(feature) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
static void *volatile block;

TEST(leak_memory) {
  block = malloc(16);
  block = NULL;
}

TEST(use_after_free_in_a_child_that_nobody_asks) {
  pid_t pid = test_fork();
  if (pid == 0) {
    block = malloc(16);
    free(block);
    *(volatile char *)block = 1;
    _exit(0);
  }
  test_wait_exit(pid);
}

static volatile int largest = INT_MAX;

TEST(overflow_an_integer) {
  largest = largest + 1;
}
#endif

#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
static int shared;

static void *count_up(void *nothing) {
  for (int i = 0; i < 1000; i++)
    shared++;
  return nothing;
}

TEST(race_for_an_integer) {
  pthread_t thread;
  pthread_create(&thread, NULL, count_up, NULL);
  count_up(NULL);
  pthread_join(thread, NULL);
}
#endif

/* ---- And one that passes between them ------------------------------- */

/* With a directory that is empty each time. */
TEST(pass) {
  char path[4096];
  snprintf(path, sizeof path, "%s/file", test_dir());
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0);
  close(fd);
}
