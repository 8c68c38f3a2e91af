/* print.h: output of our own, where a reader who has gone is an error. */
#ifndef RUN_PRINT_H
#define RUN_PRINT_H

#include <stddef.h>

/* Is called before each write: whoever has something on the screen takes it
 * away, and sees what comes in its place.  NULL: nobody. */
void print_set_before(void (*before)(int fd, const char *data, size_t size));

/* Writes all of it, without SIGPIPE: 0 or -errno; -EINTR: its reader takes
 * nothing, and a signal that is to end us has come, which is left pending. */
int print_all(int fd, const void *data, size_t size);

/* From now on nobody is waited for who takes nothing. */
void print_hurry(void);

#endif
