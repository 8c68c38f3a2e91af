/* A stream is an fd, so signals fit into a loop that one has already: this one
 * is a plain poll() that also copies its standard input. */
#include <belay/signal.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

/* Reads until there is nothing left; whether it was asked to end. */
static int take_signals(struct belay_stream *stream) {
  struct belay_siginfo info;
  int end = 0;
  while (belay_stream_read(stream, &info) > 0) {
    dprintf(STDOUT_FILENO, "[%s]\n", belay_signal_name(info.signo));
    end |= info.signo == SIGTERM;
  }
  return end;
}

int main(void) {
  struct belay_stream *stream;
  if (belay_stream_open((int[]){SIGUSR1, SIGTERM, 0}, 0, &stream) < 0)
    return 1;
  struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                         {.fd = belay_stream_fd(stream), .events = POLLIN}};
  for (int end = 0; !end;) {
    if (poll(fds, 2, -1) < 0 && errno != EINTR)
      return 1;
    char text[512];
    ssize_t n = fds[0].revents ? read(STDIN_FILENO, text, sizeof(text)) : 0;
    if (n > 0 && write(STDOUT_FILENO, text, (size_t)n) != n)
      return 1;
    if (fds[0].revents && n == 0)
      fds[0].fd = -1; /* the end of the input; the signals go on */
    end = take_signals(stream);
  }
  belay_stream_free(stream);
  return 0;
}
