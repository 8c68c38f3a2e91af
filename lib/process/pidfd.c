/* pidfd.c (Linux 5.3): an fd that tells of a child's end. */
#include "process/pidfd.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Close-on-exec from birth.  A filter that does not know it says EPERM. */
int belay__pidfd_open(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0 && errno == EPERM)
    return -ENOSYS;
  return belay__fd_settle(fd);
}
