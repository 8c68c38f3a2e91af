/* signal_help.h: what the tests of signals and loops share. */
#ifndef UNIT_SIGNAL_HELP_H
#define UNIT_SIGNAL_HELP_H

#include <belay/signal.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/harness.h"

/* Which sanitizer this is built with; clang and gcc tell in different ways. */
#ifdef __has_feature
#define HAS_FEATURE(name) __has_feature(name)
#else
#define HAS_FEATURE(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define UNDER_TSAN 1
#else
#define UNDER_TSAN 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
/* Longer than anything takes that works. */
#define LONG (5 * SECOND)

/* A list of signals as an argument. */
#define SIGNALS(...) ((const int[]){__VA_ARGS__, 0})

__attribute__((unused)) static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * SECOND + now.tv_nsec;
}

__attribute__((unused)) static struct belay_stream *open_stream(
    const int *signals) {
  struct belay_stream *stream = NULL;
  CHECK_OK(belay_stream_open(signals, 0, &stream));
  return stream;
}

/* Whether poll() finds the fd readable within so many milliseconds. */
__attribute__((unused)) static bool is_readable(int fd, int timeout_ms) {
  struct pollfd pollfd = {.fd = fd, .events = POLLIN};
  int n;
  do {
    n = poll(&pollfd, 1, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

/* Reads the stream to its end: the sum of the counts of `signo`. */
__attribute__((unused)) static uint64_t drain(struct belay_stream *stream,
                                              int signo) {
  struct belay_siginfo info;
  uint64_t sum = 0;
  while (belay_stream_read(stream, &info) == 1)
    if (info.signo == signo)
      sum += info.count;
  return sum;
}

/* The next record has to be there, and of this signal. */
__attribute__((unused)) static struct belay_siginfo expect_signal(
    struct belay_stream *stream, int signo) {
  struct belay_siginfo info;
  CHECK_EQ(belay_stream_wait(stream, LONG, &info), 1);
  CHECK_EQ(info.signo, signo);
  return info;
}

__attribute__((unused)) static void expect_nothing(
    struct belay_stream *stream) {
  struct belay_siginfo info;
  CHECK_EQ(belay_stream_read(stream, &info), 0);
}

__attribute__((unused)) static struct sigaction disposition(int signo) {
  struct sigaction action;
  CHECK_OK(sigaction(signo, NULL, &action));
  return action;
}

__attribute__((unused)) static void set_handler(int signo,
                                                void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigemptyset(&action.sa_mask);
  CHECK_OK(sigaction(signo, &action, NULL));
}

__attribute__((unused)) static pthread_t start_thread(void *(*run)(void *),
                                                      void *argument) {
  pthread_t thread;
  CHECK_EQ(pthread_create(&thread, NULL, run, argument), 0);
  return thread;
}

__attribute__((unused)) static void join_thread(pthread_t thread) {
  CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Valgrind plays the kernel's part for signals, and differs from it. */
__attribute__((unused)) static bool under_valgrind(void) {
  const char *preloaded = getenv("LD_PRELOAD");
  return preloaded != NULL && strstr(preloaded, "vgpreload") != NULL;
}

/* Sends the signal to the whole process, with a value.  ThreadSanitizer and
 * valgrind call its handler at the next wait: so there is one. */
__attribute__((unused)) static void queue_value(int signo, int value) {
  while (sigqueue(getpid(), signo, (union sigval){.sival_int = value}) != 0)
    CHECK_EQ(errno, EAGAIN);
  poll(NULL, 0, 0);
}

#endif
