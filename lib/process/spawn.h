/* spawn.h: starting a program, without a handle. */
#ifndef PROCESS_SPAWN_H
#define PROCESS_SPAWN_H

#include <belay/process.h>

/* A pid, and our ends of the pipes in those of `pipes` that are to be; or
 * -errno, as belay_process_start(). */
pid_t belay__spawn(char *const argv[],
                   const struct belay_process_options *options, int pipes[3]);

#endif
