/*
 * jobserver.h: GNU make's jobserver, as its client: a command may run while we
 * hold a token of it; one is ours from the beginning.
 */
#ifndef RUN_JOBSERVER_H
#define RUN_JOBSERVER_H

struct jobserver;

/* From MAKEFLAGS, of make before 4.4 (fds) and after it (a fifo).  0; or a
 * negative errno with *ret_error a line, to be freed: -ENOENT: there is none,
 * or make did not give it to us (a rule without a + before it). */
int jobserver_open(struct jobserver **ret_jobserver, char **ret_error);

/* Takes a token, without waiting: 1; 0: there is none now; -errno. */
int jobserver_take(struct jobserver *jobserver);

/* Gives one back, if any is held. */
void jobserver_give(struct jobserver *jobserver);

/* Readable while there may be a token. */
int jobserver_fd(const struct jobserver *jobserver);

/* Gives back all. */
void jobserver_close(struct jobserver *jobserver);

#endif
