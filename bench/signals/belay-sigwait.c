/* belay-sigwait.c: signals blocked, and taken by belay_sigwait_wait(). */
#include <belay/sigwait.h>

#include "common.h"

static struct belay_sigwait *blocked;

void peer_setup(const int *signals) {
  die_if(belay_sigwait_open(signals, 0, &blocked) < 0, "belay_sigwait_open");
}

void peer_wait(void) {
  struct belay_siginfo info;
  if (belay_sigwait_wait(blocked, -1, &info) == 1)
    heard(info.signo, info.count);
}

void *peer_subscribe(int signo) {
  (void)signo;
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
