/* timerfd_none.c (portable): deadlines are no fds there. */
#include <errno.h>

#include "loop/timerfd.h"

int belay__timerfd_open(void) {
  return -ENOSYS;
}

void belay__timerfd_set(int fd, int64_t deadline_ns) {
  (void)fd, (void)deadline_ns;
}
