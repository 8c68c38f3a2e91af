/* Signals in GLib's main loop, and so in a program of GTK: a source on the
 * stream's fd.  Any signal will do, not only the few of g_unix_signal_add(). */
#include <belay/signal.h>
#include <glib-unix.h>
#include <stdio.h>

struct program {
  GMainLoop *loop;
  struct belay_stream *stream;
};

static gboolean on_readable(gint fd, GIOCondition condition, gpointer data) {
  struct program *program = data;
  struct belay_siginfo info;
  (void)fd;
  (void)condition;
  while (belay_stream_read(program->stream, &info) > 0) {
    printf("[%s]\n", belay_signal_name(info.signo));
    if (info.signo == SIGTERM)
      g_main_loop_quit(program->loop);
  }
  return G_SOURCE_CONTINUE;
}

int main(void) {
  struct program program;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (belay_stream_open((int[]){SIGUSR1, SIGTERM, 0}, 0, &program.stream) < 0)
    return 1;
  program.loop = g_main_loop_new(NULL, FALSE);
  guint source = g_unix_fd_add(belay_stream_fd(program.stream), G_IO_IN,
                               on_readable, &program);
  puts("waiting");
  g_main_loop_run(program.loop);
  g_source_remove(source); /* before the fd is closed */
  g_main_loop_unref(program.loop);
  belay_stream_free(program.stream);
  return 0;
}
