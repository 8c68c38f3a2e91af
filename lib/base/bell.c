/*
 * bell.c (Linux): the bell is an eventfd that is written and never read, and a
 * listener is an epoll instance that watches it edge-triggered.
 *
 * Each write is a new edge for every instance that watches, so one system call
 * wakes all of them; waiting on an instance consumes its edges and nobody
 * else's.  The counter would need 2^64 rings to fill.
 */
#include "base/bell.h"

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/wait.h"

/* As many edges as there are signals are taken in one call. */
#define EDGES 64

int belay__bell_open(struct belay__bell *bell) {
  bell->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return bell->fd < 0 ? -errno : 0;
}

void belay__bell_close(struct belay__bell *bell) {
  belay__fd_close(bell->fd);
  bell->fd = -1;
}

static int watch(int epoll_fd, int operation, int fd, uint32_t events) {
  struct epoll_event event = {.events = events};
  return epoll_ctl(epoll_fd, operation, fd, &event) == 0 ? 0 : -errno;
}

int belay__listener_open(struct belay__listener *listener) {
  int error = belay__wakeup_open(&listener->own);
  if (error < 0)
    return error;
  listener->fd = epoll_create1(EPOLL_CLOEXEC);
  error = listener->fd < 0 ? -errno
                           : watch(listener->fd, EPOLL_CTL_ADD,
                                   listener->own.fd, EPOLLIN | EPOLLET);
  if (error < 0)
    belay__listener_close(listener);
  return error;
}

void belay__listener_close(struct belay__listener *listener) {
  belay__fd_close(listener->fd);
  listener->fd = -1;
  belay__wakeup_close(&listener->own);
}

int belay__listener_join(struct belay__listener *listener,
                         struct belay__bell *bell) {
  return watch(listener->fd, EPOLL_CTL_ADD, bell->fd, EPOLLIN | EPOLLET);
}

void belay__listener_leave(struct belay__listener *listener,
                           struct belay__bell *bell) {
  int saved = errno;
  epoll_ctl(listener->fd, EPOLL_CTL_DEL, bell->fd, NULL);
  errno = saved;
}

void belay__listener_ring(struct belay__listener *listener) {
  belay__wakeup_set(&listener->own);
}

int belay__listener_wait(struct belay__listener *listener, int64_t timeout_ns) {
  struct epoll_event edges[EDGES];
  return belay__wait_epoll(listener->fd, edges, EDGES, timeout_ns);
}

int belay__listener_clear(struct belay__listener *listener) {
  int rung = 0;
  int n;
  do {
    n = belay__listener_wait(listener, 0);
    rung |= n > 0;
  } while (n == -EINTR || n == EDGES);
  return rung;
}

/* The epoll instance is the parent's too: leaving a bell would be for both. */
void belay__listener_abandon(struct belay__listener *listener) {
  belay__fd_close(listener->fd);
  listener->fd = -1;
}

void belay__listener_finish(struct belay__listener *listener) {
  int saved = errno;
  watch(listener->fd, EPOLL_CTL_MOD, listener->own.fd, EPOLLIN);
  belay__wakeup_set(&listener->own);
  errno = saved;
}
