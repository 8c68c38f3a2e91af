/*
 * sweep.h: processes that left the group of a command of ours (setsid), and
 * that outlived it.
 *
 * They are our children when their parents are gone; whose they were is in
 * their environment (BELAY_RUN, BELAY_JOB).
 */
#ifndef RUN_SWEEP_H
#define RUN_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "crew.h"

struct sweep {
  struct sweep_entry {
    pid_t pid;
    int64_t kill_at_ns; /* in the loop's time */
    bool seen;
  } * asked; /* who was asked to end */
  size_t count, capacity;
};

/*
 * Asks those that belong to no running task to end, kills who was asked a
 * time of grace ago, and tells of the former: how many there are.
 */
size_t sweep_look(struct sweep *sweep, const struct crew *crew);

void sweep_close(struct sweep *sweep);

#endif
