/*
 * grace.h: knowing when nobody reads the old version any more.
 *
 * Readers (signal handlers) enter, read what is published and leave; they
 * never wait.  A writer publishes a new version, waits for the grace period
 * and may then free the old one.
 *
 * Two reader counters take turns, so that a stream of new readers cannot keep
 * the writer waiting: it turns new ones to the other counter and waits for the
 * first to reach zero; then once more, for readers that had chosen a counter
 * before the turn and entered after it.  (Sleepable RCU works like this.)
 */
#ifndef BASE_GRACE_H
#define BASE_GRACE_H

#include "base/atomic.h"

struct belay__grace {
  atomic_uint turn;
  atomic_uint readers[2];
};

/* Enters; the result goes to leave().  AS-Safe, never waits. */
static inline unsigned belay__grace_enter(struct belay__grace *grace) {
  unsigned side = atomic_load(&grace->turn) & 1;
  atomic_fetch_add(&grace->readers[side], 1);
  return side;
}

static inline void belay__grace_leave(struct belay__grace *grace,
                                      unsigned side) {
  atomic_fetch_sub(&grace->readers[side], 1);
}

/* Waits until every reader that may have seen what was published before has
 * left.  One writer at a time, never from within a reader. */
void belay__grace_wait(struct belay__grace *grace);

/* Forgets all readers: for the child of a fork, where they do not exist. */
void belay__grace_reset(struct belay__grace *grace);

#endif
