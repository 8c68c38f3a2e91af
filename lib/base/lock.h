/*
 * lock.h: a lock whose holder cannot be cancelled.
 *
 * read(), write() and close() are cancellation points: a thread that was
 * cancelled in one of them would never give the lock back.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>

/* Locks; the result goes to unlock(). */
static inline int belay__lock(pthread_mutex_t *lock) {
  int cancel_state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  pthread_mutex_lock(lock);
  return cancel_state;
}

static inline void belay__unlock(pthread_mutex_t *lock, int cancel_state) {
  int disabled;
  pthread_mutex_unlock(lock);
  pthread_setcancelstate(cancel_state, &disabled);
}

#endif
