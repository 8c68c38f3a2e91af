/*
 * quiet_rwf.c (Linux 6.18): pwritev2() with RWF_NOSIGNAL.  Whether the kernel
 * knows the flag is found out once, on a pipe of our own; some files take no
 * flags at all whatever the kernel knows.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/fd.h"
#include "signal/quiet.h"

#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x100
#endif

/* By number, since not every C library has a function for it; at the file's
 * own position (-1), whose halves are all ones too. */
static ssize_t write_with_flag(int fd, const struct iovec *parts, int count) {
  return syscall(SYS_pwritev2, fd, parts, count, -1L, -1L, RWF_NOSIGNAL);
}

static int probe(void) {
  int fds[2];
  char byte = 0;
  const struct iovec part = {.iov_base = &byte, .iov_len = 1};
  if (belay__fd_pipe(O_NONBLOCK, fds) < 0)
    return -1;
  int known = write_with_flag(fds[1], &part, 1) == 1;
  belay__fd_close(fds[0]);
  belay__fd_close(fds[1]);
  return known;
}

static int kernel_knows(void) {
  static atomic_int known = -1; /* not found out */
  int state = atomic_load_explicit(&known, memory_order_relaxed);
  if (state < 0) {
    state = probe();
    atomic_store_explicit(&known, state, memory_order_relaxed);
  }
  return state > 0;
}

ssize_t belay__write_quietly(int fd, const struct iovec *parts, int count) {
  if (!kernel_knows())
    return -EOPNOTSUPP;
  ssize_t n = write_with_flag(fd, parts, count);
  /* A filter was installed since.  If it was not, the other way will tell. */
  if (n < 0 && (errno == ENOSYS || errno == EPERM))
    return -EOPNOTSUPP;
  return n < 0 ? -errno : n;
}
