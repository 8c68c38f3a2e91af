/* belay-blocked.c: signals blocked, in a belay loop. */
#include <belay/loop.h>
#include <belay/sigwait.h>

#include "common.h"

static struct belay_sigwait *blocked;
static struct belay_loop *loop;

void peer_setup(const int *signals) {
  die_if(belay_sigwait_open(signals, 0, &blocked) < 0, "belay_sigwait_open");
  die_if(belay_loop_new(&loop) < 0, "belay_loop_new");
  die_if(belay_loop_add_sigwait(loop, blocked, NULL, NULL) < 0,
         "belay_loop_add_sigwait");
}

void peer_wait(void) {
  struct belay_event event;
  if (belay_loop_next(loop, -1, &event) > 0)
    heard(event.signal.signo, event.signal.count);
}

void *peer_subscribe(int signo) {
  (void)signo;
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
