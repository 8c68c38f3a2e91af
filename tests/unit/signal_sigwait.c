/* signal_sigwait.c: blocked signals, taken from the kernel's queue. */
#include <belay/loop.h>
#include <belay/sigwait.h>
#include <poll.h>
#include <sys/wait.h>

#include "unit/signal_help.h"

/* The latest is known to forked children too: not a leak. */
static struct belay_sigwait *open_sigwait(const int *signals) {
  static struct belay_sigwait *latest;
  CHECK_OK(belay_sigwait_open(signals, 0, &latest));
  return latest;
}

static bool is_blocked(int signo) {
  sigset_t mask;
  CHECK_OK(-pthread_sigmask(SIG_BLOCK, NULL, &mask));
  return sigismember(&mask, signo) == 1;
}

TEST(a_signal_waits_until_it_is_taken_with_its_sender) {
  struct belay_siginfo info;
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGTERM, SIGUSR1));
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 0);
  CHECK_OK(kill(getpid(), SIGTERM));
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 1);
  CHECK_EQ(info.signo, SIGTERM);
  CHECK_EQ(info.count, 1);
  CHECK(info.flags & BELAY_SIGINFO_SENDER);
  CHECK_EQ(info.pid, getpid());
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 0);
  belay_sigwait_free(sigwait);
}

TEST(no_disposition_is_changed_and_the_mask_comes_back) {
  sigset_t usr2;
  sigemptyset(&usr2);
  sigaddset(&usr2, SIGUSR2);
  CHECK_OK(-pthread_sigmask(SIG_BLOCK, &usr2, NULL));
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGUSR1, SIGUSR2));
  CHECK(is_blocked(SIGUSR1) && is_blocked(SIGUSR2) && !is_blocked(SIGTERM));
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
  belay_sigwait_free(sigwait);
  CHECK(!is_blocked(SIGUSR1) && is_blocked(SIGUSR2));
  CHECK_OK(-pthread_sigmask(SIG_UNBLOCK, &usr2, NULL));
  belay_sigwait_free(NULL);
}

TEST(real_time_signals_keep_their_number_order_and_values) {
  struct belay_siginfo info;
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGRTMIN, SIGRTMIN + 1));
  for (int i = 0; i < 500; i++)
    CHECK_OK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = i}));
  for (int i = 0; i < 500; i++) {
    CHECK_EQ(belay_sigwait_read(sigwait, &info), 1);
    CHECK_EQ(info.value.as_int, i);
    CHECK(info.flags & BELAY_SIGINFO_VALUE);
  }
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 0);
  belay_sigwait_free(sigwait);
}

TEST(waiting_ends_with_a_signal_or_with_the_time) {
  struct belay_siginfo info;
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGUSR1));
  CHECK_EQ(belay_sigwait_wait(sigwait, 1000000, &info), 0);
  for (int i = 0; i < 100; i++) {
    pid_t parent = getpid();
    pid_t child = test_fork();
    if (child == 0)
      _exit(kill(parent, SIGUSR1) == 0 ? 0 : 1);
    CHECK_EQ(belay_sigwait_wait(sigwait, -1, &info), 1);
    CHECK_EQ(info.pid, child);
    CHECK_EQ(test_wait_exit(child), 0);
  }
  belay_sigwait_free(sigwait);
}

static void count_one(int signo) {
  (void)signo;
}

TEST(handlers_of_other_signals_do_not_end_the_wait) {
  struct belay_siginfo info;
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGUSR1));
  struct sigaction interrupting = {.sa_handler = count_one};
  CHECK_OK(sigaction(SIGALRM, &interrupting, NULL));
  pid_t parent = getpid();
  pid_t child = test_fork();
  if (child == 0) {
    for (int i = 0; i < 100; i++)
      kill(parent, SIGALRM);
    _exit(kill(parent, SIGUSR1) == 0 ? 0 : 1);
  }
  CHECK_EQ(belay_sigwait_wait(sigwait, -1, &info), 1);
  CHECK_EQ(info.signo, SIGUSR1);
  CHECK_EQ(test_wait_exit(child), 0);
  set_handler(SIGALRM, SIG_DFL);
  belay_sigwait_free(sigwait);
}

struct gates {
  struct test_gate runs, may_end;
};

static void *wait_at_gate(void *data) {
  struct gates *gates = data;
  test_gate_open(&gates->runs);
  test_gate_pass(&gates->may_end);
  return NULL;
}

