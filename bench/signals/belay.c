/* belay.c: belay's streams, each with belay_stream_wait() or _read(). */
#include <belay/signal.h>

#include "common.h"

enum { MAX = 1 << 13 };
static struct belay_stream *streams[MAX];
static size_t count;

void peer_setup(const int *signals) {
  die_if(belay_stream_open(signals, 0, &streams[count++]) < 0, "stream");
}

/* Waits for the first stream; what that one is told of the others are too. */
void peer_wait(void) {
  struct belay_siginfo info;
  if (belay_stream_wait(streams[0], -1, &info) <= 0)
    return;
  heard(info.signo, info.count);
  for (size_t i = 1; i < count; i++)
    if (belay_stream_read(streams[i], &info) > 0)
      heard(info.signo, info.count);
}

void *peer_subscribe(int signo) {
  die_if(belay_stream_open((const int[]){signo, 0}, 0, &streams[count]) < 0,
         "stream");
  return streams[count++];
}

void peer_unsubscribe(void *subscriber) {
  count--; /* it is the last */
  belay_stream_free(subscriber);
}
