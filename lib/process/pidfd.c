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

#define BY_PIDFD 3         /* P_PIDFD */
#define TO_GROUP (1U << 2) /* PIDFD_SIGNAL_PROCESS_GROUP */

/* Close-on-exec from birth.  A filter that does not know it says EPERM. */
int belay__pidfd_open(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0 && errno == EPERM)
    return -ENOSYS;
  return belay__fd_settle(fd);
}

static int send_signal(int fd, int signo, unsigned flags) {
  int saved_errno = errno;
  int n = (int)syscall(SYS_pidfd_send_signal, fd, signo, NULL, flags);
  int error = n < 0 ? -errno : 0;
  errno = saved_errno;
  return error;
}

int belay__pidfd_signal(int fd, int signo) {
  return send_signal(fd, signo, 0);
}

/* EINVAL is said of the flag, or of the signal: then kill() says it too. */
int belay__pidfd_signal_group(int fd, int signo) {
  int error = send_signal(fd, signo, TO_GROUP);
  return error == -EINVAL ? -ENOSYS : error;
}

/* The kernel's own call tells of usage too.  Its struct is the C library's
 * where both count seconds alike. */
int belay__pidfd_wait(int fd, pid_t pid, siginfo_t *ret_info, int options,
                      struct rusage *ret_usage) {
  long n = -1;
  if (ret_usage != NULL && sizeof(time_t) != sizeof(long)) {
    errno = ENOSYS;
    return -1;
  }
  if (fd >= 0)
    n = syscall(SYS_waitid, BY_PIDFD, fd, ret_info, options, ret_usage);
  if (fd < 0 || (n < 0 && errno == EINVAL)) /* before Linux 5.4 */
    n = syscall(SYS_waitid, P_PID, pid, ret_info, options, ret_usage);
  return (int)n;
}
