/* Signals in a loop of libuv: the stream's fd is watched by a uv_poll_t, and
 * libuv's own signal handling is not needed. */
#include <belay/signal.h>
#include <stdio.h>
#include <uv.h>

static void on_readable(uv_poll_t *watcher, int status, int events) {
  struct belay_siginfo info;
  (void)status;
  (void)events;
  while (belay_stream_read(watcher->data, &info) > 0) {
    printf("[%s]\n", belay_signal_name(info.signo));
    if (info.signo == SIGTERM)
      uv_poll_stop(watcher); /* with nothing to watch, uv_run() returns */
  }
}

int main(void) {
  struct belay_stream *stream;
  uv_loop_t *loop = uv_default_loop();
  uv_poll_t watcher;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (belay_stream_open((int[]){SIGUSR1, SIGTERM, 0}, 0, &stream) < 0 ||
      uv_poll_init(loop, &watcher, belay_stream_fd(stream)) < 0)
    return 1;
  watcher.data = stream;
  uv_poll_start(&watcher, UV_READABLE, on_readable);
  puts("waiting");
  uv_run(loop, UV_RUN_DEFAULT);
  uv_close((uv_handle_t *)&watcher, NULL);
  uv_run(loop, UV_RUN_DEFAULT); /* it is closed in the loop */
  belay_stream_free(stream);
  return uv_loop_close(loop) < 0;
}
