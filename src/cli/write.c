/*
 * write.c: write() until everything is written.  The fd may be shared with
 * programs that made it non-blocking; a message is not lost because of them.
 */
#include "write.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int write_all(int fd, const void *data, size_t size) {
  const char *rest = data;
  while (size > 0) {
    ssize_t n = write(fd, rest, size);
    if (n >= 0) {
      rest += n;
      size -= (size_t)n;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      struct pollfd ready = {.fd = fd, .events = POLLOUT};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return 0;
}
