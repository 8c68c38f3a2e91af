/* signalfd.c (Linux): an fd that tells of blocked signals. */
#include "signal/signalfd.h"

#include <sys/signalfd.h>

#include "base/fd.h"

int belay__signalfd_open(const sigset_t *set) {
  return belay__fd_settle(signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK));
}
