/* child_none.c (portable): no call for all fds, nor for a parent's death. */
#include <errno.h>

#include "process/start.h"

int belay__close_on_exec_all(void) {
  return -ENOSYS;
}

int belay__set_parent_death_signal(int signo) {
  (void)signo;
  return -ENOSYS;
}
