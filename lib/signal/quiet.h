/* quiet.h: a write that the kernel itself keeps from raising SIGPIPE. */
#ifndef SIGNAL_QUIET_H
#define SIGNAL_QUIET_H

#include <sys/types.h>

struct iovec;

/* A count or -errno; -EOPNOTSUPP: nothing was done, the kernel or this kind of
 * file cannot.  AS-Safe. */
ssize_t belay__write_quietly(int fd, const struct iovec *parts, int count);

#endif
