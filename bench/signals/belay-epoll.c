/* belay-epoll.c: belay's streams as fds in an epoll of the program's own. */
#include <belay/signal.h>
#include <sys/epoll.h>

#include "common.h"

static int epoll_fd;

static struct belay_stream *open_stream(const int *signals) {
  struct belay_stream *stream;
  int error = belay_stream_open(signals, 0, &stream);
  die_if(error < 0, "stream");
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
  die_if(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, belay_stream_fd(stream), &event),
         "EPOLL_CTL_ADD of a stream's fd");
  return stream;
}

void peer_setup(const int *signals) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  open_stream(signals);
}

void peer_wait(void) {
  struct epoll_event events[64];
  struct belay_siginfo info;
  int n = epoll_wait(epoll_fd, events, 64, -1);
  for (int i = 0; i < n; i++)
    while (belay_stream_read(events[i].data.ptr, &info) > 0)
      heard(info.signo, info.count);
}

void *peer_subscribe(int signo) {
  return open_stream((const int[]){signo, 0});
}

void peer_unsubscribe(void *subscriber) {
  belay_stream_free(subscriber);
}
