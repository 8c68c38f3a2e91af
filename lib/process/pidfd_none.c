/* pidfd_none.c (portable): elsewhere SIGCHLD tells. */
#include <errno.h>

#include "process/pidfd.h"

int belay__pidfd_open(pid_t pid) {
  (void)pid;
  return -ENOSYS;
}
