/* signal_stream.c: what a stream gives, and in which order. */
#include <fcntl.h>

#include "signal/slot.h"
#include "unit/signal_help.h"

/* -- Opening, adding, removing --------------------------------------------- */

TEST(signals_that_are_refused) {
  const int refused[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE,
                         SIGILL,  SIGTRAP, SIGSYS,  -1,     32,
                         33,      65,      1000};
  char mark;
  struct belay_stream *untouched = (void *)&mark;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    if (refused[i] == 33 && SIGRTMIN <= 33)
      continue;
    CHECK_ERR(belay_stream_open(SIGNALS(SIGUSR1, refused[i]), 0, &untouched),
              -EINVAL);
    CHECK_ERR(belay_stream_add(stream, refused[i]), -EINVAL);
  }
  CHECK_ERR(belay_stream_add(stream, 0), -EINVAL);
  CHECK_ERR(belay_stream_open(SIGNALS(SIGUSR1), 0x80, &untouched), -EINVAL);
  CHECK(untouched == (void *)&mark);
  belay_stream_free(stream);
}

TEST(an_empty_list_is_a_stream_to_add_to) {
  struct belay_stream *stream = open_stream(SIGNALS(0));
  CHECK(!is_readable(belay_stream_fd(stream), 0));
  CHECK_OK(belay_stream_add(stream, SIGUSR1));
  CHECK_OK(belay_stream_add(stream, SIGUSR1)); /* twice is once */
  raise(SIGUSR1);
  CHECK_EQ(expect_signal(stream, SIGUSR1).count, 1);
  expect_nothing(stream);
  CHECK_OK(belay_stream_remove(stream, SIGUSR1));
  CHECK_ERR(belay_stream_remove(stream, SIGUSR1), -ENOENT);
  CHECK_ERR(belay_stream_remove(stream, SIGUSR2), -ENOENT);
  CHECK_ERR(belay_stream_remove(stream, -1), -ENOENT);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
  belay_stream_free(stream);
}

TEST(a_signal_named_twice_is_there_once) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR1));
  raise(SIGUSR1);
  CHECK_EQ(drain(stream, SIGUSR1), 1);
  CHECK_OK(belay_stream_remove(stream, SIGUSR1));
  CHECK_ERR(belay_stream_remove(stream, SIGUSR1), -ENOENT);
  belay_stream_free(stream);
}

TEST(what_came_before_a_removal_stays_readable) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  raise(SIGUSR1);
  CHECK_OK(belay_stream_remove(stream, SIGUSR1));
  CHECK(is_readable(belay_stream_fd(stream), 0));
  expect_signal(stream, SIGUSR1);
  expect_nothing(stream);
  belay_stream_free(stream);
}

TEST(what_came_before_removing_and_adding_again_is_not_lost) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  queue_value(SIGUSR1, 5);
  CHECK_OK(belay_stream_remove(stream, SIGUSR1));
  CHECK_OK(belay_stream_add(stream, SIGUSR1));
  CHECK(is_readable(belay_stream_fd(stream), 0));
  CHECK_EQ(expect_signal(stream, SIGUSR1).value.as_int, 5);
  raise(SIGUSR1);
  expect_signal(stream, SIGUSR1);
  expect_nothing(stream);
  belay_stream_free(stream);
}

TEST(what_came_while_it_was_removed_is_not_counted) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct belay_stream *other = open_stream(SIGNALS(SIGUSR1));
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK_OK(belay_stream_remove(stream, SIGUSR1));
  for (int i = 0; i < 100; i++)
    raise(SIGUSR1);
  CHECK_OK(belay_stream_add(stream, SIGUSR1));
  raise(SIGUSR1);
  CHECK_EQ(drain(stream, SIGUSR1), 3);
  CHECK_EQ(drain(other, SIGUSR1), 103);
  belay_stream_free(stream);
  belay_stream_free(other);
}

TEST(details_of_what_came_after_a_removal_are_not_told) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct belay_stream *other = open_stream(SIGNALS(SIGUSR1));
  queue_value(SIGUSR1, 1);
  CHECK_OK(belay_stream_remove(stream, SIGUSR1));
  for (int i = 0; i < 100; i++)
    queue_value(SIGUSR1, 2);
  struct belay_siginfo info = expect_signal(stream, SIGUSR1);
  CHECK_EQ(info.count, 1);
  CHECK_EQ(info.flags, 0);
  expect_nothing(stream);
  belay_stream_free(stream);
  belay_stream_free(other);
}

TEST(what_came_before_closing_stays_readable) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGTERM));
  struct belay_siginfo info;
  raise(SIGTERM);
  raise(SIGUSR1);
  belay_stream_close(stream);
  belay_stream_close(stream); /* twice is no error */
  CHECK(is_readable(belay_stream_fd(stream), 0));
  expect_signal(stream, SIGTERM);
  expect_signal(stream, SIGUSR1);
  CHECK_ERR(belay_stream_read(stream, &info), -ESHUTDOWN);
  CHECK_ERR(belay_stream_wait(stream, -1, &info), -ESHUTDOWN);
  CHECK_ERR(belay_stream_add(stream, SIGUSR1), -ESHUTDOWN);
  CHECK(is_readable(belay_stream_fd(stream), 0));
  CHECK(disposition(SIGTERM).sa_handler == SIG_DFL);
  belay_stream_free(stream);
  belay_stream_free(NULL);
  belay_stream_close(NULL);
}

TEST(fds_are_closed_on_exec) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  for (int fd = 3; fd < 64; fd++) {
    int flags = fcntl(fd, F_GETFD);
    CHECK(flags < 0 || (flags & FD_CLOEXEC));
  }
  belay_stream_free(stream);
}

