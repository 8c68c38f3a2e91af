/*
 * feed.h: where many commands come from, one after the other: arguments, lines
 * of a file or of a pipe that somebody still writes to, a Procfile.
 */
#ifndef RUN_FEED_H
#define RUN_FEED_H

#include "command.h"
#include "options.h"

struct feed;

/* Opens the file, if there is one.  0; or a negative errno with *ret_error a
 * line, to be freed. */
int feed_open(const struct run_options *options, struct feed **ret_feed,
              char **ret_error);

/*
 * The next command: 1; 0: there are no more; -EAGAIN: there is none yet, wait
 * until feed_fd() is readable and call feed_is_ready(); or another error, with
 * *ret_error a line, to be freed.
 */
int feed_next(struct feed *feed, struct command *ret_command, char **ret_error);

/* The fd to wait for; -1: it never has to be waited for. */
int feed_fd(const struct feed *feed);
void feed_is_ready(struct feed *feed);

/* The fd cannot be waited for, and need not. */
void feed_is_always_ready(struct feed *feed);

/* How many there are in all; -1: not known yet. */
long feed_total(const struct feed *feed);

void feed_close(struct feed *feed);

#endif
