/* fd_close_libc.c (portable): closing with the C library's function. */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"

void belay__fd_close(int fd) {
  int saved = errno;
  if (fd >= 0)
    close(fd);
  errno = saved;
}
