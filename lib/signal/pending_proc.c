/*
 * pending_proc.c (Linux): sigpending() mixes what is pending for the thread
 * with what is pending for the process; /proc keeps them apart.
 */
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "signal/pending.h"

static uint64_t parse_hex(const char *text) {
  uint64_t value = 0;
  for (;; text++) {
    if (*text >= '0' && *text <= '9')
      value = value << 4 | (uint64_t)(*text - '0');
    else if (*text >= 'a' && *text <= 'f')
      value = value << 4 | (uint64_t)(*text - 'a' + 10);
    else
      return value;
  }
}

int belay__pending_in_thread(int signo) {
  char text[4096];
  int fd = open("/proc/thread-self/status", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  belay__fd_close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char *line = strstr(text, "\nSigPnd:\t");
  if (line == NULL)
    return -1;
  uint64_t pending = parse_hex(line + strlen("\nSigPnd:\t"));
  return (pending >> (signo - 1)) & 1;
}
