/* threads.h: what the other threads of the process block. */
#ifndef SIGNAL_THREADS_H
#define SIGNAL_THREADS_H

#include <signal.h>
#include <stdbool.h>

/* Whether every other thread blocks all of `set`; true also where the system
 * does not tell. */
bool belay__threads_block(const sigset_t *set);

#endif
