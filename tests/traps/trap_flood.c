/* trap_flood.c: what nobody reads fills nothing that another signal, another
 * process or another owner needs. */
#include <fcntl.h>
#include <sys/socket.h>

#include "unit/signal_help.h"

#ifdef __linux__
#include <sys/eventfd.h>
#endif

static void change_mask(int how, int signo) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

static bool is_pending(int signo) {
  sigset_t pending;
  CHECK_OK(sigpending(&pending));
  return sigismember(&pending, signo) == 1;
}

/* -- Queued signals -------------------------------------------------------- */

TEST(a_hundred_that_another_process_queued_are_a_hundred) {
  if (UNDER_TSAN)
    SKIP("ThreadSanitizer itself merges signals that wait");
  const int signo = SIGRTMIN + 2;
  struct belay_stream *stream = open_stream(SIGNALS(signo));
  struct belay_siginfo info;
  change_mask(SIG_BLOCK, signo);
  pid_t child = test_fork();
  if (child == 0) {
    for (int i = 0; i < 100; i++)
      while (sigqueue(getppid(), signo, (union sigval){.sival_int = i}) != 0)
        sched_yield();
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  CHECK(!is_readable(belay_stream_fd(stream), 0));
  change_mask(SIG_UNBLOCK, signo);
  uint64_t sum = 0;
  while (belay_stream_read(stream, &info) == 1) {
    sum += info.count;
    CHECK_EQ(info.value.as_int, sum - 1); /* none invented, none doubled */
    CHECK_EQ(info.pid, child);
  }
  CHECK_EQ(sum, 100);
  belay_stream_free(stream);
}

/* A sender would be refused when the system's queue is full. */
TEST(what_nobody_reads_does_not_stay_in_the_systems_queue) {
  const int signo = SIGRTMIN + 2;
  const int count = test_scale(20000);
  struct belay_stream *stream = open_stream(SIGNALS(signo));
  for (int i = 0; i < count; i++) {
    queue_value(signo, i);
    CHECK(!is_pending(signo));
  }
  CHECK_EQ(drain(stream, signo), count);
  belay_stream_free(stream);
}

/* -- Fds of others --------------------------------------------------------- */

static void fill(int signo, int fd) {
  for (int i = 0; i < 70000; i++)
    raise(signo);
  CHECK_EQ(write(fd, "x", 1), -1);
  CHECK_EQ(errno, EAGAIN);
}

static void empty(int fd) {
  static char bytes[1 << 17];
  CHECK(read(fd, bytes, sizeof bytes) > 0);
}

TEST(a_wake_up_pipe_that_one_signal_filled_hides_no_other) {
  static volatile sig_atomic_t flag;
  int fds[2];
  struct belay_action *often, *once, *set;
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  CHECK_OK(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
  CHECK_OK(belay_action_wake(SIGUSR1, fds[1], 0, &often));
  CHECK_OK(belay_action_wake(SIGTERM, fds[1], 0, &once));
  CHECK_OK(belay_action_flag(SIGTERM, &flag, 1, 0, &set));
  for (int round = 0; round < 2; round++) {
    flag = 0;
    fill(SIGUSR1, fds[1]);
    raise(SIGTERM);
    CHECK_EQ(flag, 1);
    CHECK_EQ(expect_signal(stream, SIGTERM).count, 1);
    CHECK(is_readable(fds[0], 0));
    empty(fds[0]);
    CHECK(!is_readable(fds[0], 0));
    raise(SIGTERM); /* and again, as nothing of it is worn out */
    CHECK(is_readable(fds[0], 0));
    CHECK_EQ(expect_signal(stream, SIGTERM).count, 1);
    empty(fds[0]);
  }
  belay_action_remove(often);
  belay_action_remove(once);
  belay_action_remove(set);
  belay_stream_free(stream);
  close(fds[0]);
  close(fds[1]);
}

static void check_borrowed(int fd, bool stays_blocking) {
  struct belay_action *action;
  int fd_flags = fcntl(fd, F_GETFD), status_flags = fcntl(fd, F_GETFL);
  int expected = stays_blocking ? status_flags : status_flags | O_NONBLOCK;
  CHECK_OK(fd_flags);
  CHECK_OK(belay_action_wake(SIGUSR1, fd, 0, &action));
  CHECK_EQ(fcntl(fd, F_GETFD), fd_flags);
  CHECK_EQ(fcntl(fd, F_GETFL), expected);
  raise(SIGUSR1);
  belay_action_remove(action);
  CHECK_EQ(fcntl(fd, F_GETFD), fd_flags);
  CHECK_EQ(fcntl(fd, F_GETFL), expected);
}

TEST(an_fd_that_was_lent_is_as_it_was_but_for_blocking) {
  for (int flags = 0; flags <= O_CLOEXEC; flags += O_CLOEXEC) {
    int fds[2];
    CHECK_OK(pipe2(fds, flags));
    check_borrowed(fds[1], false);
    CHECK_OK(close(fds[0]));
    CHECK_OK(close(fds[1])); /* nobody has closed it before */
    int type = SOCK_STREAM | (flags != 0 ? SOCK_CLOEXEC : 0);
    CHECK_OK(socketpair(AF_UNIX, type, 0, fds));
    check_borrowed(fds[1], false);
    CHECK_OK(close(fds[0]));
    CHECK_OK(close(fds[1]));
#ifdef __linux__
    int fd = eventfd(0, flags != 0 ? EFD_CLOEXEC : 0);
    CHECK_OK(fd);
    check_borrowed(fd, true);
    CHECK_OK(close(fd));
#endif
  }
}
