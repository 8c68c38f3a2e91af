/*
 * atomic.h: C11 atomics, and the promise that signal handlers need of them:
 * an atomic that took a lock would deadlock in a handler.
 */
#ifndef BASE_ATOMIC_H
#define BASE_ATOMIC_H

#include <stdatomic.h>

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "int must be lock-free");
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64-bit must be lock-free");
_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2, "pointers must be lock-free");

#endif
