/*
 * race_signal.c: storms, while subscribers come and go in other threads.
 *
 * The measure is a handler that was installed before everybody: it has to see
 * every signal that was delivered, whatever happens on top of it.
 */
#include <belay/belay.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "harness/harness.h"

#define LIST(...) ((const int[]){__VA_ARGS__, 0})

static atomic_bool over;
static atomic_long before_all;

static void count_before_all(int signo) {
  (void)signo;
  atomic_fetch_add(&before_all, 1);
}

static void *subscribe_and_leave(void *argument) {
  (void)argument;
  while (!atomic_load(&over)) {
    struct belay_stream *stream;
    struct belay_siginfo info;
    struct belay_action *action;
    volatile sig_atomic_t *flag = calloc(1, sizeof(*flag));
    CHECK_OK(belay_stream_open(LIST(SIGRTMIN + 1, SIGUSR2), 0, &stream));
    CHECK_OK(belay_action_flag(SIGRTMIN + 1, flag, 1, 0, &action));
    while (belay_stream_read(stream, &info) > 0)
      continue;
    belay_action_remove(action);
    free((void *)(uintptr_t)flag);
    belay_stream_free(stream);
  }
  return NULL;
}

/* The payload carries its own check, so that a torn record would show. */
static union sigval payload(int number) {
  uint64_t bits = (uint64_t)(uint32_t)number << 32 | (uint32_t)~number;
  return (union sigval){.sival_ptr = (void *)(uintptr_t)bits};
}

static bool is_whole(const struct belay_siginfo *info) {
  uint64_t bits = (uintptr_t)info->value.as_ptr;
  return info->flags == 0 ||
         (uint32_t)(bits >> 32) == (uint32_t) ~(uint32_t)bits;
}

struct sender {
  int count;
  long sent;
};

static void *send_many(void *argument) {
  struct sender *sender = argument;
  for (int i = 0; i < sender->count; i++)
    if (sigqueue(getpid(), SIGRTMIN + 1, payload(i)) == 0)
      sender->sent++;
    else
      sched_yield(); /* the queue of the system is full */
  return NULL;
}

struct reader {
  struct belay_stream *stream;
  uint64_t seen;
};

static void *read_all(void *argument) {
  struct reader *reader = argument;
  struct belay_siginfo info;
  while (belay_stream_wait(reader->stream, -1, &info) > 0) {
    CHECK(is_whole(&info));
    reader->seen += info.count;
  }
  return NULL;
}

static void wait_until_none_is_pending(int signo) {
  sigset_t pending;
  do {
    sched_yield();
    sigpending(&pending);
  } while (sigismember(&pending, signo));
}

TEST_SLOW(every_delivery_is_seen_by_all_while_others_come_and_go, 120) {
  struct sigaction before = {.sa_handler = count_before_all};
  struct belay_stream *stream;
  pthread_t churners[2], senders[2], readers[2];
  struct sender sending[2] = {{.count = test_scale(20000)},
                              {.count = test_scale(20000)}};
  sigaction(SIGRTMIN + 1, &before, NULL);
  CHECK_OK(belay_stream_open(LIST(SIGRTMIN + 1), 0, &stream));
  struct reader reading[2] = {{.stream = stream}, {.stream = stream}};
  for (int i = 0; i < 2; i++) {
    pthread_create(&readers[i], NULL, read_all, &reading[i]);
    pthread_create(&churners[i], NULL, subscribe_and_leave, NULL);
    pthread_create(&senders[i], NULL, send_many, &sending[i]);
  }
  for (int i = 0; i < 2; i++)
    pthread_join(senders[i], NULL);
  wait_until_none_is_pending(SIGRTMIN + 1);
  atomic_store(&over, true);
  for (int i = 0; i < 2; i++)
    pthread_join(churners[i], NULL);
  belay_stream_close(stream); /* nothing is delivered any more */
  for (int i = 0; i < 2; i++)
    pthread_join(readers[i], NULL);
  CHECK_EQ(reading[0].seen + reading[1].seen, atomic_load(&before_all));
  /* ThreadSanitizer itself merges signals that wait for a thread. */
#if !defined(__SANITIZE_THREAD__) && !defined(BELAY_TEST_TSAN)
  CHECK_EQ(atomic_load(&before_all), sending[0].sent + sending[1].sent);
#endif
  belay_stream_free(stream);
  signal(SIGRTMIN + 1, SIG_DFL);
}

