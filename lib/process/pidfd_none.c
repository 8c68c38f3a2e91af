/* pidfd_none.c (portable): elsewhere SIGCHLD tells. */
#include <errno.h>
#include <sys/wait.h>

#include "process/pidfd.h"

int belay__pidfd_open(pid_t pid) {
  (void)pid;
  return -ENOSYS;
}

int belay__pidfd_signal(int fd, int signo) {
  (void)fd, (void)signo;
  return -ENOSYS;
}

int belay__pidfd_signal_group(int fd, int signo) {
  (void)fd, (void)signo;
  return -ENOSYS;
}

int belay__pidfd_wait(int fd, pid_t pid, siginfo_t *ret_info, int options,
                      struct rusage *ret_usage) {
  (void)fd;
  if (ret_usage == NULL)
    return waitid(P_PID, (id_t)pid, ret_info, options);
  errno = ENOSYS;
  return -1;
}
