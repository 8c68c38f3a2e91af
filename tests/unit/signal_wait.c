/* signal_wait.c: waiting for a stream, in every way that there is. */
#include "unit/signal_help.h"

#ifdef __linux__
#include <sys/epoll.h>
#endif

/* -- Timeouts -------------------------------------------------------------- */

TEST(a_wait_is_never_early) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  const int64_t timeouts[] = {0, 1, 999, 50001, MS, 3 * MS + 1, 20 * MS};
  for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
    struct belay_siginfo info;
    int64_t start = now_ns();
    CHECK_EQ(belay_stream_wait(stream, timeouts[i], &info), 0);
    CHECK(now_ns() - start >= timeouts[i]);
  }
  belay_stream_free(stream);
}

TEST(the_longest_timeouts_wait) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGALRM));
  const int64_t timeouts[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX / 2};
  for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
    struct belay_siginfo info;
    ualarm(5000, 0);
    CHECK_EQ(belay_stream_wait(stream, timeouts[i], &info), 1);
  }
  belay_stream_free(stream);
}

static void ignore_it(int signo) {
  (void)signo;
}

TEST(other_handlers_do_not_end_a_wait) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct belay_siginfo info;
  set_handler(SIGALRM, ignore_it);
  ualarm(2000, 2000);
  int64_t start = now_ns();
  CHECK_EQ(belay_stream_wait(stream, 50 * MS, &info), 0);
  CHECK(now_ns() - start >= 50 * MS);
  ualarm(0, 0);
  set_handler(SIGALRM, SIG_DFL);
  belay_stream_free(stream);
}

/* -- The fd ---------------------------------------------------------------- */

TEST(the_fd_is_readable_while_records_are_left) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  int fd = belay_stream_fd(stream);
  CHECK(!is_readable(fd, 0));
  for (int i = 0; i < 5; i++) {
    raise(SIGUSR1);
    raise(SIGUSR2);
  }
  for (int i = 0; i < 10; i++) {
    struct belay_siginfo info;
    CHECK(is_readable(fd, 0));
    CHECK(is_readable(fd, 0)); /* looking does not change it */
    if (i % 3 == 0)
      CHECK_EQ(belay_stream_wait(stream, 0, &info), 1);
    else
      CHECK_EQ(belay_stream_read(stream, &info), 1);
  }
  expect_nothing(stream);
  CHECK(!is_readable(fd, 0));
  raise(SIGUSR1);
  CHECK(is_readable(fd, 0));
  belay_stream_free(stream);
}

TEST(poll_is_woken_by_each_signal) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGALRM));
  for (int i = 0; i < 20; i++) {
    ualarm(1000, 0);
    CHECK(is_readable(belay_stream_fd(stream), 5000));
    CHECK_EQ(drain(stream, SIGALRM), 1);
  }
  belay_stream_free(stream);
}

#ifdef __linux__
static int epoll_with(int fd, uint32_t events) {
  struct epoll_event event = {.events = events};
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  CHECK_OK(epoll_fd);
  CHECK_OK(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event));
  return epoll_fd;
}

static int epoll_count(int epoll_fd, int timeout_ms) {
  struct epoll_event event;
  int n;
  do {
    n = epoll_wait(epoll_fd, &event, 1, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n;
}

TEST(in_a_foreign_epoll_level_triggered) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGALRM));
  int epoll_fd = epoll_with(belay_stream_fd(stream), EPOLLIN);
  struct belay_siginfo info;
  for (int i = 0; i < 10; i++) {
    CHECK_EQ(epoll_count(epoll_fd, 0), 0);
    ualarm(1000, 0);
    CHECK_EQ(epoll_count(epoll_fd, 5000), 1);
    raise(SIGALRM);
    CHECK_EQ(belay_stream_read(stream, &info), 1);
    CHECK_EQ(epoll_count(epoll_fd, 0), 1); /* one is left */
    CHECK_EQ(drain(stream, SIGALRM), 1);
  }
  close(epoll_fd);
  belay_stream_free(stream);
}

