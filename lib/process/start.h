/*
 * start.h: a program to be started, from the caller's options to exec; shared
 * by the files of this folder that take part in it.
 *
 * spawn.c resolves the options into a belay__start, a maker (make_child_*.c)
 * makes the child, and child.c is what the child does.
 */
#ifndef PROCESS_START_H
#define PROCESS_START_H

#include <belay/process.h>
#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/atomic.h"

/* What the child tells: in memory that both see. */
struct belay__start_result {
  volatile int error;               /* 0, or why it was not executed */
  volatile sig_atomic_t stopped_by; /* a stop that was put off, or 0 */
};

struct belay__start {
  char *const *argv;
  char *const *environment;
  const char *path; /* where to look for programs */
  const char *directory;
  unsigned flags;
  struct belay_process_fd *fds; /* the standard three too; the child's to use */
  size_t fd_count;
  sigset_t ignored, mask;
  sigset_t looked_at; /* no others can have to be set to the default */
  int terminal;
  pid_t group; /* ours, for giving the terminal back */
  int parent_death_signal;
  pid_t parent; /* for that */
  const struct belay_process_limit *limits;
  size_t limit_count;
  atomic_int *pid; /* where its number is to be, before it can have ended */
  int pidfd;       /* -1: it was not born with one */
  struct belay__start_result *result;
};

/*
 * Makes a child that calls belay__child_main(start), with all signals blocked,
 * and waits until it has executed the program or ended: 0, or -errno;
 * *ret_result is what it told.
 */
int belay__make_child(struct belay__start *start,
                      struct belay__start_result *ret_result);

/* In the child.  AS-Safe: it may share its parent's memory. */
_Noreturn void belay__child_main(struct belay__start *start);

/* Which of SIGPIPE and those whose being ignored is respected were ignored when
 * the library was loaded. */
const sigset_t *belay__ignored_at_load(void);

/* The signals whose disposition may be neither the default nor known. */
void belay__dispositions_to_look_at(unsigned flags, sigset_t *ret_signals);

/* The highest fd that the program gets. */
int belay__highest_fd(const struct belay__start *start);

/* Sets close-on-exec for all fds from 3 on in one call: 0, or -ENOSYS.
 * AS-Safe. */
int belay__close_on_exec_all(void);

/* Has a signal sent to us when the parent ends: 0, or -errno.  AS-Safe. */
int belay__set_parent_death_signal(int signo);

#endif
