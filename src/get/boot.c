/*
 * Linux makes a random id whenever it starts.  Other systems tell the time at
 * which they started, but that moves when the clock is set; so there we know
 * nothing, and a part file is trusted as far as it was synced.
 */
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void boot_id(char ret_id[BOOT_ID_LENGTH + 1]) {
  memset(ret_id, 0, BOOT_ID_LENGTH + 1);
  int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return;
  ssize_t length;
  do {
    length = read(fd, ret_id, BOOT_ID_LENGTH);
  } while (length < 0 && errno == EINTR);
  close(fd);
  if (length != BOOT_ID_LENGTH)
    memset(ret_id, 0, BOOT_ID_LENGTH + 1);
}
