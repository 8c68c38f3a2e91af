/*
 * task.h: one of many commands, from its place in the queue to its result.
 *
 *   QUEUED -> RUNNING -> (LEFTOVERS) -> its result
 *                ^                         |
 *                '------- RETRYING <-------'
 *
 * queue.c and crew.c change the state; reports and displays read.
 */
#ifndef RUN_TASK_H
#define RUN_TASK_H

#include <belay/job.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "clocks.h"
#include "command.h"

enum task_state {
  TASK_QUEUED,
  TASK_RUNNING,
  TASK_LEFTOVERS, /* it has ended, and others of its group have not */
  TASK_RETRYING,  /* waits for its next attempt */
};

struct output;

struct task {
  struct task *next, *previous; /* in a list of crew.c or queue.c */
  struct command command;
  long number;    /* 1 for the first */
  int slot;       /* 0 and up: nobody else's while it runs */
  int attempt;    /* 1 for the first */
  int short_runs; /* in a row, so far; see again.h */
  enum task_state state;

  struct belay_job *job; /* NULL: it does not run */
  pid_t pid;
  struct clocks clocks;
  struct belay_source *grace, *retry; /* NULL: none */
  struct output *output;

  /* In the loop's time, which stands still while we do. */
  int64_t started_ns, ended_ns;
  bool is_stopped;
  bool timed_out;
  bool asked; /* to end, by us */
  bool left;  /* others of its group behind */

  int start_error; /* -errno: it could not be started */
  struct belay_process_status status;
  struct rusage usage;
};

/* Puts it into a list, at its beginning; takes it out of the one it is in. */
void task_push(struct task **list, struct task *task);
void task_take_out(struct task **list, struct task *task);

/* Whether its last attempt did what it was to do. */
bool task_succeeded(const struct task *task);

/* The exit status that a shell would have for it; 124 if it timed out. */
int task_exit_status(const struct task *task);

/* "exited with status 1", "killed by SIGSEGV", "timed out after 10 s",
 * "No such file or directory" */
#define TASK_TEXT_BYTES 128
const char *task_describe(const struct task *task, char text[TASK_TEXT_BYTES]);

#endif
