/* libuv.c: uv_signal_t handles of the default loop. */
#include <uv.h>

#include "common.h"

static uv_signal_t *spare; /* stopped, to be started again */

static void on_signal(uv_signal_t *handle, int signo) {
  (void)handle;
  heard(signo, 0);
}

void *peer_subscribe(int signo) {
  uv_signal_t *handle = spare;
  spare = NULL;
  if (handle == NULL) {
    handle = malloc(sizeof(*handle));
    die_if(handle == NULL || uv_signal_init(uv_default_loop(), handle) != 0,
           "uv_signal_init");
  }
  die_if(uv_signal_start(handle, on_signal, signo) != 0, "uv_signal_start");
  return handle;
}

void peer_unsubscribe(void *subscriber) {
  uv_signal_stop(subscriber);
  spare = subscriber;
}

void peer_setup(const int *signals) {
  for (; *signals != 0; signals++)
    peer_subscribe(*signals);
}

void peer_wait(void) {
  uv_run(uv_default_loop(), UV_RUN_ONCE);
}
