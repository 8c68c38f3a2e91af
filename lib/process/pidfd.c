/* pidfd.c (Linux 5.4): a child as an fd. */
#include "process/pidfd.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

#define BY_PIDFD ((idtype_t)3) /* P_PIDFD */

/* Close-on-exec from birth.  A filter that does not know it says EPERM. */
int belay__pidfd_open(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0 && errno == EPERM)
    return -ENOSYS;
  return belay__fd_settle(fd);
}

int belay__pidfd_signal(int fd, int signo) {
  int saved_errno = errno;
  int n = (int)syscall(SYS_pidfd_send_signal, fd, signo, NULL, 0);
  int error = n < 0 ? -errno : 0;
  errno = saved_errno;
  return error;
}

int belay__pidfd_wait(int fd, siginfo_t *ret_info, int options) {
  return waitid(BY_PIDFD, (id_t)fd, ret_info, options);
}
