/*
 * lock.h: stretches in which a thread cannot be cancelled, with a lock or
 * without.
 *
 * open(), close() and many others are cancellation points: a thread that was
 * cancelled in one of them would never give back what it has.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>

/* The result goes to restore(). */
static inline int belay__cancel_disable(void) {
  int cancel_state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  return cancel_state;
}

static inline void belay__cancel_restore(int cancel_state) {
  int disabled;
  pthread_setcancelstate(cancel_state, &disabled);
}

/* Locks; the result goes to unlock(). */
static inline int belay__lock(pthread_mutex_t *lock) {
  int cancel_state = belay__cancel_disable();
  pthread_mutex_lock(lock);
  return cancel_state;
}

static inline void belay__unlock(pthread_mutex_t *lock, int cancel_state) {
  pthread_mutex_unlock(lock);
  belay__cancel_restore(cancel_state);
}

#endif
