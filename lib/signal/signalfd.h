/* signalfd.h: an fd that tells of blocked signals, for loops. */
#ifndef SIGNAL_SIGNALFD_H
#define SIGNAL_SIGNALFD_H

#include <signal.h>

/* An fd that is readable while one of them is pending, or -ENOSYS and other
 * errors. */
int belay__signalfd_open(const sigset_t *set);

#endif
