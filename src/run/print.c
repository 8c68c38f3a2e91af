/* print.c: belay_write() until everything is written. */
#include "print.h"

#include <belay/sigpipe.h>

#include <errno.h>
#include <poll.h>

static void (*before_each)(int fd, const char *data, size_t size);

void print_set_before(void (*before)(int fd, const char *data, size_t size)) {
  before_each = before;
}

int print_all(int fd, const void *data, size_t size) {
  const char *rest = data;
  if (before_each != NULL)
    before_each(fd, data, size);
  while (size > 0) {
    ssize_t n = belay_write(fd, rest, size);
    if (n >= 0) {
      rest += n;
      size -= (size_t)n;
    } else if (n == -EAGAIN) {
      struct pollfd ready = {.fd = fd, .events = POLLOUT};
      poll(&ready, 1, -1);
    } else if (n != -EINTR) {
      return (int)n;
    }
  }
  return 0;
}
