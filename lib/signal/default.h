/*
 * default.h: the endings that an action may bring about inside the handler.
 * They are belay_action_fn; `data` points to a belay__armed.
 */
#ifndef SIGNAL_DEFAULT_H
#define SIGNAL_DEFAULT_H

#include <belay/signal.h>

struct belay__armed {
  const volatile sig_atomic_t *armed; /* NULL: always */
  int status;                         /* for exit */
};

void belay__exit_if_armed(const struct belay_siginfo *info, void *context,
                          void *data);
void belay__default_if_armed(const struct belay_siginfo *info, void *context,
                             void *data);

#endif
