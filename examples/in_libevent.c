/* Signals in a loop of libevent: the stream's fd is one more event to read.
 * Unlike evsignal, any number of loops and threads may want the same signal. */
#include <belay/signal.h>
#include <event2/event.h>
#include <stdio.h>

struct program {
  struct event_base *base;
  struct belay_stream *stream;
};

static void on_readable(evutil_socket_t fd, short what, void *data) {
  struct program *program = data;
  struct belay_siginfo info;
  (void)fd;
  (void)what;
  while (belay_stream_read(program->stream, &info) > 0) {
    printf("[%s]\n", belay_signal_name(info.signo));
    if (info.signo == SIGTERM)
      event_base_loopbreak(program->base);
  }
}

int main(void) {
  struct program program = {.base = event_base_new()};
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (program.base == NULL ||
      belay_stream_open((int[]){SIGUSR1, SIGTERM, 0}, 0, &program.stream) < 0)
    return 1;
  struct event *event = event_new(program.base, belay_stream_fd(program.stream),
                                  EV_READ | EV_PERSIST, on_readable, &program);
  if (event == NULL || event_add(event, NULL) < 0)
    return 1;
  puts("waiting");
  event_base_dispatch(program.base);
  event_free(event);
  event_base_free(program.base);
  belay_stream_free(program.stream);
  return 0;
}
