/*
 * ring_pipe.c (portable): the part of a bell that handlers run: one write for
 * each listener, to a pipe that may be full, and then is readable already.
 */
#include <unistd.h>

#include "base/bell.h"

void belay__bell_ring(struct belay__bell *bell) {
  unsigned side = belay__grace_enter(&bell->grace);
  const struct belay__bell_pipes *pipes = atomic_load(&bell->pipes);
  for (size_t i = 0; pipes != NULL && i < pipes->count; i++) {
    ssize_t n = write(pipes->wakeups[i].write_fd, "", 1);
    (void)n;
  }
  belay__grace_leave(&bell->grace, side);
}
