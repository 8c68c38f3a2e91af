/* wakeup.c (Linux): a wake-up is an eventfd: one fd, one write, one read. */
#include "base/wakeup.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fd.h"

int belay__wakeup_open(struct belay__wakeup *wakeup) {
  int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0)
    return -errno;
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
  ssize_t n = write(wakeup->write_fd, &one, sizeof(one));
  (void)n;
}

void belay__wakeup_clear(const struct belay__wakeup *wakeup) {
  uint64_t count;
  ssize_t n = read(wakeup->fd, &count, sizeof(count));
  (void)n;
}
