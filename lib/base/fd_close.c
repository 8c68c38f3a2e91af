/*
 * fd_close.c (Linux): closing, where no thread can be cancelled.
 *
 * A thread that cannot be cancelled now may be, by the GNU C library, in one of
 * its cancellation points if somebody began to cancel it just before; it would
 * keep our locks for ever.  So what we call with a lock held is called by
 * number.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

void belay__fd_close(int fd) {
  int saved = errno;
  if (fd >= 0)
    syscall(SYS_close, fd);
  errno = saved;
}
