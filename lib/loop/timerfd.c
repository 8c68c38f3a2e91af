/* timerfd.c (Linux): a deadline as an fd. */
#include "loop/timerfd.h"

#include <sys/timerfd.h>

#include "base/clock.h"
#include "base/fd.h"

int belay__timerfd_open(void) {
  return belay__fd_settle(
      timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

void belay__timerfd_set(int fd, int64_t deadline_ns) {
  struct itimerspec at = {0};
  if (deadline_ns >= 0)
    at.it_value = belay__clock_timespec(deadline_ns > 0 ? deadline_ns : 1);
  timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
}
