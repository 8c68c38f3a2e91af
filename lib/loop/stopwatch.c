/* stopwatch.c: a stretch of a loop's time, or of the clock's, less pauses. */
#include <belay/loop.h>
#include <belay/stopwatch.h>

#include <stddef.h>

#include "base/clock.h"

/* The two numbers: since when, as if there had been no pause; and when it was
 * paused, or that it is not. */
enum { SINCE, PAUSED_AT };
#define RUNNING (-1)

static int64_t now(const struct belay_stopwatch *watch) {
  return watch->belay_private_loop != NULL
             ? belay_loop_now(watch->belay_private_loop)
             : belay__clock_now();
}

void belay_stopwatch_start(struct belay_stopwatch *watch,
                           const struct belay_loop *loop) {
  watch->belay_private_loop = loop;
  watch->belay_private_ns[SINCE] = now(watch);
  watch->belay_private_ns[PAUSED_AT] = RUNNING;
}

void belay_stopwatch_pause(struct belay_stopwatch *watch) {
  if (watch->belay_private_ns[PAUSED_AT] == RUNNING)
    watch->belay_private_ns[PAUSED_AT] = now(watch);
}

void belay_stopwatch_resume(struct belay_stopwatch *watch) {
  int64_t paused_at = watch->belay_private_ns[PAUSED_AT];
  if (paused_at == RUNNING)
    return;
  watch->belay_private_ns[SINCE] += now(watch) - paused_at;
  watch->belay_private_ns[PAUSED_AT] = RUNNING;
}

int64_t belay_stopwatch_elapsed(const struct belay_stopwatch *watch) {
  int64_t paused_at = watch->belay_private_ns[PAUSED_AT];
  int64_t until = paused_at == RUNNING ? now(watch) : paused_at;
  return until - watch->belay_private_ns[SINCE];
}
