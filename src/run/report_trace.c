/*
 * report_trace.c: who ran when, in Chrome's trace event format, for Perfetto
 * and chrome://tracing: a row for us, and one for each slot, in which attempts
 * are slices, and stops are slices inside them.
 *
 * The trace's time is the loop's time and the pauses together.  While we are
 * stopped the loop's time stands still; here, a pause is a slice "paused" in
 * our row and in each where something runs, as wide as it was on the clock, and
 * everything after it is that much later.
 *
 * Invariant: in each row slices begin and end in the order of their times, and
 * end in the reverse order of their beginnings.  The file is whole or not
 * there.
 */
#include <belay/version.h>

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/unit.h"
#include "report_kinds.h"
#include "signals.h"

/* Rows are threads of one process; 0 is nobody's. */
#define OUR_ROW 1
#define FIRST_SLOT_ROW 2

struct trace {
  struct report_base base;
  int64_t paused_ns;
  bool *running; /* by slot: whether an attempt has begun there and not ended */
  int slots;
  bool has_event;
  char began[UNIT_TEXT_BYTES];
};

/* -- Events ---------------------------------------------------------------- */

static int64_t now(const struct trace *trace) {
  return belay_loop_now(trace->base.loop);
}

static int row_of(const struct task *task) {
  return FIRST_SLOT_ROW + task->slot;
}

/* An event at a time of the loop, of a kind ("B", "E", "i", "M"); `args` are to
 * follow, and close_event(). */
static struct json open_event(struct trace *trace, const char *kind,
                              const char *name, int row, int64_t at_ns) {
  int64_t ns = at_ns - trace->base.began_ns + trace->paused_ns;
  fputs(trace->has_event ? ",\n" : "\n", trace->base.file->out);
  trace->has_event = true;
  struct json json = json_begin(trace->base.file->out);
  json_string(&json, "ph", kind);
  json_string(&json, "name", name);
  json_number(&json, "pid", getpid());
  json_number(&json, "tid", row);
  json_decimal(&json, "ts", ns > 0 ? ns : 0, 3);
  if (kind[0] == 'i')
    json_string(&json, "s", "t"); /* as high as the row */
  json_open(&json, "args");
  return json;
}

static void close_event(struct json *json) {
  json_close(json);
  json_close(json);
}

static void put_event(struct trace *trace, const char *kind, const char *name,
                      int row, int64_t at_ns) {
  struct json json = open_event(trace, kind, name, row, at_ns);
  close_event(&json);
}

static void put_instant(struct trace *trace, const char *name,
                        const struct task *task) {
  struct json json = open_event(trace, "i", name, row_of(task), now(trace));
  json_number(&json, "number", task->number);
  close_event(&json);
}

/* -- Rows ------------------------------------------------------------------ */

static void name_row(struct trace *trace, int row, const char *name) {
  struct json json = open_event(trace, "M", "thread_name", row, 0);
  json_string(&json, "name", name);
  close_event(&json);
  json = open_event(trace, "M", "thread_sort_index", row, 0);
  json_number(&json, "sort_index", row);
  close_event(&json);
}

/* Out of memory, pauses are seen in our row alone. */
static void set_running(struct trace *trace, const struct task *task,
                        bool is_running) {
  if (task->slot >= trace->slots) {
    size_t slots = (size_t)task->slot + 1;
    bool *running = realloc(trace->running, slots * sizeof(*running));
    if (running == NULL)
      return;
    trace->running = running;
    while (trace->slots < (int)slots) {
      char name[32];
      snprintf(name, sizeof(name), "slot %d", trace->slots + 1);
      running[trace->slots] = false;
      name_row(trace, FIRST_SLOT_ROW + trace->slots++, name);
    }
  }
  trace->running[task->slot] = is_running;
}

/* -- What happens ---------------------------------------------------------- */

static void begin(void *state, const struct tally *tally) {
  struct trace *trace = state;
  (void)tally;
  unit_time((int64_t)time(NULL) * 1000, trace->began);
  fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", trace->base.file->out);
  struct json json = open_event(trace, "M", "process_name", OUR_ROW, 0);
  json_string(&json, "name", "belay run");
  close_event(&json);
  name_row(trace, OUR_ROW, "belay run");
}

