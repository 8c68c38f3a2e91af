/* raise.h: a signal to this very thread. */
#ifndef SIGNAL_RAISE_H
#define SIGNAL_RAISE_H

/* As raise(), in every child too, however it was made.  AS-Safe. */
void belay__raise(int signo);

#endif
