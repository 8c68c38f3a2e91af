/*
 * race_record.c: handlers of several threads write one ring, streams of
 * several threads read it: nothing torn, lost or invented, no wake missed.
 */
#include <belay/belay.h>
#include <sys/syscall.h>

#include "unit/signal_help.h"

enum { WRITERS = 4, READERS = 2 };

static int storm_signal;

/* What is sent carries its own check. */
static void *payload(uint32_t number) {
  uint64_t bits = (uint64_t)(number * 2654435761u) << 32 | number;
  return (void *)(uintptr_t)bits;
}

static void check_payload(const struct belay_siginfo *info) {
  uint32_t number = (uint32_t)(uintptr_t)info->value.as_ptr;
  if (info->flags & BELAY_SIGINFO_VALUE)
    CHECK(info->value.as_ptr == payload(number));
  else
    CHECK_EQ(info->flags, 0); /* merged away, and counted */
}

static atomic_ullong sent;

/* pthread_sigqueue(), which not every C library has, to this very thread. */
static int queue_here(int signo, union sigval value) {
  siginfo_t info = {.si_signo = signo, .si_code = SI_QUEUE};
  info.si_pid = getpid();
  info.si_uid = getuid();
  info.si_value = value;
  return (int)syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid),
                      signo, &info);
}

static void *write_records(void *argument) {
  uint32_t first = *(uint32_t *)argument;
  for (int i = 0; i < test_scale(30000); i++) {
    union sigval value = {.sival_ptr = payload(first + (uint32_t)i)};
    if (queue_here(storm_signal, value) == 0)
      atomic_fetch_add(&sent, 1);
  }
  return NULL;
}

struct reader {
  struct belay_stream *stream;
  uint64_t sum;
  uint32_t last[WRITERS]; /* the number that each writer's last record had */
};

static void *read_records(void *argument) {
  struct reader *reader = argument;
  struct belay_siginfo info;
  while (belay_stream_wait(reader->stream, -1, &info) == 1) {
    check_payload(&info);
    CHECK(info.count >= 1);
    reader->sum += info.count;
    if (info.flags == 0)
      continue;
    uint32_t number = (uint32_t)(uintptr_t)info.value.as_ptr;
    uint32_t *last = &reader->last[number >> 28];
    CHECK(number >= *last); /* each writer's own are in order */
    *last = number + 1;
  }
  return NULL;
}

TEST_SLOW(four_writers_and_three_readers, 60) {
  struct reader readers[READERS + 1] = {0};
  uint32_t first[WRITERS];
  pthread_t reading[READERS + 1], writing[WRITERS];
  storm_signal = SIGRTMIN + 3;
  for (int i = 0; i < READERS; i++)
    readers[i].stream = open_stream(SIGNALS(storm_signal));
  for (int i = 0; i < READERS; i++)
    reading[i] = start_thread(read_records, &readers[i]);
  for (int i = 0; i < WRITERS; i++) {
    first[i] = (uint32_t)i << 28;
    writing[i] = start_thread(write_records, &first[i]);
  }
  for (int i = 0; i < WRITERS; i++)
    join_thread(writing[i]);
  for (int i = 0; i < READERS; i++) {
    belay_stream_close(readers[i].stream);
    join_thread(reading[i]);
    CHECK_EQ(readers[i].sum, atomic_load(&sent));
    belay_stream_free(readers[i].stream);
  }
}

/* -- Two threads on one stream --------------------------------------------- */

static atomic_ullong shared_sum;

static void *share(void *argument) {
  struct belay_siginfo info;
  while (belay_stream_wait(argument, -1, &info) == 1) {
    check_payload(&info);
    atomic_fetch_add(&shared_sum, info.count);
  }
  return NULL;
}

TEST_SLOW(two_threads_share_one_stream, 60) {
  pthread_t reading[2], writing[2];
  uint32_t first[2] = {0, 1u << 28};
  storm_signal = SIGRTMIN + 3;
  struct belay_stream *stream = open_stream(SIGNALS(storm_signal));
  for (int i = 0; i < 2; i++) {
    reading[i] = start_thread(share, stream);
    writing[i] = start_thread(write_records, &first[i]);
  }
  for (int i = 0; i < 2; i++)
    join_thread(writing[i]);
  belay_stream_close(stream);
  for (int i = 0; i < 2; i++)
    join_thread(reading[i]);
  CHECK_EQ(shared_sum, atomic_load(&sent));
  belay_stream_free(stream);
}

/* -- Missed wakes ---------------------------------------------------------- */

/* The consumer's own thread is interrupted wherever it is, and has to notice
 * before it sleeps.  One that does not is found by the time limit. */
static atomic_ullong consumed;

static void *consume(void *argument) {
  struct belay_siginfo info;
  while (belay_stream_wait(argument, -1, &info) == 1)
    atomic_fetch_add(&consumed, info.count);
  return NULL;
}

static void wait_for_consumer(uint64_t count) {
  for (unsigned spins = 0; atomic_load(&consumed) < count; spins++)
    if (spins % 64 == 63)
      sched_yield();
}

TEST_SLOW(a_signal_for_the_consumers_own_thread, 60) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  pthread_t consumer = start_thread(consume, stream);
  for (int i = 0; i < test_scale(150000); i++) {
    /* The first one shows that the consumer runs: ThreadSanitizer drops what
     * reaches a thread that it is still starting. */
    pthread_t thread = i > 0 ? consumer : pthread_self();
    CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
    wait_for_consumer((uint64_t)i + 1);
  }
  belay_stream_close(stream);
  join_thread(consumer);
  belay_stream_free(stream);
}

TEST_SLOW(a_signal_that_another_thread_takes, 60) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGUSR2));
  pthread_t consumer = start_thread(consume, stream);
  for (int i = 0; i < test_scale(150000); i++) {
    raise(i % 2 ? SIGUSR1 : SIGUSR2);
    wait_for_consumer((uint64_t)i + 1);
  }
  belay_stream_close(stream);
  join_thread(consumer);
  belay_stream_free(stream);
}

static void *consume_by_poll(void *argument) {
  struct belay_stream *stream = argument;
  struct belay_siginfo info;
  int result;
  do {
    is_readable(belay_stream_fd(stream), -1);
    while ((result = belay_stream_read(stream, &info)) == 1)
      atomic_fetch_add(&consumed, info.count);
  } while (result != -ESHUTDOWN);
  return NULL;
}

TEST_SLOW(a_consumer_that_polls, 60) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  pthread_t consumer = start_thread(consume_by_poll, stream);
  for (int i = 0; i < test_scale(100000); i++) {
    CHECK_EQ(pthread_kill(i % 2 ? consumer : pthread_self(), SIGUSR1), 0);
    wait_for_consumer((uint64_t)i + 1);
  }
  belay_stream_close(stream);
  join_thread(consumer);
  belay_stream_free(stream);
}
