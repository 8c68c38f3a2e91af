/*
 * poller.h: the system's way of waiting for many fds, level-triggered.
 *
 * One backend a file, the same functions in each: epoll.c (Linux), poll.c
 * (portable).  A poller belongs to one thread.
 */
#ifndef LOOP_POLLER_H
#define LOOP_POLLER_H

#include <stdint.h>

struct belay__poller;

struct belay__ready {
  void *data;
  unsigned ready; /* BELAY_FD_... */
};

int belay__poller_new(struct belay__poller **ret_poller);
void belay__poller_free(struct belay__poller *poller);

/* For the child of a fork: what is done to its copy from now on does not reach
 * the parent's. */
void belay__poller_abandon(struct belay__poller *poller);

/* An fd that is readable when something is ready, or -ENOSYS. */
int belay__poller_fd(const struct belay__poller *poller);

/* -EEXIST, -EBADF, -EPERM, -ENOMEM, -ENOSPC. */
int belay__poller_add(struct belay__poller *poller, int fd, unsigned interest,
                      void *data);
int belay__poller_change(struct belay__poller *poller, int fd,
                         unsigned interest, void *data);
void belay__poller_remove(struct belay__poller *poller, int fd);

/* Up to `count` ready ones in turn: their number, 0 when the time is over
 * (negative: for ever), or -errno, -EINTR among them.  `napper`: as for
 * belay__wait_epoll(). */
int belay__poller_wait(struct belay__poller *poller, struct belay__ready *ret,
                       int count, int64_t timeout_ns, const void *napper);

#endif
