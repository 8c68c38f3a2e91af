/* again.h: whether a command that has ended is started again, and when. */
#ifndef RUN_AGAIN_H
#define RUN_AGAIN_H

#include "options.h"
#include "task.h"

/* After a failure, as often as --retries says; or as --restart says. */
bool again_is_wanted(const struct run_options *options,
                     const struct task *task);

/*
 * How long to wait before that: the time that was asked for, and double with
 * each attempt, up to a minute.  A restart after a long run waits as the first
 * one did.
 */
int64_t again_wait(const struct run_options *options, struct task *task);

#endif
