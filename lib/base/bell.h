/*
 * bell.h: a bell that many listeners hear, each with an fd of its own.
 *
 * Ringing makes the fd of every listener that has joined readable, until that
 * listener clears it; what one of them does is nothing to the others.  A
 * listener may join many bells, and one bell many times.  Ringing is MT-Safe
 * and AS-Safe and never waits; the rest is for ordinary context, under a lock
 * of the callers' where they share a bell.
 *
 * bell.c and ring.c (Linux): one system call rings for all.  bell_pipe.c and
 * ring_pipe.c (portable): one for each listener.
 */
#ifndef BASE_BELL_H
#define BASE_BELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/grace.h"
#include "base/wakeup.h"

/* The portable bell's list of listeners; never changed, only replaced. */
struct belay__bell_pipes {
  size_t count;
  struct belay__wakeup wakeups[];
};

struct belay__bell {
  int fd; /* Linux: an eventfd that is never read */
  _Atomic(struct belay__bell_pipes *) pipes;
  struct belay__grace grace;
};

struct belay__listener {
  int fd;                   /* to wait for; level-triggered */
  struct belay__wakeup own; /* rings this listener alone */
  void *data;    /* Linux: what the events of its epoll instance carry */
  bool is_guest; /* Linux: the instance is somebody else's */
  struct belay__joined *joined; /* bells, and how often */
  size_t joined_count;
};

int belay__bell_open(struct belay__bell *bell);
/* No listener may have it joined, and nobody may be ringing. */
void belay__bell_close(struct belay__bell *bell);
void belay__bell_ring(struct belay__bell *bell);

/* What a handler does for a caller's fd: one byte, or 1 for an eventfd.
 * AS-Safe, and its thread is not cancelled in it. */
void belay__poke(int fd, bool is_eventfd);

int belay__listener_open(struct belay__listener *listener);
/* In somebody's epoll instance, whose events then carry `data` once for each
 * ring, and need no clearing; -ENOSYS elsewhere. */
int belay__listener_open_in(struct belay__listener *listener, int epoll_fd,
                            void *data);
void belay__listener_close(struct belay__listener *listener);

/* listener.c: is heard as often as it joined more often than it left. */
int belay__listener_join(struct belay__listener *listener,
                         struct belay__bell *bell);
void belay__listener_leave(struct belay__listener *listener,
                           struct belay__bell *bell);

/* For listener.c: the bell hears of the listener, once. */
int belay__bell_admit(struct belay__bell *bell,
                      struct belay__listener *listener);
void belay__bell_dismiss(struct belay__bell *bell,
                         struct belay__listener *listener);

/* Rings for this listener alone.  MT-Safe, AS-Safe. */
void belay__listener_ring(struct belay__listener *listener);

/* Makes it unreadable until the next ring: 1 if it was readable, else 0. */
int belay__listener_clear(struct belay__listener *listener);

/* Waits for a ring up to timeout_ns (negative: for ever) and clears it: 1 or
 * more, or 0 when the time is over, or -EINTR.  A handler in this very thread
 * may end it without ringing (nap.h). */
int belay__listener_wait(struct belay__listener *listener, int64_t timeout_ns);

/* Makes it readable for good.  It has left all bells. */
void belay__listener_finish(struct belay__listener *listener);

/* For the child of a fork: what is done to its copy from now on does not reach
 * the parent's. */
void belay__listener_abandon(struct belay__listener *listener);

#endif
