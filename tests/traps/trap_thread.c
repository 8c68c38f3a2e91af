/* trap_thread.c: which thread a signal interrupts, on which stack and in the
 * middle of what, is nothing to those who wait for it. */
#include <belay/belay.h>
#include <sys/syscall.h>

#include "unit/signal_help.h"

static void change_mask(int how, const int *signals) {
  sigset_t set;
  sigemptyset(&set);
  for (; *signals != 0; signals++)
    sigaddset(&set, *signals);
  CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

/* -- Threads that were there before ---------------------------------------- */

static struct test_gate ready, leave;
static pid_t bystander_tid;

static void *stand_by(void *argument) {
  (void)argument;
  bystander_tid = (pid_t)syscall(SYS_gettid);
  test_gate_open(&ready);
  test_gate_pass(&leave);
  return NULL;
}

/* A thread that knows nothing of us, and was started before we were asked. */
static pthread_t start_bystander(void) {
  ready = test_gate_make();
  leave = test_gate_make();
  pthread_t thread = start_thread(stand_by, NULL);
  test_gate_pass(&ready);
  return thread;
}

static void end_bystander(pthread_t thread) {
  test_gate_open(&leave);
  join_thread(thread);
  test_gate_free(&ready);
  test_gate_free(&leave);
}

TEST(a_thread_that_is_older_than_the_stream_is_not_killed) {
  pthread_t thread = start_bystander();
  change_mask(SIG_BLOCK, SIGNALS(SIGTERM)); /* here: it goes to the other */
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  for (int i = 0; i < 100; i++) {
    CHECK_OK(kill(getpid(), SIGTERM));
    CHECK_EQ(expect_signal(stream, SIGTERM).count, 1);
  }
  belay_stream_free(stream);
  end_bystander(thread);
  change_mask(SIG_UNBLOCK, SIGNALS(SIGTERM));
}

TEST(a_signal_for_a_thread_that_waits_for_something_else_is_told) {
  pthread_t thread = start_bystander();
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  for (int i = 0; i < 100; i++) {
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    CHECK_EQ(expect_signal(stream, SIGUSR1).code, SI_TKILL);
    CHECK_OK(syscall(SYS_tgkill, getpid(), bystander_tid, SIGUSR2));
    CHECK_EQ(expect_signal(stream, SIGUSR2).count, 1);
  }
  expect_nothing(stream);
  belay_stream_free(stream);
  end_bystander(thread);
}

/* -- Two loops ------------------------------------------------------------- */

enum { LOOPS = 2 };

static atomic_int seen[LOOPS];

static void *count_in_a_loop(void *argument) {
  atomic_int *count = argument;
  struct belay_loop *loop;
  struct belay_event event;
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(
      belay_loop_add_signals(loop, SIGNALS(SIGUSR1, SIGTERM), 0, NULL, NULL));
  test_gate_open(&ready);
  while (belay_loop_next(loop, -1, &event) == 1 &&
         event.signal.signo == SIGUSR1)
    atomic_fetch_add(count, (int)event.signal.count);
  belay_loop_free(loop);
  return NULL;
}

TEST_SLOW(two_loops_in_two_threads_each_see_every_signal, 60) {
  pthread_t threads[LOOPS];
  ready = test_gate_make();
  for (int i = 0; i < LOOPS; i++)
    threads[i] = start_thread(count_in_a_loop, &seen[i]);
  for (int i = 0; i < LOOPS; i++)
    test_gate_pass(&ready);
  for (int sent = 1; sent <= test_scale(20000); sent++) {
    CHECK_EQ(pthread_kill(sent % 2 ? threads[0] : threads[1], SIGUSR1), 0);
    for (int i = 0; i < LOOPS; i++)
      while (atomic_load(&seen[i]) < sent)
        sched_yield();
    for (int i = 0; i < LOOPS; i++)
      CHECK_EQ(atomic_load(&seen[i]), sent);
  }
  CHECK_OK(kill(getpid(), SIGTERM));
  for (int i = 0; i < LOOPS; i++)
    join_thread(threads[i]);
  test_gate_free(&ready);
}

/* -- Calls that are interrupted -------------------------------------------- */

static int pipe_fds[2];
static ssize_t got;
static int error_of_read;
static atomic_int reader_tid;

static void *read_a_byte(void *argument) {
  char byte;
  (void)argument;
  atomic_store(&reader_tid, (int)syscall(SYS_gettid));
  got = read(pipe_fds[0], &byte, 1);
  error_of_read = errno;
  return NULL;
}

/* Whether the kernel has put the thread to sleep. */
static bool is_asleep(int tid) {
  char path[64], text[256] = "";
  snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
  FILE *file = fopen(path, "re");
  CHECK(file != NULL);
  size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  text[n] = '\0';
  const char *end = strrchr(text, ')');
  CHECK(end != NULL);
  return end[2] == 'S';
}

TEST(a_read_that_a_signal_interrupts_goes_on) {
  if (UNDER_TSAN || under_valgrind())
    SKIP("they put the signal off until the read has ended");
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_OK(pipe(pipe_fds));
  for (int i = 0; i < 20; i++) {
    atomic_store(&reader_tid, 0);
    pthread_t thread = start_thread(read_a_byte, NULL);
    while (atomic_load(&reader_tid) == 0 || !is_asleep(reader_tid))
      sched_yield();
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    expect_signal(stream, SIGUSR1); /* it has been interrupted */
    CHECK_EQ(write(pipe_fds[1], "x", 1), 1);
    join_thread(thread);
    if (got != 1)
      CHECK_EQ(error_of_read, 0);
  }
  close(pipe_fds[0]);
  close(pipe_fds[1]);
  belay_stream_free(stream);
}

TEST(a_read_that_a_signal_interrupts_fails_if_a_subscriber_wants_it_so) {
  if (UNDER_TSAN || under_valgrind())
    SKIP("they put the signal off until the read has ended");
  struct belay_stream *stream;
  CHECK_OK(
      belay_stream_open(SIGNALS(SIGUSR1), BELAY_SIGNAL_INTERRUPT, &stream));
  CHECK_OK(pipe(pipe_fds));
  for (int i = 0; i < 20; i++) {
    atomic_store(&reader_tid, 0);
    pthread_t thread = start_thread(read_a_byte, NULL);
    while (atomic_load(&reader_tid) == 0 || !is_asleep(reader_tid))
      sched_yield();
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    join_thread(thread);
    CHECK_EQ(got, -1);
    CHECK_EQ(error_of_read, EINTR);
    expect_signal(stream, SIGUSR1);
  }
  close(pipe_fds[0]);
  close(pipe_fds[1]);
  belay_stream_free(stream);
}

/* -- Handlers within handlers ---------------------------------------------- */

static void raise_two(const struct belay_siginfo *info, void *context,
                      void *data) {
  (void)info, (void)context, (void)data;
  raise(SIGUSR2);
  raise(SIGHUP);
}

TEST(signals_raised_inside_an_action_are_told_after_its_own) {
  struct belay_action *action;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2, SIGHUP));
  CHECK_OK(belay_action_call(SIGUSR1, raise_two, NULL, 0, &action));
  for (int i = 0; i < 100; i++) {
    raise(SIGUSR1);
    CHECK_EQ(expect_signal(stream, SIGUSR1).count, 1);
    struct belay_siginfo first, second;
    CHECK_EQ(belay_stream_wait(stream, LONG, &first), 1);
    CHECK_EQ(belay_stream_wait(stream, LONG, &second), 1);
    CHECK_EQ(first.signo + second.signo, SIGUSR2 + SIGHUP);
    expect_nothing(stream);
  }
  belay_action_remove(action);
  belay_stream_free(stream);
}

