/* signalfd.c (Linux): an fd that tells of blocked signals. */
#include "signal/signalfd.h"

#include <errno.h>
#include <sys/signalfd.h>

int belay__signalfd_open(const sigset_t *set) {
  int fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
  return fd >= 0 ? fd : -errno;
}
