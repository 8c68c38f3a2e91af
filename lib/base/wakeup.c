/*
 * wakeup.c (Linux): a wake-up is an eventfd: one fd, one write, one read.  By
 * number, as in fd_close.c.
 */
#include "base/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

int belay__wakeup_open(struct belay__wakeup *wakeup) {
  int fd = belay__fd_settle(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (fd < 0)
    return fd;
  wakeup->fd = wakeup->write_fd = fd;
  return 0;
}

void belay__wakeup_close(struct belay__wakeup *wakeup) {
  belay__fd_close(wakeup->fd);
  wakeup->fd = wakeup->write_fd = -1;
}

void belay__wakeup_set(const struct belay__wakeup *wakeup) {
  uint64_t one = 1;
  /* It fails only when the counter is full: then it is readable already. */
  long n = syscall(SYS_write, wakeup->write_fd, &one, sizeof(one));
  (void)n;
}

void belay__wakeup_clear(const struct belay__wakeup *wakeup) {
  uint64_t count;
  long n = syscall(SYS_read, wakeup->fd, &count, sizeof(count));
  (void)n;
}
