/*
 * capture.h: a file without a name that a command writes to, until what it
 * wrote may be shown.  It cannot fill up as a pipe does, needs nobody to read
 * it, and a process that goes on holding it holds up nobody.
 */
#ifndef RUN_CAPTURE_H
#define RUN_CAPTURE_H

#include <stdint.h>

/* An fd, close-on-exec, that appends; -errno. */
int capture_open(void);

/* How much was written since it was emptied. */
int64_t capture_size(int fd);

/* Writes all of it to another fd: 0 or -errno. */
int capture_copy(int fd, int64_t size, int to);

/* Empties it for the next: 0 or -errno. */
int capture_empty(int fd);

#endif
