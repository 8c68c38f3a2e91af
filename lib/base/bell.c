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
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "base/fd.h"
#include "base/wait.h"

/* As many edges as there are signals are taken in one call. */
#define EDGES 64

int belay__bell_open(struct belay__bell *bell) {
  bell->fd = belay__fd_settle(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return bell->fd < 0 ? bell->fd : 0;
}

void belay__bell_close(struct belay__bell *bell) {
  belay__fd_close(bell->fd);
  bell->fd = -1;
}

static int watch(const struct belay__listener *listener, int operation, int fd,
                 uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = listener->data};
  return epoll_ctl(listener->fd, operation, fd, &event) == 0 ? 0 : -errno;
}

static int open_in(struct belay__listener *listener) {
  int error = belay__wakeup_open(&listener->own);
  if (error == 0)
    error = watch(listener, EPOLL_CTL_ADD, listener->own.fd, EPOLLIN | EPOLLET);
  if (error < 0)
    belay__listener_close(listener);
  return error;
}

int belay__listener_open(struct belay__listener *listener) {
  *listener = (struct belay__listener){.own.fd = -1};
  listener->fd = belay__fd_settle(epoll_create1(EPOLL_CLOEXEC));
  return listener->fd < 0 ? listener->fd : open_in(listener);
}

int belay__listener_open_in(struct belay__listener *listener, int epoll_fd,
                            void *data) {
  *listener = (struct belay__listener){
      .own.fd = -1, .fd = epoll_fd, .data = data, .is_guest = true};
  return open_in(listener);
}

void belay__listener_close(struct belay__listener *listener) {
  if (!listener->is_guest)
    belay__fd_close(listener->fd);
  listener->fd = -1;
  belay__wakeup_close(&listener->own);
  free(listener->joined);
  listener->joined = NULL;
  listener->joined_count = 0;
}

int belay__bell_admit(struct belay__bell *bell,
                      struct belay__listener *listener) {
  return watch(listener, EPOLL_CTL_ADD, bell->fd, EPOLLIN | EPOLLET);
}

void belay__bell_dismiss(struct belay__bell *bell,
                         struct belay__listener *listener) {
  int saved = errno;
  epoll_ctl(listener->fd, EPOLL_CTL_DEL, bell->fd, NULL);
  errno = saved;
}

void belay__listener_ring(struct belay__listener *listener) {
  belay__wakeup_set(&listener->own);
}

int belay__listener_wait(struct belay__listener *listener, int64_t timeout_ns) {
  struct epoll_event edges[EDGES];
  return belay__wait_epoll(listener->fd, edges, EDGES, timeout_ns, listener);
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
  if (!listener->is_guest)
    belay__fd_close(listener->fd);
  listener->fd = -1;
}

void belay__listener_finish(struct belay__listener *listener) {
  int saved = errno;
  watch(listener, EPOLL_CTL_MOD, listener->own.fd, EPOLLIN);
  belay__wakeup_set(&listener->own);
  errno = saved;
}
