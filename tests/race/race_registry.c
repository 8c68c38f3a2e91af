/*
 * race_registry.c: subscribers come and go in several threads while signals
 * come.  A handler that was there before counts: each signal has to reach it,
 * and each stream that was open all the time.
 */
#include <belay/belay.h>

#include "unit/signal_help.h"

enum { THREADS = 3, SENDERS = 2 };

static atomic_ullong counted;
static atomic_bool stop;

static void count_it(int signo) {
  (void)signo;
  atomic_fetch_add(&counted, 1);
}

/* -- Coming and going ------------------------------------------------------ */

struct guarded {
  int before, number, after;
};

static void touch(const struct belay_siginfo *info, void *context, void *data) {
  struct guarded *guarded = data;
  (void)info, (void)context;
  CHECK(guarded->before == 1 && guarded->after == 2);
}

static void subscribe_once(int signo, int kind) {
  struct belay_action *action;
  struct belay_stream *stream;
  struct belay_siginfo info;
  struct guarded *guarded = malloc(sizeof *guarded);
  CHECK(guarded != NULL);
  *guarded = (struct guarded){1, 0, 2};
  if (kind % 2 == 0) {
    CHECK_OK(belay_action_call(signo, touch, guarded, 0, &action));
    belay_action_remove(action);
  } else {
    CHECK_OK(belay_stream_open(SIGNALS(signo), 0, &stream));
    while (belay_stream_read(stream, &info) == 1)
      continue;
    CHECK_OK(belay_stream_remove(stream, signo));
    CHECK_OK(belay_stream_add(stream, signo));
    belay_stream_free(stream);
  }
  *guarded = (struct guarded){0};
  free(guarded);
}

static void *come_and_go(void *argument) {
  int kind = *(int *)argument;
  while (!atomic_load(&stop))
    subscribe_once(SIGUSR1, kind++);
  return NULL;
}

/* -- Sending --------------------------------------------------------------- */

/* One at a time, so that the kernel merges none: the next is sent when this
 * one was counted. */
static void *send_and_wait(void *argument) {
  int rounds = *(int *)argument;
  for (int i = 0; i < rounds; i++) {
    unsigned long long before = atomic_load(&counted);
    kill(getpid(), SIGUSR1);
    for (unsigned spins = 0; atomic_load(&counted) == before; spins++)
      if (spins % 64 == 63)
        sched_yield();
  }
  return NULL;
}

TEST_SLOW(each_signal_does_what_it_did_before_us, 60) {
  int kinds[THREADS] = {0, 1, 2}, rounds = test_scale(20000);
  pthread_t threads[THREADS];
  set_handler(SIGUSR1, count_it);
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(come_and_go, &kinds[i]);
  send_and_wait(&rounds);
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++)
    join_thread(threads[i]);
  CHECK_EQ(atomic_load(&counted), rounds);
  CHECK(disposition(SIGUSR1).sa_handler == count_it);
  set_handler(SIGUSR1, SIG_DFL);
}

TEST_SLOW(a_stream_that_stays_sees_each_signal, 60) {
  int kinds[THREADS] = {0, 1, 2}, rounds = test_scale(20000);
  pthread_t threads[THREADS];
  set_handler(SIGUSR1, count_it);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(come_and_go, &kinds[i]);
  send_and_wait(&rounds);
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++)
    join_thread(threads[i]);
  belay_stream_close(stream);
  CHECK_EQ(drain(stream, SIGUSR1), rounds);
  belay_stream_free(stream);
  set_handler(SIGUSR1, SIG_DFL);
}

/* Other processes bombard with real-time signals, of which none is merged. */
static pid_t bombard(int signo, int count) {
  pid_t child = test_fork();
  if (child != 0)
    return child;
  for (int i = 0; i < count; i++)
    while (sigqueue(getppid(), signo, (union sigval){.sival_int = i}) != 0)
      sched_yield(); /* its queue is full */
  _exit(0);
}

static void *come_and_go_rt(void *argument) {
  int kind = *(int *)argument;
  while (!atomic_load(&stop))
    subscribe_once(SIGRTMIN + 4, kind++);
  return NULL;
}

TEST_SLOW(other_processes_bombard_us, 60) {
  int kinds[THREADS] = {0, 1, 2}, count = test_scale(20000);
  pthread_t threads[THREADS];
  pid_t senders[SENDERS];
  set_handler(SIGRTMIN + 4, count_it);
  struct belay_stream *stream = open_stream(SIGNALS(SIGRTMIN + 4));
  for (int i = 0; i < SENDERS; i++)
    senders[i] = bombard(SIGRTMIN + 4, count);
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(come_and_go_rt, &kinds[i]);
  for (int i = 0; i < SENDERS; i++)
    CHECK_EQ(test_wait_exit(senders[i]), 0);
  sigset_t pending;
  do {
    sched_yield();
    sigpending(&pending);
  } while (sigismember(&pending, SIGRTMIN + 4) == 1);
  atomic_store(&stop, true);
  for (int i = 0; i < THREADS; i++)
    join_thread(threads[i]);
  belay_stream_close(stream);
  uint64_t seen = drain(stream, SIGRTMIN + 4);
  CHECK_EQ(seen, atomic_load(&counted));
#ifndef BELAY_TEST_TSAN /* which merges what waits for a thread */
  CHECK_EQ(seen, SENDERS * count);
#endif
  belay_stream_free(stream);
  set_handler(SIGRTMIN + 4, SIG_DFL);
}

/* -- Signals that would kill ----------------------------------------------- */

static void *come_and_go_without_gap(void *argument) {
  struct belay_stream *last = argument;
  for (int i = 0; i < test_scale(3000); i++) {
    struct belay_stream *next = open_stream(SIGNALS(SIGTERM));
    belay_stream_free(last);
    last = next;
  }
  atomic_store(&stop, true);
  return last;
}

TEST_SLOW(while_somebody_listens_the_default_is_never_done, 60) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++)
    threads[i] =
        start_thread(come_and_go_without_gap, open_stream(SIGNALS(SIGTERM)));
  while (!atomic_load(&stop))
    kill(getpid(), SIGTERM);
  for (int i = 0; i < 2; i++) {
    void *last;
    CHECK_EQ(pthread_join(threads[i], &last), 0);
    belay_stream_free(last);
  }
}

/* -- Closing while others wait --------------------------------------------- */

static atomic_int waiting;

static void *wait_for_end(void *argument) {
  struct belay_siginfo info;
  int result;
  atomic_store(&waiting, 1);
  while ((result = belay_stream_wait(argument, -1, &info)) == 1)
    continue;
  CHECK_ERR(result, -ESHUTDOWN);
  return NULL;
}

TEST_SLOW(closing_at_any_moment_of_a_wait, 60) {
  for (int i = 0; i < test_scale(10000); i++) {
    struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
    atomic_store(&waiting, 0);
    pthread_t thread = start_thread(wait_for_end, stream);
    if (i % 4 != 0)
      while (atomic_load(&waiting) == 0)
        sched_yield();
    if (i % 3 == 0)
      raise(SIGUSR1);
    belay_stream_close(stream);
    join_thread(thread);
    belay_stream_free(stream);
  }
}
