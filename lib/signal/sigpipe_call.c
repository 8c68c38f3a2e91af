/*
 * sigpipe_call.c: writes that return -EPIPE and raise nothing.
 *
 * Each takes the cheapest way that its fd and kernel offer: a flag for
 * sockets, a flag for any fd on Linux 6.18, else the thread's guard.
 */
#include <belay/sigpipe.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "signal/quiet.h"

static ssize_t result(ssize_t n) {
  return n < 0 ? -errno : n;
}

ssize_t belay_send(int fd, const void *data, size_t size_bytes, int flags) {
  return result(send(fd, data, size_bytes, flags | MSG_NOSIGNAL));
}

ssize_t belay_sendmsg(int fd, const struct msghdr *message, int flags) {
  return result(sendmsg(fd, message, flags | MSG_NOSIGNAL));
}

static ssize_t write_guarded(int fd, const struct iovec *parts, int count) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  ssize_t n = result(writev(fd, parts, count));
  belay_sigpipe_end(&guard);
  return n;
}

/* To a socket a write is a message, so that one without the signal costs no
 * more.  But for nothing, which writev() does not send, and too many parts. */
static ssize_t write_message(int fd, const struct iovec *parts, int count) {
  bool is_something = false;
  for (int i = 0; i < count && !is_something; i++)
    is_something = parts[i].iov_len > 0;
  if (!is_something || count > IOV_MAX)
    return -ENOTSOCK;
  struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)parts,
                           .msg_iovlen = (size_t)count};
  return belay_sendmsg(fd, &message, 0);
}

ssize_t belay_writev(int fd, const struct iovec *parts, int count) {
  ssize_t n = belay__write_quietly(fd, parts, count);
  if (n != -EOPNOTSUPP)
    return n;
  n = write_message(fd, parts, count);
  return n != -ENOTSOCK ? n : write_guarded(fd, parts, count);
}

/* To write() nothing is an empty message for some sockets; writev() does not
 * even look at the fd. */
static ssize_t write_nothing(int fd) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  ssize_t n = result(write(fd, "", 0));
  belay_sigpipe_end(&guard);
  return n;
}

ssize_t belay_write(int fd, const void *data, size_t size_bytes) {
  if (size_bytes == 0)
    return write_nothing(fd);
  const struct iovec part = {.iov_base = (void *)(uintptr_t)data,
                             .iov_len = size_bytes};
  return belay_writev(fd, &part, 1);
}
