/* libev.c: ev_signal watchers of the default loop. */
#include <ev.h>

#include "common.h"

static struct ev_loop *loop;

static void on_signal(struct ev_loop *in, ev_signal *watcher, int events) {
  (void)in, (void)events;
  heard(watcher->signum, 0);
}

void *peer_subscribe(int signo) {
  ev_signal *watcher = malloc(sizeof(*watcher));
  die_if(watcher == NULL, "malloc");
  watcher->active = watcher->pending = watcher->priority = 0;
  watcher->cb = on_signal;
  ev_signal_set(watcher, signo);
  ev_signal_start(loop, watcher);
  return watcher;
}

void peer_unsubscribe(void *subscriber) {
  ev_signal_stop(loop, subscriber);
  free(subscriber);
}

void peer_setup(const int *signals) {
  loop = ev_default_loop(0);
  die_if(loop == NULL, "ev_default_loop");
  for (; *signals != 0; signals++)
    peer_subscribe(*signals);
}

void peer_wait(void) {
  ev_run(loop, EVRUN_ONCE);
}
