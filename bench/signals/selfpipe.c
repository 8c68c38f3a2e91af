/*
 * selfpipe.c: what everybody is compared with: a handler that counts and
 * writes one byte to a pipe, epoll, and an array of callbacks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common.h"

static atomic_uint came[NSIG];
static int fds[2], epoll_fd;

static void wake(int signo) {
  int saved_errno = errno;
  atomic_fetch_add(&came[signo], 1);
  ssize_t n = write(fds[1], "", 1);
  (void)n;
  errno = saved_errno;
}

static void (**callbacks)(int signo, uint64_t count);
static size_t count, capacity;

static void tell(int signo, uint64_t n) {
  heard(signo, n);
}

static void add(void) {
  if (count == capacity) {
    capacity = 2 * capacity + 1;
    callbacks = realloc(callbacks, capacity * sizeof(*callbacks));
    die_if(callbacks == NULL, "realloc");
  }
  callbacks[count++] = tell;
}

void peer_setup(const int *signals) {
  die_if(pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0, "pipe");
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  die_if(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fds[0], &event) != 0, "epoll");
  struct sigaction action = {.sa_handler = wake, .sa_flags = SA_RESTART};
  for (; *signals != 0; signals++)
    sigaction(*signals, &action, NULL);
  add();
}

void peer_wait(void) {
  struct epoll_event event;
  char bytes[4096];
  if (epoll_wait(epoll_fd, &event, 1, -1) != 1 ||
      read(fds[0], bytes, sizeof(bytes)) <= 0)
    return;
  unsigned usr1 = atomic_exchange(&came[SIGUSR1], 0);
  for (size_t i = 0; usr1 > 0 && i < count; i++)
    callbacks[i](SIGUSR1, usr1);
  if (atomic_exchange(&came[SIGTERM], 0) > 0)
    heard(SIGTERM, 1);
}

void *peer_subscribe(int signo) {
  (void)signo;
  add();
  return &callbacks;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
  count--; /* it is the last */
}
