/* wait_poll.c (portable): ppoll() where it is, which POSIX has since 2024. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include "base/clock.h"
#include "base/wait.h"

int belay__wait_poll(struct pollfd *fds, unsigned count, int64_t timeout_ns) {
  struct timespec timeout;
  if (timeout_ns >= 0)
    timeout = belay__clock_timespec(timeout_ns);
  int n = ppoll(fds, count, timeout_ns >= 0 ? &timeout : NULL, NULL);
  return n < 0 ? -errno : n;
}
