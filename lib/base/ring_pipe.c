/*
 * ring_pipe.c (portable): the part of a bell that handlers run: one write for
 * each listener, to a pipe that may be full, and then is readable already.
 */
#include <pthread.h>
#include <unistd.h>

#include "base/bell.h"

/* What is full is readable already.  To write is a cancellation point. */
static void write_all_or_none(int fd, const void *data, size_t size) {
  int cancel_state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  ssize_t n = write(fd, data, size);
  (void)n;
  pthread_setcancelstate(cancel_state, &cancel_state);
}

void belay__poke(int fd, bool is_eventfd) {
  uint64_t one = 1;
  write_all_or_none(fd, &one, is_eventfd ? sizeof(one) : 1);
}

void belay__bell_ring(struct belay__bell *bell) {
  unsigned side = belay__grace_enter(&bell->grace);
  const struct belay__bell_pipes *pipes = atomic_load(&bell->pipes);
  for (size_t i = 0; pipes != NULL && i < pipes->count; i++)
    write_all_or_none(pipes->wakeups[i].write_fd, "", 1);
  belay__grace_leave(&bell->grace, side);
}
