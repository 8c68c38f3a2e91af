/*
 * force.c: one small thing that is done inside the handler, so that it works
 * even if the loop hangs.  Nothing that is not async-signal-safe happens here.
 */
#include "force.h"

#include <belay/signal.h>

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define APART_NS INT64_C(100000000)

struct force {
  _Atomic int64_t first_ns; /* when the first signal came; 0: none has */
  struct belay_action *actions[3];
};

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void take(const struct belay_siginfo *info, void *context, void *data) {
  struct force *force = data;
  (void)context;
  int64_t now = now_ns();
  int64_t first = 0;
  if (atomic_compare_exchange_strong(&force->first_ns, &first, now))
    return;
  if (info->signo != SIGHUP && now - first >= APART_NS)
    belay_signal_default(info->signo);
}

int force_new(struct force **ret_force) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct force *force = calloc(1, sizeof(*force));
  int error = force == NULL ? -ENOMEM : 0;
  for (int i = 0; i < 3 && error == 0; i++)
    error = belay_action_call(signals[i], take, force, 0, &force->actions[i]);
  if (error == 0)
    *ret_force = force;
  else
    force_free(force);
  return error;
}

void force_free(struct force *force) {
  if (force == NULL)
    return;
  for (int i = 0; i < 3; i++)
    belay_action_remove(force->actions[i]);
  free(force);
}
