/*
 * lease.h: which runs of `belay get` are alive.
 *
 * Every run has a number of its own, and keeps a lock on that byte of a file
 * beside the database.  The system drops the lock when the process ends,
 * however it ends, so a row that names a run without a lock belongs to nobody.
 * No process id is compared that could have been given out again, or that
 * means something else in another container.
 */
#ifndef GET_LEASE_H
#define GET_LEASE_H

#include <stdbool.h>
#include <stdint.h>

struct lease {
  int fd;        /* -1: not open */
  int64_t run;   /* ours, above 0; 0: none taken */
  int64_t asked; /* the run that was last asked for, and what was found */
  bool lives;
};

#define LEASE_INIT \
  { .fd = -1 }

/* Opens or creates the lock file and takes a new run.  -errno. */
int lease_take(struct lease *lease, const char *path);

/* Opens the lock file in order to ask alone; no file is no run. */
int lease_look(struct lease *lease, const char *path);

/* Whether the process of `run` is there; ours is.  The answer for the run that
 * was asked for last is remembered. */
bool lease_lives(struct lease *lease, int64_t run);

/* Gives up the run. */
void lease_drop(struct lease *lease);

#endif
