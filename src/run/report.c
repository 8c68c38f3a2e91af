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
#include "report_path.h"

#define KINDS 4

struct report {
  struct member {
    const struct report_kind *kind;
    const char *path;
    struct report_base *state;
  } members[KINDS];
  size_t count;
};

/* What an option wants; `path` is NULL if it was not given. */
struct wish {
  const struct report_kind *kind;
  const char *path;
};

static const char *name_of(const char *path) {
  return strcmp(path, "-") == 0 ? "standard output" : path;
}

/* Two in one file would be neither. */
static int check_pair(const struct wish *one, const struct wish *two,
                      char **ret_error) {
  if (one->path == NULL || two->path == NULL ||
      !report_paths_meet(one->path, two->path))
    return 0;
  bool is_one_name = strcmp(one->path, two->path) == 0;
  return refuse(ret_error, "--%s and --%s cannot both go to %s%s%s",
                one->kind->name, two->kind->name, name_of(one->path),
                is_one_name ? "" : ", which is also ",
                is_one_name ? "" : name_of(two->path));
}

static int add(struct report *report, const struct wish *wish,
               const struct belay_loop *loop, char **ret_error) {
  const struct report_kind *kind = wish->kind;
  struct report_base *state = calloc(1, kind->state_size);
  if (state == NULL)
    return -ENOMEM;
  state->loop = loop;
  int error = report_file_open(kind->name, wish->path, kind->way, &state->file,
                               ret_error);
  if (error < 0) {
    free(state);
    return error;
  }
  report->members[report->count++] = (struct member){kind, wish->path, state};
  return 0;
}

/* Nothing was begun, and nothing is to be told of it. */
static void drop(struct report *report) {
  for (size_t i = 0; i < report->count; i++) {
    report_file_drop(report->members[i].state->file);
    free(report->members[i].state);
  }
  free(report);
}

int report_open(const struct run_options *options,
                const struct belay_loop *loop, struct report **ret_report,
                char **ret_error) {
  const struct wish wishes[KINDS] = {{&report_json, options->json},
                                     {&report_junit, options->junit},
                                     {&report_tap, options->tap},
                                     {&report_trace, options->trace}};
  int error = 0;
  for (size_t i = 1; i < KINDS; i++)
    for (size_t j = 0; j < i && error == 0; j++)
      error = check_pair(&wishes[j], &wishes[i], ret_error);
  if (error < 0)
    return error;
  struct report *report = calloc(1, sizeof(*report));
  if (report == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < KINDS && error == 0; i++)
    if (wishes[i].path != NULL)
      error = add(report, &wishes[i], loop, ret_error);
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
  for (size_t i = 0; i < report->count; i++) {
    struct report_base *state = report->members[i].state;
    state->began_ns = belay_loop_now(state->loop);
  }
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
  for (size_t i = 0; i < report->count; i++)
    if (report->members[i].kind->way == REPORT_STREAM)
      report_file_flush(report->members[i].state->file);
}

int report_close(struct report *report, const struct tally *tally, int signo) {
  int result = 0;
  for (size_t i = 0; i < report->count; i++) {
    const struct member *member = &report->members[i];
    member->kind->end(member->state, tally, signo);
    int error = report_file_end(member->state->file);
    if (error < 0) {
      message("--%s: %s: %s", member->kind->name, member->path,
              strerror(-error));
      result = -EIO;
    }
    free(member->state);
  }
  free(report);
  return result;
}
