/*
 * terminal.h: our controlling terminal, and whether a shell is there to see us
 * stop.
 */
#ifndef RUN_TERMINAL_H
#define RUN_TERMINAL_H

#include <stdbool.h>

/* An fd of it, close-on-exec; -1: we have none. */
int terminal_open(void);

/* Whether its foreground is our process group's. */
bool terminal_is_ours(int fd);

/*
 * Whether somebody could make us go on if we stopped: a process of our session
 * that is the parent of our group.  As PID 1, or where the kernel calls our
 * group orphaned, a stop would be for ever.
 */
bool terminal_can_stop(void);

#endif
