/* child_linux.c (Linux): close_range() and the parent's death. */
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/start.h"

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* Linux 5.11. */
int belay__close_on_exec_all(void) {
  long n = syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  return n == 0 ? 0 : -ENOSYS;
}

int belay__set_parent_death_signal(int signo) {
  return prctl(PR_SET_PDEATHSIG, signo) == 0 ? 0 : -errno;
}
