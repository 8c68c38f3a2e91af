/*
 * crew.h: the tasks that run: started, timed, signalled, ended, and what is
 * left of their groups ended after them.  Which task runs when, and what its
 * result means, is for others to decide (many.c).
 */
#ifndef RUN_CREW_H
#define RUN_CREW_H

#include <belay/loop.h>

#include "options.h"
#include "output.h"
#include "report.h"
#include "task.h"

struct crew {
  const struct run_options *options;
  struct belay_loop *loop;
  struct outputs *outputs;
  struct report *report;

  struct task *tasks; /* those that run, or have left others behind */
  long count;
  bool *slots; /* which are taken */
  int capacity;

  struct belay_process_options start; /* what is the same for all */
  struct belay_process_limit *limits;
  char **environment;              /* with two variables of ours at its end */
  int null_fd;                     /* standard input; -1: ours */
  char run_text[32], job_text[32]; /* BELAY_RUN=, BELAY_JOB= */
};

/* For up to `capacity` tasks at once: 0 or -ENOMEM. */
int crew_open(struct crew *crew, const struct run_options *options,
              struct belay_loop *loop, struct outputs *outputs,
              struct report *report, int capacity);

/* Starts an attempt of the task, which is the crew's until it is over: 1, or 0:
 * it is over already (start_error), or the -errno of our own output. */
int crew_start(struct crew *crew, struct task *task);

/* Whether it was not started because the system has no room for more of us at
 * once, and others run whose end makes some; and takes it back, as if it had
 * not been tried. */
bool crew_has_no_room(const struct crew *crew, const struct task *task);
void crew_take_back(struct crew *crew, struct task *task);

/* Signals all that run. */
void crew_signal_all(struct crew *crew, int signo);

/* Asks all to end, and kills who has not when the grace is over (0 or less:
 * never). */
void crew_ask_all_to_end(struct crew *crew, int signo, int64_t grace_ns);

/* Events of the task's process and timers: whether the attempt is over. */
bool crew_on_process(struct crew *crew, struct task *task,
                     const struct belay_process_status *status);
bool crew_on_timer(struct crew *crew, struct task *task,
                   const struct belay_source *source);

/* A task of whose group nobody is left any more; NULL: none.  To be asked until
 * there is none, on SIGCHLD. */
struct task *crew_find_over(struct crew *crew);

/* Whether there is one of whose group somebody is left. */
bool crew_has_leftovers(const struct crew *crew);

/* Takes a task that is over out. */
void crew_remove(struct crew *crew, struct task *task);

void crew_close(struct crew *crew);

#endif
