/* pending.h: whether a SIGPIPE is pending for this thread alone. */
#ifndef SIGNAL_PENDING_H
#define SIGNAL_PENDING_H

/* 1: one is; 0: none is, though one may be pending for the process; -1: the
 * system does not tell.  AS-Safe. */
int belay__pending_in_thread(int signo);

#endif
