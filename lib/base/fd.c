/*
 * fd.c: file descriptors that no program which we start will ever see.
 * Invariant: there is no moment at which one of them lacks close-on-exec.
 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int belay__fd_settle(int fd) {
  if (fd < 0)
    return -errno;
  if (fd > STDERR_FILENO)
    return fd;
  int settled = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  belay__fd_close(fd);
  if (settled < 0)
    return errno == EINVAL ? -EMFILE : -errno; /* a limit that low */
  return settled;
}

int belay__fd_pipe(int flags, int ret_fds[2]) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC | flags) != 0)
    return -errno;
  fds[0] = belay__fd_settle(fds[0]);
  fds[1] = belay__fd_settle(fds[1]);
  int error = fds[0] < 0 ? fds[0] : fds[1];
  if (error < 0) {
    belay__fd_close(fds[0]);
    belay__fd_close(fds[1]);
    return error;
  }
  ret_fds[0] = fds[0];
  ret_fds[1] = fds[1];
  return 0;
}

int belay__fd_set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0)
    return -errno;
  if (flags & O_NONBLOCK)
    return 0;
  return fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 ? 0 : -errno;
}
