/* tree.h: who is whose child, and that orphans come to us; where the system
 * tells. */
#ifndef PROCESS_TREE_H
#define PROCESS_TREE_H

#include <stdbool.h>
#include <sys/types.h>

#include "process/pids.h"

/* Orphans among our descendants are to become our children, or not: 0 or
 * -errno, -ENOSYS among them. */
int belay__tree_receive(bool on);
/* Whether they do; true for PID 1. */
bool belay__tree_receives(void);

/* Adds the children of this process, those too that have ended: 0, -ENOMEM, or
 * -ENOSYS.  One that is made meanwhile may be missed. */
int belay__tree_children(struct belay__pids *pids);

/* Adds the descendants of all in `pids`, each after its parent; `visit`, if it
 * is not NULL, is called for all in that order, before the children of that one
 * are looked for if possible: as above. */
int belay__tree_walk(struct belay__pids *pids,
                     void (*visit)(pid_t pid, void *data), void *data);

/* Has this thread run before others, as far as we may, who would not let it
 * have the time; the result goes to calm(). */
int belay__tree_hurry(void);
void belay__tree_calm(int before);

/* Whether there is such a process and it has not ended. */
bool belay__tree_is_alive(pid_t pid);

/* The same by reading the whole of /proc, for kernels that keep no lists
 * of children. */
int belay__scan_children(struct belay__pids *pids);
int belay__scan_descendants(struct belay__pids *pids);

/* Linux: a process's state and its parent, as /proc says: 0 or -1. */
int belay__scan_stat(pid_t pid, char *ret_state, pid_t *ret_parent);

#endif
