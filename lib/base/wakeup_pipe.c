/* wakeup_pipe.c (portable): a wake-up is a pipe; one byte or more is "set". */
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/wakeup.h"

int belay__wakeup_open(struct belay__wakeup *wakeup) {
  int fds[2];
  int error = belay__fd_pipe(O_NONBLOCK, fds);
  if (error < 0)
    return error;
  wakeup->fd = fds[0];
  wakeup->write_fd = fds[1];
  return 0;
}

void belay__wakeup_close(struct belay__wakeup *wakeup) {
  belay__fd_close(wakeup->fd);
  belay__fd_close(wakeup->write_fd);
  wakeup->fd = wakeup->write_fd = -1;
}

void belay__wakeup_set(const struct belay__wakeup *wakeup) {
  /* It fails only when the pipe is full: then it is readable already. */
  ssize_t n = write(wakeup->write_fd, "", 1);
  (void)n;
}

void belay__wakeup_clear(const struct belay__wakeup *wakeup) {
  char bytes[256];
  while (read(wakeup->fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
    continue;
}