TEST(in_a_foreign_epoll_edge_triggered) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGALRM));
  int epoll_fd = epoll_with(belay_stream_fd(stream), EPOLLIN | EPOLLET);
  for (int i = 0; i < 200; i++) {
    int burst = i % 5;
    for (int k = 0; k < burst; k++)
      raise(SIGUSR1);
    ualarm(500, 0);
    uint64_t alarms = 0, users = 0;
    while (alarms < 1) { /* each turn waits for an edge */
      CHECK_EQ(epoll_count(epoll_fd, 5000), 1);
      struct belay_siginfo info;
      while (belay_stream_read(stream, &info) == 1)
        *(info.signo == SIGALRM ? &alarms : &users) += info.count;
    }
    CHECK_EQ(users, burst);
  }
  close(epoll_fd);
  belay_stream_free(stream);
}
#endif

/* -- Several waiters, and closing ------------------------------------------ */

struct waiters {
  struct belay_stream *stream;
  atomic_int waiting, shut;
  atomic_ullong sum;
};

static void *wait_until_shut(void *argument) {
  struct waiters *waiters = argument;
  struct belay_siginfo info;
  int result;
  atomic_fetch_add(&waiters->waiting, 1);
  while ((result = belay_stream_wait(waiters->stream, -1, &info)) == 1)
    atomic_fetch_add(&waiters->sum, info.count);
  CHECK_EQ(result, -ESHUTDOWN);
  atomic_fetch_add(&waiters->shut, 1);
  return NULL;
}

static void wait_for_waiters(struct waiters *waiters, int count) {
  while (atomic_load(&waiters->waiting) < count)
    sched_yield();
}

TEST(closing_wakes_every_waiter) {
  for (int i = 0; i < test_scale(200); i++) {
    struct waiters waiters = {.stream = open_stream(SIGNALS(SIGUSR1))};
    pthread_t threads[4];
    for (int k = 0; k < 4; k++)
      threads[k] = start_thread(wait_until_shut, &waiters);
    wait_for_waiters(&waiters, i % 5);
    belay_stream_close(waiters.stream);
    for (int k = 0; k < 4; k++)
      join_thread(threads[k]);
    CHECK_EQ(waiters.shut, 4);
    belay_stream_free(waiters.stream);
  }
}

TEST(a_signal_for_a_thread_that_waits_is_told_to_other_streams_too) {
  if (UNDER_TSAN)
    SKIP("it drops signals that reach a thread which it is starting");
  for (int i = 0; i < test_scale(200); i++) {
    struct waiters waiters = {.stream = open_stream(SIGNALS(SIGUSR1))};
    struct belay_stream *other = open_stream(SIGNALS(SIGUSR1));
    pthread_t thread = start_thread(wait_until_shut, &waiters);
    wait_for_waiters(&waiters, 1);
    for (int k = 0; k < i % 20; k++)
      sched_yield();
    CHECK_OK(-pthread_kill(thread, SIGUSR1));
    CHECK(is_readable(belay_stream_fd(other), (int)(LONG / MS)));
    CHECK_EQ(drain(other, SIGUSR1), 1);
    belay_stream_close(waiters.stream);
    join_thread(thread);
    belay_stream_free(waiters.stream);
    belay_stream_free(other);
  }
}

TEST(two_readers_share_what_there_is) {
  const int storm = test_scale(20000);
  struct waiters waiters = {.stream = open_stream(SIGNALS(SIGUSR1))};
  pthread_t threads[2];
  for (int k = 0; k < 2; k++)
    threads[k] = start_thread(wait_until_shut, &waiters);
  for (int i = 0; i < storm; i++)
    raise(SIGUSR1);
  belay_stream_close(waiters.stream);
  for (int k = 0; k < 2; k++)
    join_thread(threads[k]);
  CHECK_EQ(waiters.sum, storm);
  belay_stream_free(waiters.stream);
}

struct pairs {
  struct belay_stream *stream;
  atomic_int sent, taken;
};

enum { PAIRS = 300 };

/* Of two signals that came while it waited it takes one; for the other, the fd
 * has to be readable. */