static void begin_attempt(struct trace *trace, const struct task *task) {
  set_running(trace, task, true);
  struct json json = open_event(trace, "B", task->command.name, row_of(task),
                                task->started_ns);
  json_number(&json, "number", task->number);
  json_number(&json, "attempt", task->attempt);
  json_strings(&json, "command", (const char *const *)task->command.argv);
  if (task->start_error == 0)
    json_number(&json, "pid", task->pid);
  close_event(&json);
}

static void end_attempt(struct trace *trace, const struct task *task) {
  char text[TASK_TEXT_BYTES];
  if (task->is_stopped)
    put_event(trace, "E", "stopped", row_of(task), task->ended_ns);
  struct json json =
      open_event(trace, "E", task->command.name, row_of(task), task->ended_ns);
  json_bool(&json, "ok", task_succeeded(task));
  json_number(&json, "status", task_exit_status(task));
  json_string(&json, "result", task_describe(task, text));
  close_event(&json);
}

static void started(void *state, const struct task *task) {
  begin_attempt(state, task);
}

static void signalled(void *state, const struct task *task, int signo) {
  put_instant(state, signals_name(signo), task);
}

static void slow(void *state, const struct task *task) {
  put_instant(state, "slow", task);
}

static void stopped(void *state, const struct task *task, int signo) {
  struct trace *trace = state;
  struct json json =
      open_event(trace, "B", "stopped", row_of(task), now(trace));
  json_string(&json, "signal", signals_name(signo));
  close_event(&json);
}

static void went_on(void *state, const struct task *task) {
  struct trace *trace = state;
  put_event(trace, "E", "stopped", row_of(task), now(trace));
}

static void put_pause(struct trace *trace, const char *kind, int64_t at_ns) {
  put_event(trace, kind, "paused", OUR_ROW, at_ns);
  for (int i = 0; i < trace->slots; i++)
    if (trace->running[i])
      put_event(trace, kind, "paused", FIRST_SLOT_ROW + i, at_ns);
}

static void paused(void *state, int64_t wall_ns) {
  struct trace *trace = state;
  int64_t at_ns = now(trace);
  put_pause(trace, "B", at_ns);
  trace->paused_ns += wall_ns;
  put_pause(trace, "E", at_ns);
}

/* The attempt is over, and its slot is not free. */
static void left(void *state, const struct task *task) {
  struct trace *trace = state;
  end_attempt(trace, task);
  put_event(trace, "B", "left behind", row_of(task), task->ended_ns);
}

static void ended(void *state, const struct task *task,
                  const struct outputs *outputs, bool is_last) {
  struct trace *trace = state;
  (void)outputs, (void)is_last;
  if (task->start_error != 0)
    begin_attempt(trace, task);
  if (task->left)
    put_event(trace, "E", "left behind", row_of(task), now(trace));
  else
    end_attempt(trace, task);
  set_running(trace, task, false);
}

/* -- The end --------------------------------------------------------------- */

static void end(void *state, const struct tally *tally, int signo) {
  struct trace *trace = state;
  (void)tally;
  if (signo != 0) {
    struct json json =
        open_event(trace, "i", "interrupted", OUR_ROW, now(trace));
    json_string(&json, "signal", signals_name(signo));
    close_event(&json);
  }
  fputs("\n],\n\"otherData\":", trace->base.file->out);
  struct json json = json_begin(trace->base.file->out);
  json_string(&json, "version", BELAY_VERSION_STRING);
  json_string(&json, "began", trace->began);
  json_close(&json);
  fputs("}\n", trace->base.file->out);
  free(trace->running);
}

const struct report_kind report_trace = {
    .name = "trace",
    .state_size = sizeof(struct trace),
    .way = REPORT_WHOLE,
    .begin = begin,
    .started = started,
    .signalled = signalled,
    .slow = slow,
    .stopped = stopped,
    .went_on = went_on,
    .paused = paused,
    .left = left,
    .ended = ended,
    .end = end,
};
