/*
 * single_parts.h: what a run of one command is made of, and its beginning:
 * single_listen(), then single_start().
 */
#ifndef RUN_SINGLE_PARTS_H
#define RUN_SINGLE_PARTS_H

#include <belay/job.h>
#include <belay/loop.h>

#include "as.h"
#include "clocks.h"
#include "options.h"

enum phase {
  RUNNING,   /* the command */
  LEFTOVERS, /* it has ended, and not all that it started */
  OVER,
};

struct single {
  const struct run_options *options;
  struct belay_loop *loop;
  struct belay_sigwait *signals;
  struct clocks clocks;
  struct belay_source *grace; /* NULL: none */
  struct belay_process *process;
  struct belay_job *job; /* which it is of; NULL: it is in our own group */
  enum phase phase;
  struct belay_process_status status; /* how it ended */
  int terminal;
  int64_t slow_for_ns;
  int typed; /* Ctrl-C and Ctrl-\, at a command that has no terminal */
  bool timed_out;
  bool asked;           /* to end, with a time of grace */
  bool sent_interrupt;  /* by us, and not by the terminal */
  bool interrupted;     /* it died of the terminal's Ctrl-C or Ctrl-\ */
  bool shares_terminal; /* with others of a pipeline */
  bool wants_terminal;  /* it has it whenever we are in the foreground */
  bool was_given_late;  /* it may have asked for it in between */
};

/* A call of what belay under another name does at this step, if anything. */
#define AS(run, step)                                                 \
  if ((run)->options->as != NULL && (run)->options->as->step != NULL) \
  (run)->options->as->step

/* Opens the loop, and listens; before there is a command, so that no signal can
 * be told to a wrong one.  0 or -errno, as the next. */
int single_listen(struct single *run);

/* Starts the command, and gives it the terminal. */
int single_start(struct single *run);

static inline const char *name_of(const struct single *run) {
  return run->options->command[0];
}

/* Which is its group's number too, unless it is in ours. */
static inline pid_t pid_of(const struct single *run) {
  return belay_process_pid(run->process);
}

#endif
