/* progress.h: how far we are, and what a command is doing, in words. */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include <stdint.h>

#include "report.h"
#include "task.h"

#define PROGRESS_BYTES 256

/* "12/500 done, 2 failed, 4 running, 1m05s" */
const char *progress_counts(const struct tally *tally, int64_t elapsed_ns,
                            char text[PROGRESS_BYTES]);

/*
 * The line for a window of so many columns: the counts, and, if there is room,
 * the commands that run, the one that has run longest first; `newest` begins
 * their list.  Made safe and cut: the columns that it takes.
 */
size_t progress_line(const struct tally *tally, int64_t elapsed_ns,
                     const struct task *newest, size_t columns, char *into,
                     size_t size);

/* "make all: running for 12 s, pid 123, attempt 2" */
const char *progress_task(const struct task *task, int64_t now_ns,
                          char text[PROGRESS_BYTES]);

/* The one that was started first. */
const struct task *progress_oldest(const struct task *newest);

#endif
