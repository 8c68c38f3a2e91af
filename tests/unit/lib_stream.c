/* lib_stream.c: signals as a pollable fd: nothing lost, nothing invented. */
#include <belay/signal.h>

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "harness/harness.h"

#define LIST(...) ((const int[]){__VA_ARGS__, 0})
#define SECOND INT64_C(1000000000)

static struct belay_stream *open_stream(const int *signals) {
  struct belay_stream *stream;
  CHECK_OK(belay_stream_open(signals, 0, &stream));
  return stream;
}

static bool is_readable(int fd) {
  struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
  return poll(&poll_fd, 1, 0) == 1;
}

TEST(a_signal_is_read_with_its_sender) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  struct belay_siginfo info;
  CHECK_EQ(belay_stream_read(stream, &info), 0);
  CHECK(!is_readable(belay_stream_fd(stream)));
  kill(getpid(), SIGUSR1);
  CHECK(is_readable(belay_stream_fd(stream)));
  CHECK_EQ(belay_stream_read(stream, &info), 1);
  CHECK_EQ(info.signo, SIGUSR1);
  CHECK_EQ(info.code, SI_USER);
  CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER);
  CHECK_EQ(info.pid, getpid());
  CHECK_EQ(info.uid, getuid());
  CHECK_EQ(info.count, 1);
  CHECK_EQ(belay_stream_read(stream, &info), 0);
  CHECK(!is_readable(belay_stream_fd(stream)));
  belay_stream_free(stream);
}

TEST(a_sender_in_another_process_is_named) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  pid_t child = test_fork();
  if (child == 0) {
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  struct belay_siginfo info;
  CHECK_EQ(belay_stream_wait(stream, 5 * SECOND, &info), 1);
  CHECK_EQ(info.pid, child);
  CHECK_EQ(test_wait_exit(child), 0);
  belay_stream_free(stream);
}

TEST(real_time_signals_keep_order_and_payload) {
  struct belay_stream *stream = open_stream(LIST(SIGRTMIN + 1));
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, SIGRTMIN + 1);
  sigprocmask(SIG_BLOCK, &one, NULL);
  for (int i = 0; i < 64; i++)
    CHECK_EQ(sigqueue(getpid(), SIGRTMIN + 1,
                      (union sigval){.sival_int = i * 7}), 0);
  sigprocmask(SIG_UNBLOCK, &one, NULL);
  for (int i = 0; i < 64; i++) {
    struct belay_siginfo info;
    CHECK_EQ(belay_stream_read(stream, &info), 1);
    CHECK(info.flags & BELAY_SIGINFO_VALUE);
    CHECK_EQ(info.value.as_int, i * 7);
    CHECK_EQ(info.count, 1);
  }
  belay_stream_free(stream);
}

TEST(an_undrained_storm_loses_neither_count_nor_the_last_one) {
  const int storm = test_scale(1000000);
  struct belay_stream *stream = open_stream(LIST(SIGUSR1, SIGTERM));
  for (int i = 0; i < storm; i++)
    raise(SIGUSR1);
  raise(SIGTERM);
  struct belay_siginfo info;
  uint64_t usr1 = 0, term = 0;
  while (belay_stream_read(stream, &info) == 1)
    *(info.signo == SIGTERM ? &term : &usr1) += info.count;
  CHECK_EQ(usr1, storm);
  CHECK_EQ(term, 1);
  belay_stream_free(stream);
}

TEST(what_came_first_is_read_first_among_signals) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR2, SIGUSR1, SIGHUP));
  const int order[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGUSR1, SIGHUP};
  for (int i = 0; i < 5; i++)
    raise(order[i]);
  for (int i = 0; i < 5; i++) {
    struct belay_siginfo info;
    CHECK_EQ(belay_stream_read(stream, &info), 1);
    CHECK_EQ(info.signo, order[i]);
  }
  belay_stream_free(stream);
}

TEST(each_of_several_streams_sees_every_signal) {
  struct belay_stream *streams[8];
  for (int i = 0; i < 8; i++)
    streams[i] = open_stream(LIST(SIGUSR1));
  for (int round = 0; round < 100; round++) {
    raise(SIGUSR1);
    for (int i = 0; i < 8; i++) {
      struct belay_siginfo info;
      CHECK(is_readable(belay_stream_fd(streams[i])));
      CHECK_EQ(belay_stream_read(streams[i], &info), 1);
      CHECK_EQ(info.count, 1);
      CHECK_EQ(belay_stream_read(streams[i], &info), 0);
    }
  }
  for (int i = 0; i < 8; i++)
    belay_stream_free(streams[i]);
}

TEST(the_fd_stays_readable_while_records_are_left) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  struct belay_siginfo info;
  for (int i = 0; i < 3; i++)
    raise(SIGUSR1);
  for (int left = 3; left > 0; left--) {
    CHECK(is_readable(belay_stream_fd(stream)));
    CHECK_EQ(left == 3 ? belay_stream_wait(stream, -1, &info)
                       : belay_stream_read(stream, &info), 1);
  }
  belay_stream_free(stream);
}

TEST(waiting_in_a_foreign_epoll_misses_nothing) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, belay_stream_fd(stream), &event), 0);
  for (int i = 0; i < test_scale(2000); i++) {
    struct belay_siginfo info;
    raise(SIGUSR1);
    CHECK_EQ(epoll_wait(epoll, &event, 1, 5000), 1);
    CHECK_EQ(belay_stream_read(stream, &info), 1);
    CHECK_EQ(belay_stream_read(stream, &info), 0);
  }
  close(epoll);
  belay_stream_free(stream);
}

