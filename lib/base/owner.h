/*
 * owner.h: whether this is still the process that set things up, or a child
 * that was forked since and has only copies.
 *
 * The answer is a generation number: 0 in a child until it claims a new one.
 * Whatever is shared with other processes (an fd to wake) is touched only by
 * the generation that made it.  Asking costs one load, in a handler too.
 *
 * owner_wipe.c (Linux) keeps the number in memory that the kernel empties in
 * children, however they were forked; owner_atfork.c empties it itself, which
 * misses children made without fork().
 */
#ifndef BASE_OWNER_H
#define BASE_OWNER_H

#include <stddef.h>

#include "base/atomic.h"

extern _Atomic(atomic_uint *) belay__owner_word;

/* The current generation; 0: nothing claimed, or a child's copy.  AS-Safe. */
static inline unsigned belay__owner_generation(void) {
  atomic_uint *word =
      atomic_load_explicit(&belay__owner_word, memory_order_acquire);
  return word == NULL ? 0 : atomic_load_explicit(word, memory_order_relaxed);
}

/* Makes this process the owner, with a generation that none before it had: 0,
 * also when it is already; or -ENOMEM.  Callers hold a lock of theirs. */
int belay__owner_claim(void);

#endif
