/* trap_limit.c: thousands of subscribers, few fds left, and none of the three
 * that everybody takes for granted. */
#include <belay/belay.h>
#include <fcntl.h>
#include <sys/resource.h>

#include "unit/signal_help.h"

/* -- Thousands ------------------------------------------------------------- */

enum { MANY = 4096 };

static struct belay_stream *streams[MANY];
static struct belay_action *actions[MANY];
static volatile sig_atomic_t flags[MANY];

static struct rlimit raise_fd_limit(void) {
  struct rlimit limit;
  CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
  struct rlimit highest = {limit.rlim_max, limit.rlim_max};
  CHECK_OK(setrlimit(RLIMIT_NOFILE, &highest));
  return highest;
}

/* Every third first, so that they leave in no order of any use. */
static int nth_to_leave(int n, int count) {
  return (int)((long)n * 3 % count);
}

TEST_SLOW(four_thousand_streams_each_get_it_once, 60) {
  int count = test_scale(MANY);
  if (raise_fd_limit().rlim_cur < (rlim_t)count * 2 + 16)
    SKIP("too few fds are permitted");
  count -= count % 3 == 0; /* so that 3 goes round */
  for (int i = 0; i < count; i++)
    streams[i] = open_stream(SIGNALS(SIGUSR1));
  for (int round = 0; round < 3; round++) {
    raise(SIGUSR1);
    for (int i = 0; i < count; i++) {
      CHECK(is_readable(belay_stream_fd(streams[i]), 0));
      CHECK_EQ(expect_signal(streams[i], SIGUSR1).count, 1);
      expect_nothing(streams[i]);
    }
  }
  for (int i = 0; i < count; i++)
    belay_stream_free(streams[nth_to_leave(i, count)]);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
}

/* The kernel has limits of its own for what nests in an epoll instance. */
TEST_SLOW(a_thousand_loops_each_get_it_once, 60) {
  enum { LOOPS = 1000 };
  static struct belay_loop *loops[LOOPS];
  struct belay_event event;
  if (raise_fd_limit().rlim_cur < LOOPS * 4 + 16)
    SKIP("too few fds are permitted");
  for (int i = 0; i < LOOPS; i++) {
    CHECK_OK(belay_loop_new(&loops[i]));
    CHECK_OK(belay_loop_add_signals(loops[i], SIGNALS(SIGUSR1), 0, NULL, NULL));
  }
  for (int round = 0; round < 3; round++) {
    raise(SIGUSR1);
    for (int i = 0; i < LOOPS; i++) {
      CHECK_EQ(belay_loop_next(loops[i], LONG, &event), 1);
      CHECK_EQ(event.signal.count, 1);
    }
  }
  for (int i = 0; i < LOOPS; i++)
    belay_loop_free(loops[i]);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
}

TEST_SLOW(four_thousand_actions_are_each_done_until_removed, 60) {
  int count = test_scale(MANY);
  count -= count % 3 == 0;
  for (int i = 0; i < count; i++)
    CHECK_OK(belay_action_flag(SIGUSR1, &flags[i], 1, 0, &actions[i]));
  for (int left = 0; left < count; left++) {
    int n = nth_to_leave(left, count);
    if (left % 512 == 0) {
      memset((void *)(uintptr_t)flags, 0, sizeof flags);
      raise(SIGUSR1);
      for (int i = 0; i < count; i++)
        CHECK_EQ(flags[i], actions[i] != NULL);
    }
    belay_action_remove(actions[n]);
    actions[n] = NULL;
  }
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
}

/* -- Few fds --------------------------------------------------------------- */

enum { HIGHEST = 64 };