/* Until it runs, a thread has everything blocked. */
static pthread_t start_waiting(struct gates *gates) {
  pthread_t thread;
  CHECK_OK(-pthread_create(&thread, NULL, wait_at_gate, gates));
  test_gate_pass(&gates->runs);
  return thread;
}

static void end_waiting(pthread_t thread, struct gates *gates) {
  test_gate_open(&gates->may_end);
  pthread_join(thread, NULL);
}

TEST(a_thread_that_would_die_of_it_is_noticed) {
#ifdef BELAY_TEST_PORTABLE
  SKIP("only Linux tells what threads block");
#endif
  struct belay_sigwait *sigwait;
  struct gates gates = {test_gate_make(), test_gate_make()};
  pthread_t thread = start_waiting(&gates);
  CHECK_ERR(belay_sigwait_open(SIGNALS(SIGUSR1), 0, &sigwait), -EBUSY);
  CHECK(!is_blocked(SIGUSR1));
  end_waiting(thread, &gates);
  sigwait = open_sigwait(SIGNALS(SIGUSR1));
  thread = start_waiting(&gates);
  struct belay_sigwait *second = open_sigwait(SIGNALS(SIGUSR1));
  end_waiting(thread, &gates);
  belay_sigwait_free(second);
  belay_sigwait_free(sigwait);
  test_gate_free(&gates.runs);
  test_gate_free(&gates.may_end);
}

TEST(what_was_to_be_ignored_stays_so_unless_forced) {
  struct belay_siginfo info;
  struct belay_sigwait *sigwait;
  set_handler(SIGHUP, SIG_IGN);
  sigwait = open_sigwait(SIGNALS(SIGHUP, SIGUSR1));
  CHECK_OK(kill(getpid(), SIGHUP));
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 0);
  belay_sigwait_free(sigwait);
  CHECK_OK(belay_sigwait_open(SIGNALS(SIGHUP), BELAY_SIGNAL_FORCE, &sigwait));
  CHECK_OK(kill(getpid(), SIGHUP));
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 1);
  belay_sigwait_free(sigwait);
  set_handler(SIGHUP, SIG_DFL);
}

TEST(nonsense_is_refused) {
  struct belay_sigwait *sigwait;
  CHECK_ERR(belay_sigwait_open(SIGNALS(SIGKILL), 0, &sigwait), -EINVAL);
  CHECK_ERR(belay_sigwait_open(SIGNALS(SIGSEGV), 0, &sigwait), -EINVAL);
  CHECK_ERR(belay_sigwait_open(SIGNALS(1000), 0, &sigwait), -EINVAL);
  CHECK_ERR(belay_sigwait_open(SIGNALS(SIGUSR1), 4, &sigwait), -EINVAL);
}

TEST(a_forked_child_has_none_until_it_opens_its_own) {
  struct belay_siginfo info;
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGUSR1));
  pid_t child = test_fork();
  if (child == 0) {
    CHECK_ERR(belay_sigwait_read(sigwait, &info), -ECHILD);
    belay_sigwait_free(sigwait);
    CHECK(!is_blocked(SIGUSR1));
    sigwait = open_sigwait(SIGNALS(SIGUSR1));
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_EQ(belay_sigwait_read(sigwait, &info), 1);
    belay_sigwait_free(sigwait);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  CHECK_EQ(belay_sigwait_read(sigwait, &info), 0);
  CHECK(is_blocked(SIGUSR1));
  belay_sigwait_free(sigwait);
}

TEST(a_loop_takes_them_with_everything_else) {
#ifdef BELAY_TEST_PORTABLE
  SKIP("there is no signalfd");
#endif
  struct belay_sigwait *sigwait = open_sigwait(SIGNALS(SIGUSR1, SIGTERM));
  struct belay_loop *loop;
  struct belay_event event;
  int data;
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_sigwait(loop, sigwait, &data, NULL));
  CHECK_OK(belay_loop_add_timer(loop, 0, 0, NULL, NULL));
  CHECK_OK(kill(getpid(), SIGUSR1));
  CHECK_OK(kill(getpid(), SIGTERM));
  int seen[] = {SIGUSR1, SIGTERM};
  for (int i = 0; i < 3; i++) {
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    if (event.type == BELAY_EVENT_TIMER)
      continue;
    CHECK_EQ(event.type, BELAY_EVENT_SIGNAL);
    CHECK(event.data == &data);
    CHECK_EQ(event.signal.pid, getpid());
    CHECK(event.signal.signo == seen[0] || event.signal.signo == seen[1]);
  }
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  belay_loop_free(loop);
  belay_sigwait_free(sigwait);
}
