/*
 * belay/stopwatch.h: how long something took, not counting the pauses.
 *
 * For one thread at a time; all functions are AS-Safe.
 */
#ifndef BELAY_STOPWATCH_H
#define BELAY_STOPWATCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

struct belay_loop;

/* Its contents are the library's; it needs no freeing, and may be copied. */
struct belay_stopwatch {
  const struct belay_loop *belay_private_loop;
  int64_t belay_private_ns[2];
};

/*
 * Starts it at 0.  With a loop it follows the loop's time, and stands still
 * while the loop is paused (belay_loop_pause()); the loop has to outlive it.
 * With NULL it follows CLOCK_MONOTONIC: setting the clock does not touch it,
 * and time for which the machine was suspended does not count (on Linux).
 */
void belay_stopwatch_start(struct belay_stopwatch *watch,
                           const struct belay_loop *loop);

/* Stops its time, and lets it go on.  Twice is once. */
void belay_stopwatch_pause(struct belay_stopwatch *watch);
void belay_stopwatch_resume(struct belay_stopwatch *watch);

/* Nanoseconds since the start, less the pauses. */
int64_t belay_stopwatch_elapsed(const struct belay_stopwatch *watch);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
