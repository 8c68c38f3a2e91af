/* passing.c: what the harness promises to a test, seen from inside a test. */
#include <fcntl.h>
#include <pthread.h>

#include "harness/harness.h"

TEST(each_check_accepts_what_is_true) {
  CHECK(1 + 1 == 2);
  CHECK_EQ(7, 7u);
  CHECK_STR("a", "a");
  CHECK_STR(NULL, NULL);
  CHECK_OK(0);
  CHECK_OK((ssize_t)12);
  CHECK_ERR(-ENOENT, -ENOENT);
}

static int calls;

static int call(void) {
  return calls++;
}

TEST(a_check_evaluates_its_arguments_once) {
  CHECK(call() == 0);
  CHECK_EQ(call(), 1);
  CHECK_OK(call());
  CHECK_ERR(call(), 3);
  CHECK_EQ(calls, 4);
}

TEST(a_test_leads_a_session_of_its_own) {
  CHECK_EQ(getsid(0), getpid());
  CHECK_EQ(getpgrp(), getpid());
}

TEST(dispositions_are_default_and_the_mask_is_empty) {
  sigset_t mask;
  CHECK_OK(sigprocmask(SIG_SETMASK, NULL, &mask));
  for (int signo = 1; signo < NSIG; signo++) {
    struct sigaction action;
    CHECK(sigismember(&mask, signo) != 1);
    if (sigaction(signo, NULL, &action) == 0)
      CHECK(action.sa_handler == SIG_DFL);
  }
}

TEST(standard_input_is_empty) {
  char byte;
  CHECK_EQ(read(STDIN_FILENO, &byte, 1), 0);
}

TEST(only_three_fds_are_open) {
  int fd = dup(STDIN_FILENO);
  CHECK_EQ(fd, 3);
  CHECK_OK(close(fd));
  for (fd = 3; fd < 256; fd++)
    CHECK_EQ(fcntl(fd, F_GETFD), -1);
}

static void touch(const char *directory, const char *name) {
  char path[4096];
  CHECK((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) <
        sizeof path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  CHECK_OK(fd);
  CHECK_OK(close(fd));
}

/* Two tests with the same content: neither sees a file of the other. */
TEST(the_directory_is_the_tests_own) {
  touch(test_dir(), "file");
}

TEST(the_directory_is_the_other_tests_own) {
  touch(test_dir(), "file");
}

TEST(the_directory_is_the_same_in_a_child) {
  const char *directory = test_dir();
  pid_t pid = test_fork();
  if (pid == 0) {
    CHECK_STR(test_dir(), directory);
    touch(test_dir(), "file");
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(pid), 0);
  char path[4096];
  CHECK(snprintf(path, sizeof path, "%s/file", directory) > 0);
  CHECK_OK(unlink(path));
}

TEST(the_ends_of_children_are_told_apart) {
  pid_t pid = test_fork();
  if (pid == 0)
    _exit(3);
  CHECK_EQ(test_wait_exit(pid), 3);
  pid = test_fork();
  if (pid == 0) {
    raise(SIGSTOP);
    raise(SIGTERM);
    _exit(0);
  }
  CHECK_EQ(test_wait_stopped(pid), SIGSTOP);
  CHECK_OK(kill(pid, SIGCONT));
  CHECK_EQ(test_wait_killed(pid), SIGTERM);
}

TEST(a_gate_opens_between_processes) {
  struct test_gate there = test_gate_make();
  struct test_gate back = test_gate_make();
  pid_t pid = test_fork();
  if (pid == 0) {
    test_gate_pass(&there);
    test_gate_open(&back);
    _exit(0);
  }
  test_gate_open(&there);
  test_gate_pass(&back);
  CHECK_EQ(test_wait_exit(pid), 0);
  test_gate_free(&there);
  test_gate_free(&back);
}

static void *open_gate(void *gate) {
  test_gate_open(gate);
  return NULL;
}

TEST(a_joined_thread_is_not_left_behind) {
  struct test_gate gate = test_gate_make();
  for (int i = 0; i < test_scale(200); i++) {
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, open_gate, &gate), 0);
    test_gate_pass(&gate);
    CHECK_EQ(pthread_join(thread, NULL), 0);
  }
  test_gate_free(&gate);
}

/* The orphan waits until its parent has ended, so the harness has it alive
 * in its hands and must give it the time to end. */
TEST(an_orphan_may_take_a_moment_to_end) {
  struct test_gate gate = test_gate_make();
  pid_t pid = test_fork();
  if (pid == 0) {
    pid_t test = getppid();
    if (test_fork() > 0)
      _exit(0);
    test_gate_open(&gate);
    while (kill(test, 0) == 0)
      continue;
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(pid), 0);
  test_gate_pass(&gate);
  test_gate_free(&gate);
}

TEST(orphans_are_reaped_while_the_test_runs) {
  struct test_gate gate = test_gate_make();
  int fds[2];
  pid_t orphan;
  CHECK_OK(pipe(fds));
  pid_t pid = test_fork();
  if (pid == 0) {
    orphan = test_fork();
    if (orphan == 0) {
      test_gate_pass(&gate);
      _exit(0);
    }
    CHECK_EQ(write(fds[1], &orphan, sizeof orphan), sizeof orphan);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(pid), 0);
  CHECK_EQ(read(fds[0], &orphan, sizeof orphan), sizeof orphan);
  test_gate_open(&gate);
  while (kill(orphan, 0) == 0)
    continue;
  CHECK_EQ(errno, ESRCH);
  test_gate_free(&gate);
  close(fds[0]);
  close(fds[1]);
}

static void handle(int signo) {
  (void)signo;
}

static void *wait_for_ever(void *gate) {
  test_gate_pass(gate);
  return NULL;
}

TEST(what_test_leaves_names_may_be_left) {
  static struct test_gate gate;
  sigset_t mask;
  pthread_t thread;
  test_leaves(TEST_LEAVES_FDS | TEST_LEAVES_CHILDREN);
  test_leaves(TEST_LEAVES_THREADS | TEST_LEAVES_TIMERS);
  test_leaves(TEST_LEAVES_DISPOSITIONS | TEST_LEAVES_MASK);
  gate = test_gate_make();
  if (test_fork() == 0) {
    test_gate_pass(&gate);
    _exit(0);
  }
  CHECK_EQ(pthread_create(&thread, NULL, wait_for_ever, &gate), 0);
  alarm(1000);
  signal(SIGUSR1, handle);
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  CHECK_OK(sigprocmask(SIG_BLOCK, &mask, NULL));
}

TEST_EXITS(an_exit_status_can_be_expected, 3) {
  exit(3);
}

TEST_DIES(death_by_a_signal_can_be_expected, SIGTERM) {
  raise(SIGTERM);
}

TEST_SLOW(a_time_limit_can_be_longer, 60) {
  CHECK(test_scale(1000) >= 1);
  CHECK(test_scale(1000) <= 1000);
  CHECK_EQ(test_scale(0), 1);
}

TEST(a_test_can_be_skipped) {
  SKIP("to see that it is reported");
}
