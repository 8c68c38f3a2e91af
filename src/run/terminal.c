/* terminal.c: questions to the kernel about terminal, group and session. */
#include "terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int terminal_open(void) {
  return open("/dev/tty", O_RDWR | O_CLOEXEC);
}

bool terminal_is_ours(int fd) {
  return fd >= 0 && tcgetpgrp(fd) == getpgrp();
}

/* From /proc/PID/stat: "pid (name) state ppid ..."; 0 if it does not tell. */
static pid_t parent_of(pid_t pid) {
  char path[32], text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  if (n <= 0)
    return 0;
  text[n] = '\0';
  const char *end = strrchr(text, ')');
  return end != NULL && strlen(end) > strlen(") S ")
             ? (pid_t)strtol(end + 3, NULL, 10)
             : 0;
}

/* Upwards, through those of our group (a script, an outer runner's shell), to
 * the first that is not. */
bool terminal_can_stop(void) {
  pid_t parent = getppid();
  while (parent > 1 && getpgid(parent) == getpgrp())
    parent = parent_of(parent);
  return parent > 0 && getpid() != 1 && getpgid(parent) != getpgrp() &&
         getsid(parent) == getsid(0);
}
