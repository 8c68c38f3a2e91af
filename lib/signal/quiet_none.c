/* quiet_none.c (portable): no kernel but Linux has such a write. */
#include <errno.h>

#include "signal/quiet.h"

ssize_t belay__write_quietly(int fd, const struct iovec *parts, int count) {
  (void)fd, (void)parts, (void)count;
  return -EOPNOTSUPP;
}
