/* process.h: a child and what is known of it; for the files of this folder. */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <belay/process.h>
#include <stdbool.h>

struct belay_process {
  pid_t owner; /* whose child it is; not a fork of that one */
  pid_t pid;
  pid_t group; /* 0: it has none of its own */
  int pidfd;   /* -1: the system has none */
  int pipes[3];
  struct belay_process_status status; /* as last looked at */
};

/* Whether it is a child of this process, and not of one that we were forked
 * from. */
bool belay__process_is_ours(const struct belay_process *process);

/* Whether it has ended, as far as is known. */
bool belay__process_is_over(const struct belay_process *process);

#endif
