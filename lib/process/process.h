/* process.h: a child and what is known of it; for the files of this folder. */
#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include <belay/process.h>
#include <signal.h>
#include <stdbool.h>

#include "base/atomic.h"
#include "base/list.h"

struct belay_process {
  struct belay__list link; /* among all handles: handles.h */
  unsigned generation;     /* whose child it is; not a fork of that one */
  atomic_int pid;          /* 0: it does not exist yet */
  pid_t group;             /* 0: it has none of its own */
  int pidfd;               /* -1: the system has none */
  int pipes[3];
  struct belay_process_status status; /* as last looked at */
  unsigned stops;                     /* how many were seen */
  atomic_bool reaped;                 /* its number is not its own any more */
  bool group_is_gone;                 /* seen after that */
  bool has_usage;
  struct rusage usage;
};

/* Whether it is a child of this process, and not of one that we were forked
 * from. */
bool belay__process_is_ours(const struct belay_process *process);

/* Whether it has ended, as far as is known. */
bool belay__process_is_over(const struct belay_process *process);

/* waitid() for it: 0, or -1 and errno.  `ret_usage` may be NULL. */
int belay__process_wait_for(const struct belay_process *process,
                            siginfo_t *ret_info, int options,
                            struct rusage *ret_usage);

/* Waits for it if it has ended; nobody is asked whether it has. */
void belay__process_let_go(struct belay_process *process);

/* Kills what is left of the group of one that is known to have ended. */
void belay__process_kill_rest(struct belay_process *process);

#endif
