/* again.c: when to give up, and how long to wait before the next attempt. */
#include "again.h"

/* A command that ran so long did not fail at its start. */
#define LONG_RUN_NS INT64_C(10000000000)
#define LONGEST_WAIT_NS INT64_C(60000000000)

bool again_is_wanted(const struct run_options *options,
                     const struct task *task) {
  if (options->restart == RESTART_ALWAYS)
    return true;
  if (task_succeeded(task))
    return false;
  return options->restart == RESTART_FAILURE ||
         task->attempt <= options->retries;
}

int64_t again_wait(const struct run_options *options, struct task *task) {
  bool restarts = options->restart != RESTART_NO;
  int64_t first = restarts ? options->restart_wait_ns : options->retry_wait_ns;
  int64_t most = first > LONGEST_WAIT_NS ? first : LONGEST_WAIT_NS;
  int64_t wait = first;
  if (restarts && task->ended_ns - task->started_ns >= LONG_RUN_NS)
    task->short_runs = 0;
  for (int i = 0; i < task->short_runs && wait > 0 && wait < most; i++)
    wait *= 2;
  task->short_runs++;
  return wait < most ? wait : most;
}
