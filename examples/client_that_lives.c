/* Writes to a connection that was reset, and hears of it: a broken pipe is an
 * error like any other, and the program goes on.  Nothing else in the process
 * is changed for it.  Beside it: client_that_dies.c. */
#include <arpa/inet.h>
#include <belay/sigpipe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void report(const char *what, ssize_t n) {
  printf("%s: %s\n", what, n < 0 ? strerror((int)-n) : "written");
}

int main(int argc, char **argv) {
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
  report("belay_send", belay_send(fd, "hello", 5, 0)); /* for sockets */
  report("belay_write", belay_write(fd, "hello", 5));  /* for any fd */
  puts("still here");
  return close(fd) < 0;
}
