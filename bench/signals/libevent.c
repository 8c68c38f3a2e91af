/* libevent.c: signal events of one base. */
#include <event2/event.h>

#include "common.h"

static struct event_base *base;

static void on_signal(evutil_socket_t signo, short what, void *data) {
  (void)what, (void)data;
  heard((int)signo, 0);
}

void *peer_subscribe(int signo) {
  struct event *event = evsignal_new(base, signo, on_signal, NULL);
  die_if(event == NULL || event_add(event, NULL) != 0, "event_add");
  return event;
}

void peer_unsubscribe(void *subscriber) {
  event_free(subscriber);
}

void peer_setup(const int *signals) {
  base = event_base_new();
  die_if(base == NULL, "event_base_new");
  for (; *signals != 0; signals++)
    peer_subscribe(*signals);
}

void peer_wait(void) {
  event_base_loop(base, EVLOOP_ONCE);
}
