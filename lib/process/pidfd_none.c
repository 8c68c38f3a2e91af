/* pidfd_none.c (portable): elsewhere SIGCHLD tells. */
#include <errno.h>

#include "process/pidfd.h"

int belay__pidfd_open(pid_t pid) {
  (void)pid;
  return -ENOSYS;
}

int belay__pidfd_signal(int fd, int signo) {
  (void)fd, (void)signo;
  return -ENOSYS;
}

int belay__pidfd_wait(int fd, siginfo_t *ret_info, int options) {
  (void)fd, (void)ret_info, (void)options;
  errno = ENOSYS;
  return -1;
}
