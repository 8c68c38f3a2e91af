/*
 * bell_pipe.c (portable): a listener is a pipe, and a bell an array of the
 * pipes to write to.
 *
 * The array is never changed: joining and leaving publish a new one and free
 * the old one after a grace period, so that ringing needs no lock.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/bell.h"
#include "base/fd.h"
#include "base/wait.h"

int belay__bell_open(struct belay__bell *bell) {
  bell->fd = -1;
  atomic_store(&bell->pipes, NULL);
  belay__grace_reset(&bell->grace);
  return 0;
}

void belay__bell_close(struct belay__bell *bell) {
  free(atomic_exchange(&bell->pipes, NULL));
}

static struct belay__bell_pipes *new_pipes(size_t count) {
  struct belay__bell_pipes *pipes =
      malloc(sizeof(*pipes) + count * sizeof(pipes->wakeups[0]));
  if (pipes != NULL)
    pipes->count = count;
  return pipes;
}

static void publish(struct belay__bell *bell, struct belay__bell_pipes *pipes) {
  struct belay__bell_pipes *old = atomic_exchange(&bell->pipes, pipes);
  belay__grace_wait(&bell->grace);
  free(old);
}

int belay__bell_admit(struct belay__bell *bell,
                      struct belay__listener *listener) {
  const struct belay__bell_pipes *old = atomic_load(&bell->pipes);
  size_t count = old != NULL ? old->count : 0;
  struct belay__bell_pipes *pipes = new_pipes(count + 1);
  if (pipes == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    pipes->wakeups[i] = old->wakeups[i];
  pipes->wakeups[count] = listener->own;
  publish(bell, pipes);
  return 0;
}

/* Without memory for a smaller array the old one is changed in place, to an
 * fd that cannot be written to: a ring in progress reads one or the other. */
void belay__bell_dismiss(struct belay__bell *bell,
                         struct belay__listener *listener) {
  struct belay__bell_pipes *old = atomic_load(&bell->pipes);
  struct belay__bell_pipes *pipes = new_pipes(old->count);
  size_t kept = 0;
  for (size_t i = 0; i < old->count; i++) {
    bool leaves = old->wakeups[i].fd == listener->own.fd;
    if (pipes != NULL && !leaves)
      pipes->wakeups[kept++] = old->wakeups[i];
    else if (pipes == NULL && leaves)
      old->wakeups[i].write_fd = -1;
  }
  if (pipes != NULL) {
    pipes->count = kept;
    publish(bell, pipes);
  } else {
    belay__grace_wait(&bell->grace);
  }
}

int belay__listener_open(struct belay__listener *listener) {
  *listener = (struct belay__listener){.fd = -1};
  int error = belay__wakeup_open(&listener->own);
  if (error < 0)
    return error;
  listener->fd = listener->own.fd;
  return 0;
}

int belay__listener_open_in(struct belay__listener *listener, int epoll_fd,
                            void *data) {
  (void)listener, (void)epoll_fd, (void)data;
  return -ENOSYS;
}

void belay__listener_close(struct belay__listener *listener) {
  belay__wakeup_close(&listener->own);
  free(listener->joined);
  listener->joined = NULL;
  listener->joined_count = 0;
  listener->fd = -1;
}

void belay__listener_ring(struct belay__listener *listener) {
  belay__wakeup_set(&listener->own);
}

int belay__listener_wait(struct belay__listener *listener, int64_t timeout_ns) {
  struct pollfd fd = {.fd = listener->fd, .events = POLLIN};
  int n = belay__wait_poll(&fd, 1, timeout_ns);
  if (n > 0)
    belay__wakeup_clear(&listener->own);
  return n;
}

int belay__listener_clear(struct belay__listener *listener) {
  int n;
  do {
    n = belay__listener_wait(listener, 0);
  } while (n == -EINTR);
  return n;
}

/* Closing the writing end makes the other readable for ever. */
void belay__listener_finish(struct belay__listener *listener) {
  belay__fd_close(listener->own.write_fd);
  listener->own.write_fd = -1;
}

/* Leaving a bell changes memory alone, which is the child's own. */
void belay__listener_abandon(struct belay__listener *listener) {
  (void)listener;
}
