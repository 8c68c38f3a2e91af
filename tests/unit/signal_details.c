/* signal_details.c: who sent a signal, with what, and what children did. */
#include "unit/signal_help.h"

TEST(the_sender_of_a_signal) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  pid_t child = test_fork();
  if (child == 0) {
    kill(getppid(), SIGUSR1);
    _exit(0);
  }
  struct belay_siginfo info = expect_signal(stream, SIGUSR1);
  CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER);
  CHECK_EQ(info.code, SI_USER);
  CHECK_EQ(info.pid, child);
  CHECK_EQ(info.uid, getuid());
  CHECK_EQ(info.count, 1);
  CHECK_EQ(test_wait_exit(child), 0);
  belay_stream_free(stream);
}

TEST(a_signal_to_one_thread) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  pthread_kill(pthread_self(), SIGUSR1);
  struct belay_siginfo info = expect_signal(stream, SIGUSR1);
  CHECK_EQ(info.code, SI_TKILL);
  CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER);
  CHECK_EQ(info.pid, getpid());
  belay_stream_free(stream);
}

TEST(a_queued_value) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  int here;
  sigqueue(getpid(), SIGUSR1, (union sigval){.sival_ptr = &here});
  struct belay_siginfo info = expect_signal(stream, SIGUSR1);
  CHECK_EQ(info.code, SI_QUEUE);
  CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER | BELAY_SIGINFO_VALUE);
  CHECK(info.value.as_ptr == &here);
  queue_value(SIGUSR1, -7);
  CHECK_EQ(expect_signal(stream, SIGUSR1).value.as_int, -7);
  belay_stream_free(stream);
}

TEST(a_timer_carries_a_value_and_no_sender) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR2));
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL,
                           .sigev_signo = SIGUSR2,
                           .sigev_value.sival_int = 99};
  timer_t timer;
  CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
  struct itimerspec soon = {.it_value.tv_nsec = 1};
  CHECK_OK(timer_settime(timer, 0, &soon, NULL));
  struct belay_siginfo info = expect_signal(stream, SIGUSR2);
  CHECK_EQ(info.code, SI_TIMER);
  CHECK_EQ(info.flags, BELAY_SIGINFO_VALUE);
  CHECK_EQ(info.value.as_int, 99);
  CHECK_EQ(info.pid, 0);
  CHECK_OK(timer_delete(timer));
  belay_stream_free(stream);
}

TEST(queued_real_time_signals_keep_order_and_payload) {
  if (UNDER_TSAN)
    SKIP("ThreadSanitizer itself merges signals that wait");
  const int signo = SIGRTMIN + 2;
  struct belay_stream *stream = open_stream(SIGNALS(signo));
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  for (int round = 0; round < 10; round++) {
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 64; i++)
      queue_value(signo, round * 1000 + i);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    for (int i = 0; i < 64; i++) {
      struct belay_siginfo info = expect_signal(stream, signo);
      CHECK_EQ(info.value.as_int, round * 1000 + i);
      CHECK_EQ(info.count, 1);
    }
    expect_nothing(stream);
  }
  belay_stream_free(stream);
}

TEST(beyond_the_ring_the_latest_keep_their_details) {
  const int signo = SIGRTMIN + 2;
  struct belay_stream *stream = open_stream(SIGNALS(signo));
  for (int i = 0; i < 1000; i++)
    queue_value(signo, i);
  struct belay_siginfo info = expect_signal(stream, signo);
  CHECK_EQ(info.value.as_int, 1000 - 64);
  CHECK_EQ(info.count, 1000 - 63);
  for (int i = 1000 - 63; i < 1000; i++) {
    info = expect_signal(stream, signo);
    CHECK_EQ(info.value.as_int, i);
    CHECK_EQ(info.count, 1);
  }
  expect_nothing(stream);
  belay_stream_free(stream);
}

/* -- Children -------------------------------------------------------------- */

static void expect_child(struct belay_stream *stream, pid_t child, int code,
                         int status) {
  struct belay_siginfo info = expect_signal(stream, SIGCHLD);
  CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER | BELAY_SIGINFO_STATUS);
  CHECK_EQ(info.code, code);
  CHECK_EQ(info.pid, child);
  CHECK_EQ(info.uid, getuid());
  CHECK_EQ(info.status, status);
}

TEST(what_a_child_does_is_told_with_its_status) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGCHLD));
  pid_t child = test_fork();
  if (child == 0)
    for (;;)
      pause();
  kill(child, SIGSTOP);
  expect_child(stream, child, CLD_STOPPED, SIGSTOP);
  kill(child, SIGCONT);
  expect_child(stream, child, CLD_CONTINUED, SIGCONT);
  kill(child, SIGKILL);
  expect_child(stream, child, CLD_KILLED, SIGKILL);
  CHECK_EQ(test_wait_killed(child), SIGKILL);

  child = test_fork();
  if (child == 0)
    _exit(7);
  expect_child(stream, child, CLD_EXITED, 7);
  CHECK_EQ(test_wait_exit(child), 7);
  belay_stream_free(stream);
}

TEST(children_are_told_of_although_they_were_ignored) {
  set_handler(SIGCHLD, SIG_IGN);
  struct belay_stream *stream = open_stream(SIGNALS(SIGCHLD));
  pid_t child = test_fork();
  if (child == 0)
    _exit(3);
  expect_child(stream, child, CLD_EXITED, 3);
  CHECK_EQ(test_wait_exit(child), 3); /* not reaped by the kernel */
  belay_stream_free(stream);
  CHECK(disposition(SIGCHLD).sa_handler == SIG_IGN);
  set_handler(SIGCHLD, SIG_DFL);
}