static void *take_one_of_two(void *argument) {
  struct pairs *pairs = argument;
  struct belay_siginfo info;
  for (int i = 1; i <= PAIRS; i++) {
    CHECK_EQ(belay_stream_wait(pairs->stream, -1, &info), 1);
    while (atomic_load(&pairs->sent) < i)
      sched_yield();
    CHECK(is_readable(belay_stream_fd(pairs->stream), 0));
    CHECK_EQ(drain(pairs->stream, SIGUSR2), 1);
    atomic_store(&pairs->taken, i);
  }
  return NULL;
}

TEST(a_wait_that_takes_one_leaves_the_fd_readable_for_the_next) {
  struct pairs pairs = {.stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2))};
  pthread_t thread = start_thread(take_one_of_two, &pairs);
  for (int i = 1; i <= PAIRS; i++) {
    for (int k = 0; k < i % 8; k++)
      sched_yield();
    raise(SIGUSR1);
    raise(SIGUSR2);
    atomic_store(&pairs.sent, i);
    while (atomic_load(&pairs.taken) < i)
      sched_yield();
  }
  join_thread(thread);
  belay_stream_free(pairs.stream);
}

/* -- Threads that are cancelled -------------------------------------------- */

TEST(a_cancelled_thread_leaves_a_stream_that_works) {
  if (UNDER_TSAN || UNDER_ASAN)
    SKIP("the sanitizers do not know cancelled threads");
  for (int i = 0; i < test_scale(300); i++) {
    struct waiters waiters = {.stream = open_stream(SIGNALS(SIGUSR1))};
    pthread_t thread = start_thread(wait_until_shut, &waiters);
    wait_for_waiters(&waiters, 1);
    for (int k = 0; k < i % 50; k++)
      raise(SIGUSR1);
    pthread_cancel(thread);
    join_thread(thread);
    raise(SIGUSR1);
    CHECK(is_readable(belay_stream_fd(waiters.stream), (int)(LONG / MS)));
    CHECK(drain(waiters.stream, SIGUSR1) >= 1);
    belay_stream_free(waiters.stream); /* does not hang on a lock */
  }
}

static void *wait_for_an_hour(void *stream) {
  struct belay_siginfo info;
  belay_stream_wait(stream, 3600 * SECOND, &info);
  return NULL;
}

TEST(a_wait_with_a_timeout_can_be_cancelled) {
  if (UNDER_TSAN || UNDER_ASAN)
    SKIP("the sanitizers do not know cancelled threads");
  for (int i = 0; i < test_scale(300); i++) {
    struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
    pthread_t thread = start_thread(wait_for_an_hour, stream);
    for (int k = 0; k < i % 50; k++)
      sched_yield();
    if (i % 3 == 0)
      raise(SIGUSR1);
    pthread_cancel(thread);
    join_thread(thread);
    raise(SIGUSR1);
    CHECK(is_readable(belay_stream_fd(stream), (int)(LONG / MS)));
    belay_stream_free(stream);
  }
}

static void *use_when_cancelled(void *argument) {
  struct belay_stream *stream = argument;
  struct belay_siginfo info;
  pthread_cancel(pthread_self()); /* acts at the next cancellation point */
  raise(SIGUSR1);
  raise(SIGUSR1);
  belay_stream_read(stream, &info);
  belay_stream_read(stream, &info);
  belay_stream_read(stream, &info);
  belay_stream_add(stream, SIGUSR2);
  belay_stream_remove(stream, SIGUSR1);
  belay_stream_wait(stream, -1, &info);
  return NULL;
}

TEST(waiting_is_the_only_cancellation_point) {
  if (UNDER_TSAN || UNDER_ASAN)
    SKIP("the sanitizers do not know cancelled threads");
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  pthread_t thread = start_thread(use_when_cancelled, stream);
  void *result;
  pthread_join(thread, &result);
  CHECK(result == PTHREAD_CANCELED);
  CHECK(disposition(SIGUSR2).sa_handler != SIG_DFL); /* it came as far */
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
  belay_stream_free(stream);
}
