/*
 * print.c: belay_write() until everything is written, or we are to end.
 *
 * Our signals are blocked: a reader who does not read is not to keep us from
 * hearing them.  So we write only what can be taken at once, and while nothing
 * can, look for a wish that we end; after one, nobody is waited for.
 */
#include "print.h"

#include <belay/sigpipe.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>

#include "signals.h"

#define LOOK_MS 100

static void (*before_each)(int fd, const char *data, size_t size);
static bool is_hurried;

void print_set_before(void (*before)(int fd, const char *data, size_t size)) {
  before_each = before;
}

void print_hurry(void) {
  is_hurried = true;
}

/* Until it can take so much as a pipe takes at once: 0 or -EINTR. */
static int wait_for(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  while (poll(&ready, 1, LOOK_MS) == 0)
    if (is_hurried || signals_end_is_pending())
      return -EINTR;
  return 0;
}

int print_all(int fd, const void *data, size_t size) {
  const char *rest = data;
  if (before_each != NULL)
    before_each(fd, data, size);
  while (size > 0) {
    int error = wait_for(fd);
    if (error < 0)
      return error;
    ssize_t n = belay_write(fd, rest, size < PIPE_BUF ? size : PIPE_BUF);
    if (n >= 0) {
      rest += n;
      size -= (size_t)n;
    } else if (n != -EAGAIN && n != -EINTR) {
      return (int)n;
    }
  }
  return 0;
}
