/*
 * grace.c: the writer's half of a grace period.
 * Invariant: after belay__grace_wait() both counters have been seen at zero
 * since it was called.
 */
#include "base/grace.h"

#include <sched.h>

#include "base/clock.h"

/* Handlers are short: yield first, then sleep for longer and longer, at most
 * a millisecond, for one whose thread does not get to run. */
static void wait_for_zero(atomic_uint *readers) {
  for (unsigned tries = 0; atomic_load(readers) != 0; tries++) {
    if (tries < 64) {
      sched_yield();
      continue;
    }
    struct timespec pause = belay__clock_timespec(
        tries < 128 ? BELAY__NS_PER_MS / 20 : BELAY__NS_PER_MS);
    nanosleep(&pause, NULL);
  }
}

void belay__grace_wait(struct belay__grace *grace) {
  for (int i = 0; i < 2; i++) {
    unsigned side = atomic_fetch_add(&grace->turn, 1) & 1;
    wait_for_zero(&grace->readers[side]);
  }
}

void belay__grace_reset(struct belay__grace *grace) {
  atomic_store(&grace->readers[0], 0);
  atomic_store(&grace->readers[1], 0);
}
