/* spawn.h: starting a program. */
#ifndef PROCESS_SPAWN_H
#define PROCESS_SPAWN_H

#include "process/process.h"

/* Sets the number, the pidfd if there is one already, and our ends of those
 * pipes that are to be, also if it fails: 0, or -errno as
 * belay_process_start(). */
int belay__spawn(char *const argv[],
                 const struct belay_process_options *given,
                 struct belay_process *process);

#endif
