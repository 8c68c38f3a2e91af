/*
 * owner_atfork.c (portable): the generation is a plain variable that a fork
 * handler empties in the child.  Children made without fork() are missed.
 */
#include <errno.h>
#include <pthread.h>

#include "base/owner.h"

static atomic_uint generation;
_Atomic(atomic_uint *) belay__owner_word;
static unsigned last_generation;

static void empty_in_child(void) {
  atomic_store(&generation, 0);
}

int belay__owner_claim(void) {
  if (belay__owner_generation() != 0)
    return 0;
  if (atomic_load(&belay__owner_word) == NULL) {
    if (pthread_atfork(NULL, NULL, empty_in_child) != 0)
      return -ENOMEM;
    atomic_store(&belay__owner_word, &generation);
  }
  atomic_store(&generation, ++last_generation);
  return 0;
}
