/*
 * clocks.h: the two clocks of a command that runs: --timeout and --slow.  They
 * stand still while it is stopped.
 */
#ifndef RUN_CLOCKS_H
#define RUN_CLOCKS_H

#include <belay/loop.h>
#include <stdbool.h>

#include "options.h"

struct clocks {
  struct belay_source *timeout, *slow; /* NULL: none */
};

/* Starts those that the options ask for, as timers with this data: 0 or
 * -errno. */
int clocks_start(struct clocks *clocks, const struct run_options *options,
                 struct belay_loop *loop, void *data);

void clocks_pause(const struct clocks *clocks, bool pause);

/* Ends both; twice is once. */
void clocks_stop(struct clocks *clocks);

#endif
