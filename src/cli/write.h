/* write.h: all of it, or an error. */
#ifndef CLI_WRITE_H
#define CLI_WRITE_H

#include <stddef.h>

/* Writes all of data: in one call unless the system takes it in parts.  Waits
 * where somebody made the fd non-blocking.  0 or -errno. */
int write_all(int fd, const void *data, size_t size);

#endif
