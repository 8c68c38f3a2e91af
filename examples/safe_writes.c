/* Writing to a reader that has gone: an error, never a SIGPIPE, and without
 * changing what the signal does in the rest of the process. */
#include <belay/sigpipe.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A call of our own: belay_write() returns what happened. */
static void write_directly(int fd) {
  ssize_t n = belay_write(fd, "hello", 5);
  printf("belay_write: %s\n", n < 0 ? strerror((int)-n) : "written");
}

/* Calls of others (stdio, a TLS library): guard this thread around them. */
static void write_through_stdio(int fd) {
  struct belay_sigpipe_guard guard;
  FILE *file = fdopen(dup(fd), "w");
  if (file == NULL)
    return;
  belay_sigpipe_begin(&guard);
  fputs("hello", file);
  int failed = fclose(file);
  int error = errno;
  belay_sigpipe_end(&guard);
  printf("fclose: %s\n", failed ? strerror(error) : "written");
}

int main(void) {
  int ends[2];
  if (pipe(ends) < 0)
    return 1;
  close(ends[0]);
  write_directly(ends[1]);
  write_through_stdio(ends[1]);
  puts("still here");
  return close(ends[1]) < 0;
}
