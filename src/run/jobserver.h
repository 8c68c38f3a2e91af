/*
 * jobserver.h: GNU make's jobserver, as its client: a command may run while we
 * hold a token of it; one is ours from the beginning, and is not counted here.
 */
#ifndef RUN_JOBSERVER_H
#define RUN_JOBSERVER_H

#include <stdbool.h>

struct jobserver;

/*
 * From MAKEFLAGS, of make before 4.4 (fds) and after it (a fifo).  0, with NULL
 * if make sets no limit (-j); without -j there is one that never has a token.
 * Or a negative errno with *ret_error a line, to be freed: -ENOENT: no make
 * started us, or it kept its jobserver to itself (a rule without a + before
 * its command).
 */
int jobserver_open(struct jobserver **ret_jobserver, char **ret_error);

/* Takes a token, without waiting: 1; 0: there is none now; -errno. */
int jobserver_take(struct jobserver *jobserver);

/* Gives one back, if any is held.  NULL is allowed. */
void jobserver_give(struct jobserver *jobserver);

/* Readable while there may be a token; -1: there never is. */
int jobserver_fd(const struct jobserver *jobserver);

/* Gives back all.  NULL is allowed. */
void jobserver_close(struct jobserver *jobserver);

/* Whether make gave us the two ends of a pipe, which makes that we start are to
 * have too; to be asked by their numbers. */
bool jobserver_has_fds(int fds[2]);

#endif
