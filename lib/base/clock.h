/* clock.h: the one clock of the library. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define BELAY__NS_PER_S INT64_C(1000000000)
#define BELAY__NS_PER_MS INT64_C(1000000)

/* CLOCK_MONOTONIC in nanoseconds: never set back, and on Linux not counting
 * the time for which the machine is suspended. */
int64_t belay__clock_now(void);

struct timespec belay__clock_timespec(int64_t ns);

/* a + b, at most INT64_MAX; for b >= 0. */
int64_t belay__clock_add(int64_t a, int64_t b);

#endif
