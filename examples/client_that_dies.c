/* Writes to a connection that was reset, as one does who ignores what read()
 * says, and is gone: no message, no core, 141 in the shell.  It was SIGPIPE.
 * Beside it: client_that_lives.c. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
  struct sockaddr_in server = {.sin_family = AF_INET};
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 2020));
  char text[1024];
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  setvbuf(stdout, NULL, _IOLBF, 0);

  if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0)
    perror("connect"); /* refused: that too is a reset */
  else
    puts("connected");
  if (read(fd, text, sizeof(text)) < 0)
    perror("read"); /* takes the error; the connection stays broken */
  puts("now it writes");
  if (write(fd, "hello", 5) < 0)
    perror("write"); /* nobody will ever read this */
  puts("written");
  return close(fd) < 0;
}
