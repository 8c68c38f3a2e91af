/*
 * report.h: what happens to many commands, told as it happens to whoever wants
 * it: JSON Lines, JUnit, TAP, a trace; a line on the terminal.
 *
 * All of them read; none changes a task.  An error of writing is told once, at
 * the end.
 */
#ifndef RUN_REPORT_H
#define RUN_REPORT_H

#include "options.h"
#include "output.h"
#include "report_file.h"
#include "task.h"

/* How far we are. */
struct tally {
  long total; /* -1: not known yet */
  long started, running, succeeded, failed, retried;
};

/* What each kind's state begins with; the rest of it is 0 at first. */
struct report_base {
  struct report_file *file;
  const struct belay_loop *loop;
  int64_t began_ns;
};

/* Each function may be NULL, but for end(). */
struct report_kind {
  const char *name; /* of the option */
  size_t state_size;
  enum report_way way;
  void (*begin)(void *state, const struct tally *tally);
  void (*started)(void *state, const struct task *task);
  void (*signalled)(void *state, const struct task *task, int signo);
  void (*slow)(void *state, const struct task *task);
  void (*stopped)(void *state, const struct task *task, int signo);
  void (*went_on)(void *state, const struct task *task);
  /* We ourselves were stopped for so long, by the clock on the wall. */
  void (*paused)(void *state, int64_t wall_ns);
  void (*left)(void *state, const struct task *task);
  /* An attempt has ended; before its output is shown or gone. */
  void (*ended)(void *state, const struct task *task,
                const struct outputs *outputs, bool is_last);
  /* It was to be tried again, and will not be, since we end. */
  void (*dropped)(void *state, const struct task *task);
  /* Nothing more comes: writes the rest, and frees what it holds. */
  void (*end)(void *state, const struct tally *tally, int signo);
};

struct report;

/* Opens all that the options ask for: 0; or a negative errno with *ret_error a
 * line, to be freed. */
int report_open(const struct run_options *options,
                const struct belay_loop *loop, struct report **ret_report,
                char **ret_error);

void report_begin(struct report *report, const struct tally *tally);
void report_started(struct report *report, const struct task *task);
void report_signalled(struct report *report, const struct task *task,
                      int signo);
void report_slow(struct report *report, const struct task *task);
void report_stopped(struct report *report, const struct task *task, int signo);
void report_went_on(struct report *report, const struct task *task);
void report_paused(struct report *report, int64_t wall_ns);
void report_left(struct report *report, const struct task *task);
void report_ended(struct report *report, const struct task *task,
                  const struct outputs *outputs, bool is_last);
void report_dropped(struct report *report, const struct task *task);

/* Before waiting: those who read along are to know what is known. */
void report_flush(struct report *report);

/* Closes all and frees it; `signo` is what we end by, or 0.  0; or -EIO if one
 * could not be written, which was told. */
int report_close(struct report *report, const struct tally *tally, int signo);

#endif
