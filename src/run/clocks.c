/* clocks.c: two timers of the loop. */
#include "clocks.h"

int clocks_start(struct clocks *clocks, const struct run_options *options,
                 struct belay_loop *loop, void *data) {
  int error = 0;
  if (options->timeout_ns > 0)
    error = belay_loop_add_timer(loop, options->timeout_ns, 0, data,
                                 &clocks->timeout);
  if (error == 0 && options->slow_ns > 0)
    error = belay_loop_add_timer(loop, options->slow_ns, options->slow_ns, data,
                                 &clocks->slow);
  return error;
}

void clocks_pause(const struct clocks *clocks, bool pause) {
  struct belay_source *const sources[] = {clocks->timeout, clocks->slow};
  for (int i = 0; i < 2; i++)
    if (sources[i] != NULL)
      (pause ? belay_source_pause : belay_source_resume)(sources[i]);
}

void clocks_stop(struct clocks *clocks) {
  belay_source_remove(clocks->timeout);
  belay_source_remove(clocks->slow);
  *clocks = (struct clocks){.timeout = NULL};
}
