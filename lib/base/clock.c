/*
 * clock.c: the only file that reads a clock, so that "which time?" has one
 * answer: monotonic, in nanoseconds, in 64 bits.
 */
#include "base/clock.h"

int64_t belay__clock_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * BELAY__NS_PER_S + now.tv_nsec;
}

struct timespec belay__clock_timespec(int64_t ns) {
  struct timespec ts = {
      .tv_sec = (time_t)(ns / BELAY__NS_PER_S),
      .tv_nsec = (long)(ns % BELAY__NS_PER_S),
  };
  return ts;
}

int64_t belay__clock_add(int64_t a, int64_t b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}
