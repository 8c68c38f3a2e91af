/*
 * nap.h: a wait that a handler in the very thread that waits ends by itself, so
 * that it need not ring.
 *
 * A handler makes the system call that it interrupts return -EINTR, and the
 * thread then looks; if the call has anything else to return, the handler has
 * to ring.  There is one gap: the handler may come between the thread's last
 * look and the call.  So the call is a single instruction whose place is known,
 * with the napper in a register: a handler that finds the thread at it lets it
 * go past.  Anywhere else the thread is not napping.
 *
 * nap_x86_64.c knows the machine; nap_none.c rings as ever.
 */
#ifndef BASE_NAP_H
#define BASE_NAP_H

#include <stdbool.h>

struct epoll_event;
struct timespec;

/* Whether belay__nap() may be called. */
bool belay__nap_is_possible(void);

/* epoll_pwait2() for `napper`'s sake: a count or -errno, -ENOSYS among them. */
long belay__nap(int fd, struct epoll_event *events, int count,
                const struct timespec *timeout, const void *napper);

/* In a handler, with its ucontext_t: whether the thread that it interrupted was
 * napping for `napper`, and now returns.  AS-Safe. */
bool belay__nap_ends(void *context, const void *napper);

#endif
