/* print.h: output of our own, where a reader who has gone is an error. */
#ifndef RUN_PRINT_H
#define RUN_PRINT_H

#include <stddef.h>

/* Is called before each write: whoever has something on the screen takes it
 * away, and sees what comes in its place.  NULL: nobody. */
void print_set_before(void (*before)(int fd, const char *data, size_t size));

/* Writes all of it, waiting where somebody made the fd non-blocking, without
 * SIGPIPE: 0 or -errno. */
int print_all(int fd, const void *data, size_t size);

#endif
