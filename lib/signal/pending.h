/* pending.h: whether a SIGPIPE is pending for this thread alone. */
#ifndef SIGNAL_PENDING_H
#define SIGNAL_PENDING_H

#include <signal.h>

/* 1: one is; 0: none is, though one may be pending for the process; -1: the
 * system does not tell.  AS-Safe. */
int belay__pending_in_thread(int signo);

/* Gives a signal that was taken with sigtimedwait() back to the process, not to
 * be mistaken for one that this process sent with kill().  AS-Safe. */
void belay__pending_give_back(siginfo_t *info);

#endif
