/*
 * wait.h: epoll_wait() and poll() with a timeout in nanoseconds.
 *
 * Negative waits for ever.  The result is the number of ready ones, 0 when the
 * time is over, or -errno; -EINTR after a handler.  Never early: what the
 * system can only tell in milliseconds is rounded up.
 */
#ifndef BASE_WAIT_H
#define BASE_WAIT_H

#include <stdint.h>

struct epoll_event;
struct pollfd;

/* `napper`: for whose sake a handler in this thread need not ring, as -EINTR
 * tells (nap.h); NULL: nobody's. */
int belay__wait_epoll(int fd, struct epoll_event *events, int count,
                      int64_t timeout_ns, const void *napper);

int belay__wait_poll(struct pollfd *fds, unsigned count, int64_t timeout_ns);

#endif
