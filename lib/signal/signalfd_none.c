/* signalfd_none.c (portable): elsewhere signals are waited for alone. */
#include <errno.h>

#include "signal/signalfd.h"

int belay__signalfd_open(const sigset_t *set) {
  (void)set;
  return -ENOSYS;
}
