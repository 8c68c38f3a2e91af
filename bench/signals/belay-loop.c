/* belay-loop.c: signals as sources of a belay loop. */
#include <belay/loop.h>

#include "common.h"

static struct belay_loop *loop;

static struct belay_source *add(const int *signals) {
  struct belay_source *source;
  die_if(belay_loop_add_signals(loop, signals, 0, NULL, &source) < 0,
         "belay_loop_add_signals");
  return source;
}

void peer_setup(const int *signals) {
  die_if(belay_loop_new(&loop) < 0, "belay_loop_new");
  add(signals);
}

void peer_wait(void) {
  struct belay_event event;
  if (belay_loop_next(loop, -1, &event) > 0)
    heard(event.signal.signo, event.signal.count);
}

void *peer_subscribe(int signo) {
  return add((const int[]){signo, 0});
}

void peer_unsubscribe(void *subscriber) {
  belay_source_remove(subscriber);
}
