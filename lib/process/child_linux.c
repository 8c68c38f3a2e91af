/* child_linux.c (Linux): close_range() and the parent's death. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/start.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* Linux 5.11; before, one by one up to where it has to be reasonable. */
void belay__close_on_exec_all(void) {
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
    return;
  long most = sysconf(_SC_OPEN_MAX);
  for (int fd = 3; fd < most && fd < 65536; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

int belay__set_parent_death_signal(int signo) {
  return prctl(PR_SET_PDEATHSIG, signo) == 0 ? 0 : -errno;
}
