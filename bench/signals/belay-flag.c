/*
 * belay-flag.c: belay's flag actions, set in the handler; and one stream, which
 * the program waits for, to know when.
 */
#include <belay/signal.h>

#include "common.h"

enum { MAX = 1 << 13 };
static struct belay_stream *stream;
static volatile sig_atomic_t flags[MAX];
static size_t count;

void peer_setup(const int *signals) {
  die_if(belay_stream_open(signals, 0, &stream) < 0, "stream");
}

void peer_wait(void) {
  struct belay_siginfo info;
  if (belay_stream_wait(stream, -1, &info) <= 0)
    return;
  if (count > 0 && flags[count - 1]) {
    flags[count - 1] = 0;
    also_told(count);
  }
  heard(info.signo, info.count);
}

void *peer_subscribe(int signo) {
  struct belay_action *action;
  die_if(belay_action_flag(signo, &flags[count++], 1, 0, &action) < 0, "flag");
  return action;
}

void peer_unsubscribe(void *subscriber) {
  count--; /* it is the last */
  belay_action_remove(subscriber);
}
