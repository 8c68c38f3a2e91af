/* glib.c: GLib's Unix signal sources in the default main context. */
#include <glib-unix.h>

#include "common.h"

static gboolean on_signal(gpointer signo) {
  heard(GPOINTER_TO_INT(signo), 0);
  return G_SOURCE_CONTINUE;
}

void *peer_subscribe(int signo) {
  GSource *source = g_unix_signal_source_new(signo);
  g_source_set_callback(source, on_signal, GINT_TO_POINTER(signo), NULL);
  g_source_attach(source, NULL);
  return source;
}

void peer_unsubscribe(void *subscriber) {
  g_source_destroy(subscriber);
  g_source_unref(subscriber);
}

void peer_setup(const int *signals) {
  for (; *signals != 0; signals++)
    peer_subscribe(*signals);
}

void peer_wait(void) {
  g_main_context_iteration(NULL, TRUE);
}
