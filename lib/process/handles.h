/*
 * handles.h: which children of this process have a handle, and so are not to
 * be waited for by anybody else.
 *
 * A handle is in here from before its child exists until its number is given
 * back.  A child's number is in its handle before it can have ended.
 */
#ifndef PROCESS_HANDLES_H
#define PROCESS_HANDLES_H

#include <stdbool.h>
#include <sys/types.h>

#include "process/pids.h"
#include "process/process.h"

/* 0 or -ENOMEM. */
int belay__handles_add(struct belay_process *process);
/* Twice is once.  Nothing happens for one that is not ours. */
void belay__handles_remove(struct belay_process *process);

/* While it is locked, handles neither come nor go, and nobody waits for a child
 * that has none.  The result goes to unlock(). */
int belay__handles_lock(void);
void belay__handles_unlock(int cancel_state);

/* Whether a child that has ended has a handle.  Locked. */
bool belay__handles_have(pid_t pid);

/* The numbers of all, sorted; 0 is among them while one is just being made.
 * Locked.  0 or -ENOMEM. */
int belay__handles_list(struct belay__pids *ret_pids);

#endif
