/* timerfd.h: a deadline as an fd, for loops that wait for ours. */
#ifndef LOOP_TIMERFD_H
#define LOOP_TIMERFD_H

#include <stdint.h>

/* An fd, or -ENOSYS and other errors. */
int belay__timerfd_open(void);

/* Readable from `deadline_ns` of the clock on; -1: not readable. */
void belay__timerfd_set(int fd, int64_t deadline_ns);

#endif
