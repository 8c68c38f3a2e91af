/*
 * report_tap.c: the Test Anything Protocol, version 13, as far as 14 reads it
 * the same way: a line for each command after its last attempt, in the order in
 * which they end, and the plan at the end.
 *
 * Names are made fit for one line without directives; the diagnostics have them
 * as they are, in YAML's (that is JSON's) quotes.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/json.h"
#include "cli/utf8.h"
#include "report_kinds.h"
#include "signals.h"

struct tap {
  struct report_base base;
  long count;
};

static void begin(void *state, const struct tally *tally) {
  struct tap *tap = state;
  (void)tally;
  fputs("TAP version 13\n", tap->base.file->out);
}

/* -- Points ---------------------------------------------------------------- */

/* On one line, and a # begins nothing. */
static void put_name(FILE *out, const char *name) {
  size_t left = strlen(name);
  while (left > 0) {
    uint32_t code;
    size_t length = utf8_decode(name, left, &code);
    if (length == 0)
      putc('?', out);
    else if (code == '\n' || code == '\t')
      putc(' ', out);
    else if (utf8_is_control(code))
      putc('?', out);
    else if (code == '#' || code == '\\')
      fprintf(out, "\\%c", (int)code);
    else
      fwrite(name, 1, length, out);
    length = length > 0 ? length : 1;
    name += length;
    left -= length;
  }
}

static void put_text(FILE *out, const char *key, const char *text) {
  fprintf(out, "  %s: ", key);
  json_text(out, text);
  putc('\n', out);
}

static void put_diagnostics(FILE *out, const struct task *task) {
  char text[TASK_TEXT_BYTES];
  fputs("  ---\n", out);
  put_text(out, "message", task_describe(task, text));
  put_text(out, "severity", task_succeeded(task) ? "comment" : "fail");
  put_text(out, "name", task->command.name);
  put_text(out, "command", task->command.line);
  fprintf(out, "  status: %d\n  attempts: %d\n  ...\n", task_exit_status(task),
          task->attempt);
}

static void put_point(struct tap *tap, const struct task *task) {
  FILE *out = tap->base.file->out;
  int64_t us = (task->ended_ns - task->started_ns) / 1000;
  bool ok = task_succeeded(task);
  fprintf(out, "%s %ld - ", ok ? "ok" : "not ok", ++tap->count);
  put_name(out, task->command.name);
  fprintf(out, " # time=%" PRId64 ".%03" PRId64 "ms\n", us / 1000, us % 1000);
  if (!ok || task->attempt > 1)
    put_diagnostics(out, task);
}

static void ended(void *state, const struct task *task,
                  const struct outputs *outputs, bool is_last) {
  (void)outputs;
  if (is_last)
    put_point(state, task);
}

static void dropped(void *state, const struct task *task) {
  put_point(state, task);
}

/* -- The end --------------------------------------------------------------- */

static void end(void *state, const struct tally *tally, int signo) {
  struct tap *tap = state;
  FILE *out = tap->base.file->out;
  fprintf(out, "1..%ld%s\n", tap->count,
          tap->count == 0 ? " # SKIP no commands" : "");
  if (tally->total > tap->count)
    fprintf(out, "# %ld commands were not run\n", tally->total - tap->count);
  if (signo != 0)
    fprintf(out, "Bail out! Interrupted by %s\n", signals_name(signo));
}

const struct report_kind report_tap = {
    .name = "tap",
    .state_size = sizeof(struct tap),
    .way = REPORT_STREAM,
    .begin = begin,
    .ended = ended,
    .dropped = dropped,
    .end = end,
};
