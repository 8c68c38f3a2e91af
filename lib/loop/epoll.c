/*
 * epoll.c (Linux): the poller on epoll.  The kernel keeps the set, and turns
 * through it when more is ready than fits one call.
 */
#include <belay/loop.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "base/wait.h"
#include "loop/poller.h"

#define BATCH 64

struct belay__poller {
  int fd;
};

int belay__poller_new(struct belay__poller **ret_poller) {
  struct belay__poller *poller = malloc(sizeof(*poller));
  if (poller == NULL)
    return -ENOMEM;
  poller->fd = belay__fd_settle(epoll_create1(EPOLL_CLOEXEC));
  if (poller->fd < 0) {
    int error = poller->fd;
    free(poller);
    return error;
  }
  *ret_poller = poller;
  return 0;
}

void belay__poller_free(struct belay__poller *poller) {
  if (poller == NULL)
    return;
  belay__fd_close(poller->fd);
  free(poller);
}

/* The epoll instance is the parent's too: removing an fd would be for both. */
void belay__poller_abandon(struct belay__poller *poller) {
  belay__fd_close(poller->fd);
  poller->fd = -1;
}

int belay__poller_fd(const struct belay__poller *poller) {
  return poller->fd;
}

static int control(const struct belay__poller *poller, int operation, int fd,
                   unsigned interest, void *data) {
  struct epoll_event event = {.data.ptr = data};
  if (interest & BELAY_FD_READ)
    event.events |= EPOLLIN | EPOLLRDHUP;
  if (interest & BELAY_FD_WRITE)
    event.events |= EPOLLOUT;
  return epoll_ctl(poller->fd, operation, fd, &event) == 0 ? 0 : -errno;
}

int belay__poller_add(struct belay__poller *poller, int fd, unsigned interest,
                      void *data) {
  return control(poller, EPOLL_CTL_ADD, fd, interest, data);
}

int belay__poller_change(struct belay__poller *poller, int fd,
                         unsigned interest, void *data) {
  return control(poller, EPOLL_CTL_MOD, fd, interest, data);
}

void belay__poller_remove(struct belay__poller *poller, int fd) {
  int saved_errno = errno;
  control(poller, EPOLL_CTL_DEL, fd, 0, NULL);
  errno = saved_errno;
}

static unsigned ready_from(uint32_t events) {
  unsigned ready = 0;
  if (events & EPOLLIN)
    ready |= BELAY_FD_READ;
  if (events & EPOLLOUT)
    ready |= BELAY_FD_WRITE;
  if (events & (EPOLLHUP | EPOLLRDHUP))
    ready |= BELAY_FD_HANGUP;
  if (events & EPOLLERR)
    ready |= BELAY_FD_ERROR;
  return ready;
}

int belay__poller_wait(struct belay__poller *poller, struct belay__ready *ret,
                       int count, int64_t timeout_ns, const void *napper) {
  struct epoll_event events[BATCH];
  int n = belay__wait_epoll(poller->fd, events, count < BATCH ? count : BATCH,
                            timeout_ns, napper);
  for (int i = 0; i < n; i++)
    ret[i] = (struct belay__ready){.data = events[i].data.ptr,
                                   .ready = ready_from(events[i].events)};
  return n;
}