enum { DEPTH = 12 };

static volatile int depth;

/* It was there before us, and lets itself be interrupted, by itself too. */
static void dive(int signo) {
  if (++depth >= DEPTH)
    return;
  change_mask(SIG_UNBLOCK, SIGNALS(SIGUSR1, SIGUSR2));
  raise(signo == SIGUSR1 ? SIGUSR2 : SIGUSR1);
}

TEST(handlers_that_interrupt_each_other_lose_nothing) {
  set_handler(SIGUSR1, dive);
  set_handler(SIGUSR2, dive);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  for (int round = 0; round < 20; round++) {
    depth = 0;
    raise(SIGUSR1);
    poll(NULL, 0, 0); /* ThreadSanitizer calls handlers at the next wait */
    CHECK_EQ(depth, DEPTH);
    for (int i = 0; i < DEPTH; i++)
      CHECK_EQ(expect_signal(stream, i % 2 ? SIGUSR2 : SIGUSR1).count, 1);
    expect_nothing(stream);
  }
  belay_stream_free(stream);
  set_handler(SIGUSR1, SIG_DFL);
  set_handler(SIGUSR2, SIG_DFL);
}

/* -- What was pending ------------------------------------------------------ */

TEST(signals_that_were_pending_together_are_all_told) {
  const int *signals = SIGNALS(SIGHUP, SIGINT, SIGUSR1, SIGTERM);
  struct belay_stream *stream = open_stream(signals);
  for (int round = 0; round < 20; round++) {
    int told[NSIG] = {0};
    struct belay_siginfo info;
    change_mask(SIG_BLOCK, signals);
    for (int i = 3; i >= 0; i--)
      CHECK_OK(kill(getpid(), signals[i]));
    expect_nothing(stream);
    change_mask(SIG_UNBLOCK, signals);
    poll(NULL, 0, 0);
    while (belay_stream_read(stream, &info) == 1)
      told[info.signo] += (int)info.count;
    for (int i = 0; i < 4; i++)
      CHECK_EQ(told[signals[i]], 1);
  }
  belay_stream_free(stream);
}

/* How a program that cannot bear to be killed while it starts does it. */
TEST(what_was_blocked_and_pending_before_the_stream_is_told_by_it) {
  change_mask(SIG_BLOCK, SIGNALS(SIGTERM));
  CHECK_OK(kill(getpid(), SIGTERM));
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  expect_nothing(stream);
  change_mask(SIG_UNBLOCK, SIGNALS(SIGTERM));
  CHECK_EQ(expect_signal(stream, SIGTERM).pid, getpid());
  belay_stream_free(stream);
}