static int count_fds(void) {
  int count = 0;
  for (int fd = 0; fd < HIGHEST; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

static void limit_fds(int most) {
  struct rlimit limit;
  CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = most < 0 ? limit.rlim_max : (rlim_t)most;
  CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
}

/* Tries with one more fd each time until it works: how many that took. */
static int count_needed(int (*set_up)(void)) {
  int before = count_fds(), result = -1;
  for (int more = 0; result < 0; more++) {
    CHECK(before + more < HIGHEST);
    limit_fds(before + more);
    result = set_up();
    limit_fds(-1);
    CHECK_EQ(count_fds(), before);
    CHECK(disposition(SIGUSR2).sa_handler == SIG_DFL);
    if (result == 0)
      return more;
    CHECK_ERR(result, -EMFILE);
  }
  return 0;
}

static int set_up_stream(void) {
  struct belay_stream *stream;
  int error = belay_stream_open(SIGNALS(SIGUSR1, SIGUSR2, SIGHUP), 0, &stream);
  if (error < 0)
    return error;
  raise(SIGUSR2);
  CHECK_EQ(expect_signal(stream, SIGUSR2).count, 1);
  belay_stream_free(stream);
  return 0;
}

static struct belay_stream *standing;

static int add_to_standing(void) {
  int error = belay_stream_add(standing, SIGUSR2);
  raise(SIGUSR1);
  CHECK_EQ(expect_signal(standing, SIGUSR1).count, 1);
  expect_nothing(standing);
  if (error == 0)
    CHECK_OK(belay_stream_remove(standing, SIGUSR2));
  return error;
}

static int set_up_loop(void) {
  struct belay_loop *loop;
  struct belay_cancel *cancel = NULL;
  int error = belay_loop_new(&loop);
  if (error < 0)
    return error;
  error = belay_loop_add_signals(loop, SIGNALS(SIGUSR2), 0, NULL, NULL);
  if (error == 0)
    error = belay_cancel_new(NULL, &cancel);
  if (error == 0)
    error = belay_loop_add_cancel(loop, cancel, NULL, NULL);
  belay_loop_free(loop);
  belay_cancel_free(cancel);
  return error;
}

TEST(with_too_few_fds_opening_fails_and_leaves_nothing) {
  CHECK(count_needed(set_up_stream) >= 2);
  CHECK(count_needed(set_up_loop) >= 2);
  standing = open_stream(SIGNALS(SIGUSR1));
  CHECK(count_needed(set_up_stream) >= 2);
  count_needed(add_to_standing);
  CHECK_OK(set_up_stream());
  belay_stream_free(standing);
}

static atomic_int sigpipes;

static void count_sigpipe(int signo) {
  (void)signo;
  atomic_fetch_add(&sigpipes, 1);
}

/* The kernel is asked by means of a pipe, for which there is no room. */
TEST(with_no_fd_left_a_broken_write_still_raises_nothing) {
  int fds[2];
  set_handler(SIGPIPE, count_sigpipe);
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  close(fds[0]);
  for (int round = 0; round < 4; round++) {
    struct belay_sigpipe_guard guard;
    limit_fds(round % 2 == 0 ? 0 : -1);
    CHECK_ERR(belay_write(fds[1], "x", 1), -EPIPE);
    belay_sigpipe_begin(&guard);
    CHECK_EQ(write(fds[1], "x", 1), -1);
    belay_sigpipe_end(&guard);
    CHECK_EQ(sigpipes, 0);
  }
  close(fds[1]);
  set_handler(SIGPIPE, SIG_DFL);
}

/* -- Without standard input and output ------------------------------------- */

/* Everything that opens an fd, and keeps it. */
static bool open_everything(void) {
  struct belay_stream *stream;
  struct belay_loop *loop;
  struct belay_cancel *cancel;
  struct belay_channel *channel;
  if (belay_stream_open(SIGNALS(SIGUSR1), 0, &stream) < 0 ||
      belay_loop_new(&loop) < 0 || belay_cancel_new(NULL, &cancel) < 0 ||
      belay_channel_new(4, 4, &channel) < 0 ||
      belay_loop_add_signals(loop, SIGNALS(SIGUSR2), 0, NULL, NULL) < 0 ||
      belay_loop_add_timer(loop, LONG, 0, NULL, NULL) < 0)
    return false;
  belay_loop_fd(loop); /* opens one more, where a loop has an fd */
  return true;
}

/* Else what the program prints would ring our bells, and the usual dup2() onto
 * 0, 1 and 2 would take them down without a word. */
TEST(no_fd_of_ours_takes_the_place_of_a_standard_one) {
  for (int closed = 1; closed < 8; closed++) {
    pid_t child = test_fork();
    if (child == 0) {
      for (int fd = 0; fd < 3; fd++)
        if (closed & 1 << fd)
          close(fd);
      if (!open_everything())
        _exit(100);
      for (int fd = 0; fd < 3; fd++)
        if ((closed & 1 << fd) && fcntl(fd, F_GETFD) >= 0)
          _exit(1 + fd);
      _exit(0);
    }
    CHECK_EQ(test_wait_exit(child), 0);
  }
}