TEST(a_wait_ends_on_time_and_never_early) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  struct belay_siginfo info;
  struct timespec begun, ended;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  CHECK_EQ(belay_stream_wait(stream, SECOND / 50, &info), 0);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  CHECK((ended.tv_sec - begun.tv_sec) * SECOND + ended.tv_nsec -
            begun.tv_nsec >= SECOND / 50);
  CHECK_EQ(belay_stream_wait(stream, 0, &info), 0);
  belay_stream_free(stream);
}

TEST(signals_are_added_and_removed_while_it_is_open) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  struct belay_siginfo info;
  CHECK_OK(belay_stream_add(stream, SIGUSR2));
  CHECK_OK(belay_stream_add(stream, SIGUSR2));
  raise(SIGUSR2);
  raise(SIGUSR1);
  CHECK_OK(belay_stream_remove(stream, SIGUSR2));
  CHECK_ERR(belay_stream_remove(stream, SIGUSR2), -ENOENT);
  CHECK_EQ(belay_stream_read(stream, &info), 1);
  CHECK_EQ(info.signo, SIGUSR2);
  CHECK_EQ(belay_stream_read(stream, &info), 1);
  CHECK_EQ(info.signo, SIGUSR1);
  CHECK_EQ(belay_stream_read(stream, &info), 0);
  belay_stream_free(stream);
}

TEST(after_close_the_rest_is_read_and_then_it_says_so) {
  struct belay_stream *stream = open_stream(LIST(SIGUSR1));
  struct belay_siginfo info;
  raise(SIGUSR1);
  belay_stream_close(stream);
  belay_stream_close(stream);
  CHECK(is_readable(belay_stream_fd(stream)));
  CHECK_EQ(belay_stream_read(stream, &info), 1);
  CHECK_ERR(belay_stream_read(stream, &info), -ESHUTDOWN);
  CHECK_ERR(belay_stream_wait(stream, -1, &info), -ESHUTDOWN);
  CHECK_ERR(belay_stream_add(stream, SIGUSR2), -ESHUTDOWN);
  CHECK(is_readable(belay_stream_fd(stream)));
  belay_stream_free(stream);
  belay_stream_free(NULL);
}

static void *wait_for_ever(void *stream) {
  struct belay_siginfo info;
  return (void *)(intptr_t)belay_stream_wait(stream, -1, &info);
}

TEST_SLOW(closing_wakes_all_who_wait, 30) {
  for (int round = 0; round < test_scale(500); round++) {
    struct belay_stream *stream = open_stream(LIST(SIGUSR1));
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
      CHECK_EQ(pthread_create(&threads[i], NULL, wait_for_ever, stream), 0);
    belay_stream_close(stream);
    for (int i = 0; i < 2; i++) {
      void *result;
      pthread_join(threads[i], &result);
      CHECK_EQ((intptr_t)result, -ESHUTDOWN);
    }
    belay_stream_free(stream);
  }
}

TEST(a_childs_stop_and_end_are_told) {
  struct belay_stream *stream = open_stream(LIST(SIGCHLD));
  struct belay_siginfo info;
  struct test_gate gate = test_gate_make();
  pid_t child = test_fork();
  if (child == 0) {
    raise(SIGSTOP);
    test_gate_pass(&gate);
    _exit(42);
  }
  CHECK_EQ(belay_stream_wait(stream, 5 * SECOND, &info), 1);
  CHECK_EQ(info.code, CLD_STOPPED);
  CHECK_EQ(info.pid, child);
  kill(child, SIGCONT);
  CHECK_EQ(belay_stream_wait(stream, 5 * SECOND, &info), 1);
  CHECK_EQ(info.code, CLD_CONTINUED);
  test_gate_open(&gate); /* before, the kernel would merge the two */
  CHECK_EQ(belay_stream_wait(stream, 5 * SECOND, &info), 1);
  CHECK_EQ(info.code, CLD_EXITED);
  CHECK(info.flags & BELAY_SIGINFO_STATUS);
  CHECK_EQ(info.status, 42);
  CHECK_EQ(test_wait_exit(child), 42);
  test_gate_free(&gate);
  belay_stream_free(stream);
}

TEST(what_cannot_be_caught_is_refused) {
  const int refused[] = {SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL,
                         SIGTRAP, SIGSYS,  -1,      65,     1000,   32};
  for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
    struct belay_stream *stream = NULL;
    CHECK_ERR(belay_stream_open(LIST(refused[i]), 0, &stream), -EINVAL);
    CHECK_ERR(belay_stream_open(LIST(SIGUSR1, refused[i]), 0, &stream),
              -EINVAL);
    CHECK(stream == NULL);
  }
  struct belay_stream *stream;
  CHECK_ERR(belay_stream_open(LIST(SIGUSR1), 0x80, &stream), -EINVAL);
}

TEST(every_other_signal_can_be_had) {
  for (int signo = 1; signo <= SIGRTMAX; signo++) {
    struct belay_stream *stream;
    struct belay_siginfo info;
    if (belay_stream_open(LIST(signo), 0, &stream) < 0)
      continue;
    raise(signo);
    CHECK_EQ(belay_stream_read(stream, &info), 1);
    CHECK_EQ(info.signo, signo);
    belay_stream_free(stream);
  }
}

TEST(a_thousand_streams_cost_the_handler_one_record) {
  enum { COUNT = 200 };
  struct belay_stream *streams[COUNT];
  for (int i = 0; i < COUNT; i++)
    streams[i] = open_stream(LIST(SIGUSR1));
  raise(SIGUSR1);
  for (int i = 0; i < COUNT; i++) {
    struct belay_siginfo info;
    CHECK_EQ(belay_stream_read(streams[i], &info), 1);
    belay_stream_free(streams[i]);
  }
}
