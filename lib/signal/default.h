/*
 * default.h: the endings that an action may bring about inside the handler,
 * which are belay_action_fn with a belay__armed as `data`; and a stop together
 * with others.
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

/* belay_signal_default() of a terminal's stop for our whole process group. */
void belay__stop_with_group(int signo);

#endif
