/* spawn.h: starting a program, without a handle. */
#ifndef PROCESS_SPAWN_H
#define PROCESS_SPAWN_H

#include <belay/process.h>

struct belay__spawned {
  pid_t pid;
  int pipes[3]; /* our ends, or -1 */
};

/* 0 or -errno, as belay_process_start(). */
int belay__spawn(char *const argv[],
                 const struct belay_process_options *options,
                 struct belay__spawned *ret_spawned);

#endif
