/* help.c: what tests ask of the harness besides checks.
 *
 * Nothing here sleeps: a test waits for the end of a process, or at a gate,
 * for the event itself. */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/internal.h"

const char *test_dir(void) {
  if (mkdir(test_shared->directory, 0700) < 0 && errno != EEXIST)
    test_failed_(TEST_HERE_, "%s: %s", test_shared->directory, strerror(errno));
  return test_shared->directory;
}

double test_scale_factor(void) {
  const char *text = getenv("BELAY_TEST_SCALE");
  double factor = text ? strtod(text, NULL) : 1;
  return factor >= 1 ? factor : 1;
}

int test_scale(int n) {
  int scaled = (int)(n / test_scale_factor());
  return scaled >= 1 ? scaled : 1;
}

int64_t test_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void test_leaves(int leftovers) {
  test_shared->leftovers |= leftovers;
}

pid_t test_fork(void) {
  pid_t pid = fork();
  if (pid < 0)
    test_failed_(TEST_HERE_, "fork: %s", strerror(errno));
  return pid;
}

static int wait_for(struct test_here here, pid_t pid, int options) {
  int status;
  pid_t got;
  do {
    got = waitpid(pid, &status, options);
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    test_failed_(here, "waitpid(%d): %s", (int)pid, strerror(errno));
  return status;
}

static void must(struct test_here here, bool condition, pid_t pid, int status,
                 const char *expected) {
  if (condition)
    return;
  if (WIFEXITED(status))
    test_failed_(here, "process %d exited with status %d, but %s", (int)pid,
                 WEXITSTATUS(status), expected);
  test_failed_(here, "process %d was killed by signal %d (%s), but %s",
               (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)),
               expected);
}

int test_wait_exit_(struct test_here here, pid_t pid) {
  int status = wait_for(here, pid, 0);
  must(here, WIFEXITED(status), pid, status, "should have exited");
  return WEXITSTATUS(status);
}

int test_wait_killed_(struct test_here here, pid_t pid) {
  int status = wait_for(here, pid, 0);
  must(here, WIFSIGNALED(status), pid, status, "should have been killed");
  return WTERMSIG(status);
}

int test_wait_stopped_(struct test_here here, pid_t pid) {
  int status = wait_for(here, pid, WUNTRACED);
  must(here, WIFSTOPPED(status), pid, status, "should have stopped");
  return WSTOPSIG(status);
}

struct test_gate test_gate_make(void) {
  struct test_gate gate;
  if (pipe2(gate.fds, O_CLOEXEC) < 0)
    test_failed_(TEST_HERE_, "pipe2: %s", strerror(errno));
  return gate;
}

void test_gate_open(const struct test_gate *gate) {
  ssize_t written;
  do {
    written = write(gate->fds[1], "", 1);
  } while (written < 0 && errno == EINTR);
  if (written != 1)
    test_failed_(TEST_HERE_, "gate: %s", strerror(errno));
}

/* Waits in poll(): signal handlers run there under ThreadSanitizer, which
 * puts them off while a thread is in read(). */
void test_gate_pass(const struct test_gate *gate) {
  char byte;
  ssize_t got;
  do {
    struct pollfd pollfd = {.fd = gate->fds[0], .events = POLLIN};
    got = poll(&pollfd, 1, -1);
    if (got > 0)
      got = read(gate->fds[0], &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1)
    test_failed_(TEST_HERE_, "gate: %s", got < 0 ? strerror(errno) : "closed");
}

void test_gate_free(const struct test_gate *gate) {
  close(gate->fds[0]);
  close(gate->fds[1]);
}