/* -- Order and counts ------------------------------------------------------ */

TEST(signals_come_in_the_order_in_which_they_were_delivered) {
  const int order[] = {SIGUSR2,  SIGUSR1, SIGTERM, SIGHUP,  SIGUSR1,
                       SIGWINCH, SIGUSR2, SIGALRM, SIGTERM, SIGUSR2};
  struct belay_stream *stream = open_stream(
      SIGNALS(SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGWINCH));
  for (int round = 0; round < 20; round++) {
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
      raise(order[i]);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
      CHECK_EQ(expect_signal(stream, order[i]).count, 1);
    expect_nothing(stream);
  }
  belay_stream_free(stream);
}

TEST_SLOW(a_storm_that_nobody_reads_adds_up_and_hides_nothing, 60) {
  const uint64_t storm = (uint64_t)test_scale(1000000);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGTERM));
  struct belay_siginfo info;
  uint64_t sum = 0, records = 0;
  for (uint64_t i = 0; i < storm; i++)
    raise(SIGUSR1);
  raise(SIGTERM);
  bool term_seen = false;
  while (belay_stream_read(stream, &info) == 1) {
    if (info.signo == SIGTERM) {
      term_seen = true;
      continue;
    }
    CHECK(!term_seen); /* it came last */
    sum += info.count;
    records++;
  }
  CHECK(term_seen);
  CHECK_EQ(sum, storm);
  CHECK(records <= 64);
  belay_stream_free(stream);
}

TEST(each_of_two_streams_sees_every_signal) {
  struct belay_stream *first = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  struct belay_stream *second = open_stream(SIGNALS(SIGUSR1));
  for (int i = 0; i < 40; i++)
    raise(SIGUSR1);
  CHECK(is_readable(belay_stream_fd(first), 0));
  CHECK(is_readable(belay_stream_fd(second), 0));
  CHECK_EQ(drain(first, SIGUSR1), 40);
  CHECK_EQ(drain(second, SIGUSR1), 40);
  raise(SIGUSR1);
  CHECK_EQ(drain(second, SIGUSR1), 1);
  belay_stream_free(second);
  raise(SIGUSR1);
  CHECK_EQ(drain(first, SIGUSR1), 2);
  belay_stream_free(first);
}

TEST(a_late_stream_hears_nothing_of_what_was_before) {
  struct belay_stream *early = open_stream(SIGNALS(SIGUSR1));
  raise(SIGUSR1);
  struct belay_stream *late = open_stream(SIGNALS(SIGUSR1));
  CHECK_EQ(drain(late, SIGUSR1), 0);
  CHECK_EQ(drain(early, SIGUSR1), 1);
  belay_stream_free(early);
  belay_stream_free(late);
}

TEST(more_streams_than_bits_in_a_word) {
  enum { STREAMS = 200 };
  static struct belay_stream *streams[STREAMS];
  for (int i = 0; i < STREAMS; i++)
    streams[i] = open_stream(SIGNALS(SIGUSR1));
  raise(SIGUSR1);
  for (int i = 0; i < STREAMS; i++)
    CHECK_EQ(expect_signal(streams[i], SIGUSR1).count, 1);
  for (int i = 0; i < STREAMS; i++)
    belay_stream_free(streams[i]);
}

TEST(every_signal_that_can_be_caught_in_one_stream) {
  if (under_valgrind())
    SKIP("valgrind keeps a signal for itself");
  int signals[NSIG + 1], count = 0;
  for (int signo = 1; signo < NSIG; signo++) {
    struct belay_stream *stream;
    if (belay_stream_open(SIGNALS(signo), 0, &stream) == 0) {
      signals[count++] = signo;
      belay_stream_free(stream);
    }
  }
  signals[count] = 0;
  CHECK_EQ(count, 31 - 8 + SIGRTMAX - SIGRTMIN + 1);
  struct belay_stream *stream = open_stream(signals);
  for (int i = 0; i < count; i++)
    raise(signals[i]);
  CHECK(is_readable(belay_stream_fd(stream), 0));
  for (int i = 0; i < count; i++)
    expect_signal(stream, signals[i]);
  expect_nothing(stream);
  belay_stream_free(stream);
}

/* -- Handlers that are not done -------------------------------------------- */

/* A handler in another thread that has its number and no more yet, by hand. */
TEST(what_is_being_recorded_is_waited_for) {
  struct belay__slot *slot = &belay__slots[SIGUSR1];
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  uint64_t n = atomic_fetch_add(&slot->claimed, 1);
  raise(SIGUSR1);
  expect_nothing(stream); /* the second is not told before the first */
  atomic_fetch_add(&slot->finished, 1);
  CHECK_EQ(atomic_load(&slot->claimed), n + 2);
  struct belay_siginfo info = expect_signal(stream, SIGUSR1);
  CHECK_EQ(info.count, 2); /* the first has left no details */
  CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER);
  expect_nothing(stream);
  belay_stream_free(stream);
}

TEST(a_closed_stream_waits_for_it_too) {
  struct belay__slot *slot = &belay__slots[SIGUSR1];
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct belay_stream *other = open_stream(SIGNALS(SIGUSR1));
  struct belay_siginfo info;
  atomic_fetch_add(&slot->claimed, 1);
  belay_stream_close(stream);
  CHECK_EQ(belay_stream_read(stream, &info), 0);
  CHECK(is_readable(belay_stream_fd(stream), 0));
  atomic_fetch_add(&slot->finished, 1);
  CHECK_EQ(expect_signal(stream, SIGUSR1).count, 1);
  CHECK_ERR(belay_stream_read(stream, &info), -ESHUTDOWN);
  belay_stream_free(stream);
  belay_stream_free(other);
}
