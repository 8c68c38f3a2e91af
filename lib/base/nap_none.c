/* nap_none.c (portable): nobody knows where a thread is; handlers ring. */
#include <errno.h>

#include "base/nap.h"

bool belay__nap_is_possible(void) {
  return false;
}

long belay__nap(int fd, struct epoll_event *events, int count,
                const struct timespec *timeout, const void *napper) {
  (void)fd, (void)events, (void)count, (void)timeout, (void)napper;
  return -ENOSYS;
}

bool belay__nap_ends(void *context, const void *napper) {
  (void)context, (void)napper;
  return false;
}