/* One signal at a time: each is either read from the stream or, before and
 * after it exists, counted by the handler beneath; never neither. */
TEST_SLOW(between_opening_and_closing_no_signal_falls_through, 60) {
  struct sigaction before = {.sa_handler = count_before_all};
  sigaction(SIGUSR1, &before, NULL);
  long sent = 0;
  for (int i = 0; i < test_scale(3000); i++) {
    struct belay_stream *stream;
    pid_t child = test_fork();
    if (child == 0) {
      kill(getppid(), SIGUSR1);
      _exit(0);
    }
    CHECK_OK(belay_stream_open(LIST(SIGUSR1), 0, &stream));
    belay_stream_free(stream);
    CHECK_EQ(test_wait_exit(child), 0);
    sent++;
    CHECK_EQ(atomic_load(&before_all), sent);
  }
  signal(SIGUSR1, SIG_DFL);
}

/* A wake that was missed would hang here: each signal is answered before the
 * next one is sent. */
static void *answer(void *argument) {
  struct belay_loop *loop;
  struct belay_event event;
  struct test_gate *gates = argument;
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_signals(loop, LIST(SIGUSR1, SIGTERM), 0, NULL, NULL));
  test_gate_open(&gates[0]);
  while (belay_loop_next(loop, -1, &event) > 0 && event.signal.signo != SIGTERM)
    test_gate_open(&gates[1]);
  belay_loop_free(loop);
  return NULL;
}

TEST_SLOW(no_wake_is_missed, 120) {
  struct test_gate gates[2] = {test_gate_make(), test_gate_make()};
  pthread_t thread;
  pthread_create(&thread, NULL, answer, gates);
  test_gate_pass(&gates[0]);
  for (int i = 0; i < test_scale(50000); i++) {
    kill(getpid(), SIGUSR1);
    test_gate_pass(&gates[1]);
  }
  kill(getpid(), SIGTERM);
  pthread_join(thread, NULL);
  for (int i = 0; i < 2; i++)
    test_gate_free(&gates[i]);
}

/* ThreadSanitizer keeps signals back for a while, and fork() hands those to the
 * child too, for which they never were. */
static pid_t fork_with_own_signals_only(void) {
#ifdef BELAY_TEST_TSAN
  sigset_t storm, before;
  sigemptyset(&storm);
  sigaddset(&storm, SIGRTMIN + 1);
  pthread_sigmask(SIG_BLOCK, &storm, &before);
  pid_t child = test_fork();
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return child;
#else
  return test_fork();
#endif
}

/* Children are forked in the middle of a storm of signals and of changes. */
TEST_SLOW(forking_in_the_middle, 60) {
  struct belay_stream *stream;
  pthread_t churner, sender;
  struct sender sending = {.count = test_scale(20000)};
  CHECK_OK(belay_stream_open(LIST(SIGRTMIN + 1), 0, &stream));
  pthread_create(&churner, NULL, subscribe_and_leave, NULL);
  pthread_create(&sender, NULL, send_many, &sending);
  for (int i = 0; i < test_scale(200); i++) {
    pid_t child = fork_with_own_signals_only();
    if (child == 0) {
      struct belay_stream *own;
      struct belay_siginfo info;
      if (belay_stream_open(LIST(SIGUSR1), 0, &own) < 0)
        _exit(1);
      raise(SIGUSR1);
      _exit(belay_stream_read(own, &info) == 1 ? 0 : 2);
    }
    CHECK_EQ(test_wait_exit(child), 0);
  }
  pthread_join(sender, NULL);
  atomic_store(&over, true);
  pthread_join(churner, NULL);
  wait_until_none_is_pending(SIGRTMIN + 1);
  belay_stream_free(stream);
}
