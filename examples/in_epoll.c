/* Signals in a plain epoll, edge-triggered as many loops have it: told once, so
 * read until there is nothing left. */
#include <belay/signal.h>
#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

/* Whether it was asked to end. */
static int take_signals(struct belay_stream *stream) {
  struct belay_siginfo info;
  int end = 0;
  while (belay_stream_read(stream, &info) > 0) {
    printf("[%s]\n", belay_signal_name(info.signo));
    end |= info.signo == SIGTERM;
  }
  return end;
}

int main(void) {
  struct belay_stream *stream;
  setvbuf(stdout, NULL, _IOLBF, 0);
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (belay_stream_open((int[]){SIGUSR1, SIGTERM, 0}, 0, &stream) < 0)
    return 1;
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = stream};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, belay_stream_fd(stream), &event) < 0)
    return 1;
  puts("waiting");
  for (int end = 0; !end;) {
    if (epoll_wait(epoll, &event, 1, -1) > 0)
      end = take_signals(event.data.ptr);
    else if (errno != EINTR) /* epoll_wait() is never restarted */
      return 1;
  }
  belay_stream_free(stream);
  return close(epoll) < 0;
}
