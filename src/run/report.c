/*
 * report.c: those who want to know, and each thing told to all of them.
 */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/refuse.h"
#include "report_kinds.h"

#define KINDS 4

struct report {
  struct member {
    const struct report_kind *kind;
    void *state;
    const char *path;
  } members[KINDS];
  size_t count;
};

/* Two in one file would be neither. */
static int check_path(const struct report *report, const char *name,
                      const char *path, char **ret_error) {
  for (size_t i = 0; i < report->count; i++)
    if (strcmp(report->members[i].path, path) == 0)
      return refuse(ret_error, "--%s and --%s cannot both go to %s",
                    report->members[i].kind->name, name,
                    strcmp(path, "-") == 0 ? "standard output" : path);
  return 0;
}

static int add(struct report *report, const struct report_kind *kind,
               report_open_fn *open, const char *path,
               const struct belay_loop *loop, char **ret_error) {
  struct member *member = &report->members[report->count];
  if (path == NULL)
    return 0;
  int error = check_path(report, kind->name, path, ret_error);
  if (error == 0)
    error = open(path, loop, &member->state, ret_error);
  if (error < 0)
    return error;
  member->kind = kind;
  member->path = path;
  report->count++;
  return 0;
}

static void drop(struct report *report) {
  for (size_t i = 0; i < report->count; i++)
    report->members[i].kind->drop(report->members[i].state);
  free(report);
}

int report_open(const struct run_options *options,
                const struct belay_loop *loop, struct report **ret_report,
                char **ret_error) {
  struct report *report = calloc(1, sizeof(*report));
  if (report == NULL)
    return -ENOMEM;
  int error = add(report, &report_json, report_json_open, options->json, loop,
                  ret_error);
  if (error == 0)
    error = add(report, &report_junit, report_junit_open, options->junit, loop,
                ret_error);
  if (error == 0)
    error = add(report, &report_tap, report_tap_open, options->tap, loop,
                ret_error);
  if (error == 0)
    error = add(report, &report_trace, report_trace_open, options->trace, loop,
                ret_error);
  if (error == 0)
    *ret_report = report;
  else
    drop(report);
  return error;
}

/* Each member that wants to know, as `member`. */
#define FOR_EACH(report, what, call)                     \
  for (size_t i = 0; i < (report)->count; i++) {         \
    const struct member *member = &(report)->members[i]; \
    if (member->kind->what != NULL)                      \
      member->kind->what call;                           \
  }

void report_begin(struct report *report, const struct tally *tally) {
  FOR_EACH(report, begin, (member->state, tally))
}

void report_started(struct report *report, const struct task *task) {
  FOR_EACH(report, started, (member->state, task))
}

void report_signalled(struct report *report, const struct task *task,
                      int signo) {
  FOR_EACH(report, signalled, (member->state, task, signo))
}

void report_slow(struct report *report, const struct task *task) {
  FOR_EACH(report, slow, (member->state, task))
}

void report_stopped(struct report *report, const struct task *task, int signo) {
  FOR_EACH(report, stopped, (member->state, task, signo))
}

void report_went_on(struct report *report, const struct task *task) {
  FOR_EACH(report, went_on, (member->state, task))
}

void report_paused(struct report *report, int64_t wall_ns) {
  FOR_EACH(report, paused, (member->state, wall_ns))
}

void report_left(struct report *report, const struct task *task) {
  FOR_EACH(report, left, (member->state, task))
}

void report_ended(struct report *report, const struct task *task,
                  const struct outputs *outputs, bool is_last) {
  FOR_EACH(report, ended, (member->state, task, outputs, is_last))
}

void report_dropped(struct report *report, const struct task *task) {
  FOR_EACH(report, dropped, (member->state, task))
}

void report_flush(struct report *report) {
  FOR_EACH(report, flush, (member->state))
}

int report_close(struct report *report, const struct tally *tally, int signo) {
  int result = 0;
  for (size_t i = 0; i < report->count; i++) {
    const struct member *member = &report->members[i];
    int error = member->kind->end(member->state, tally, signo);
    if (error < 0) {
      message("--%s: %s: %s", member->kind->name, member->path,
              strerror(-error));
      result = -EIO;
    }
  }
  free(report);
  return result;
}
