/* Writes to a connection that was reset, and hears of it: a broken pipe is an
 * error like any other, and the program goes on.  Guarded is a call (which
 * changes nothing else), this thread around calls of others, or the process:
 *
 *     client_that_lives [PORT [call | thread | process]]
 *
 * Beside it: client_that_dies.c. */
#include <arpa/inet.h>
#include <belay/sigpipe.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void report(const char *what, ssize_t n, int error) {
  printf("%s: %s\n", what, n < 0 ? strerror(error) : "written");
}

static void guard_calls(int fd) {
  ssize_t n = belay_send(fd, "hello", 5, 0); /* for sockets */
  report("belay_send", n, (int)-n);
  n = belay_write(fd, "hello", 5); /* for any fd */
  report("belay_write", n, (int)-n);
}

static void guard_thread(int fd) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  ssize_t n = write(fd, "hello", 5); /* or SSL_write(), fflush(), ... */
  int error = errno;
  belay_sigpipe_end(&guard);
  report("write, thread guarded", n, error);
}

static void guard_process(int fd) {
  int ignored = belay_sigpipe_ignore();
  ssize_t n = write(fd, "hello", 5);
  int error = errno;
  if (ignored == 0)
    belay_sigpipe_restore();
  report("write, process guarded", n, error);
}

int main(int argc, char **argv) {
  const char *scope = argc > 2 ? argv[2] : "call";
  struct sockaddr_in server = {.sin_family = AF_INET};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 2020));
  char text[1024];
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setvbuf(stdout, NULL, _IOLBF, 0);

  if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
    perror("connect");
  else
    puts("connected");
  if (read(fd, text, sizeof(text)) < 0)
    perror("read");
  puts("now it writes");
  if (strcmp(scope, "thread") == 0)
    guard_thread(fd);
  else if (strcmp(scope, "process") == 0)
    guard_process(fd);
  else
    guard_calls(fd);
  puts("still here");
  return close(fd) < 0;
}
