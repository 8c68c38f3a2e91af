/* capture.c: O_TMPFILE where the file system has it, else a name unlinked. */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "print.h"

static const char *directory(void) {
  const char *wanted = getenv("TMPDIR");
  return wanted != NULL && wanted[0] == '/' ? wanted : "/tmp";
}

static int open_named(void) {
  char path[4096];
  int n = snprintf(path, sizeof(path), "%s/belay-run-XXXXXX", directory());
  if (n < 0 || (size_t)n >= sizeof(path))
    return -ENAMETOOLONG;
  int fd = mkostemp(path, O_CLOEXEC | O_APPEND);
  if (fd < 0)
    return -errno;
  unlink(path);
  return fd;
}

int capture_open(void) {
#ifdef O_TMPFILE
  int fd = open(directory(), O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
  if (fd >= 0 || errno == EMFILE || errno == ENFILE)
    return fd >= 0 ? fd : -errno;
#endif
  return open_named();
}

int64_t capture_size(int fd) {
  return lseek(fd, 0, SEEK_END);
}

int capture_copy(int fd, int64_t size, int to) {
  char buffer[65536];
  for (int64_t at = 0; at < size;) {
    ssize_t n = pread(fd, buffer, sizeof(buffer), at);
    if (n <= 0)
      return n == 0 ? 0 : -errno;
    int error = print_all(to, buffer, (size_t)n);
    if (error < 0)
      return error;
    at += n;
  }
  return 0;
}

int capture_empty(int fd) {
  return ftruncate(fd, 0) == 0 ? 0 : -errno;
}
