/*
 * fd.c: file descriptors that no program which we start will ever see.
 * Invariant: there is no moment at which one of them lacks close-on-exec.
 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int belay__fd_pipe(int ret_fds[2]) {
  return pipe2(ret_fds, O_CLOEXEC | O_NONBLOCK) == 0 ? 0 : -errno;
}

int belay__fd_pipe_blocking(int ret_fds[2]) {
  return pipe2(ret_fds, O_CLOEXEC) == 0 ? 0 : -errno;
}

void belay__fd_close(int fd) {
  int saved = errno;
  if (fd >= 0)
    close(fd);
  errno = saved;
}

int belay__fd_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0)
    return -errno;
  if (flags & O_NONBLOCK)
    return 0;
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -errno;
}
