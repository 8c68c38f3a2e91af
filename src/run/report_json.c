/*
 * report_json.c: JSON Lines, one object for each thing that happens, when it
 * happens.
 *
 * Invariant: fields keep their names, and a field that means nothing in an
 * event is not there, or null where its like is told.  Times are seconds of the
 * loop's time since the beginning, which stands still while we do.
 */
#include <belay/version.h>

#include <time.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/unit.h"
#include "report_kinds.h"
#include "signals.h"

/* -- Parts of objects ------------------------------------------------------ */

static void put_seconds(struct json *json, const char *key, int64_t ns) {
  json_decimal(json, key, ns > 0 ? ns / 1000 : 0, 6);
}

static struct json open_event(const struct report_base *base,
                              const char *event) {
  struct json json = json_begin(base->file->out);
  json_string(&json, "event", event);
  put_seconds(&json, "time", belay_loop_now(base->loop) - base->began_ns);
  return json;
}

static struct json open_task(const struct report_base *base, const char *event,
                             const struct task *task) {
  struct json json = open_event(base, event);
  json_number(&json, "number", task->number);
  json_string(&json, "name", task->command.name);
  json_number(&json, "attempt", task->attempt);
  return json;
}

static void close_event(struct json *json) {
  json_close(json);
  putc('\n', json->file);
}

static void put_time_used(struct json *json, const char *key,
                          const struct timeval *time) {
  json_decimal(json, key, (int64_t)time->tv_sec * 1000000 + time->tv_usec, 6);
}

static void put_usage(struct json *json, const struct rusage *usage) {
  put_time_used(json, "user_seconds", &usage->ru_utime);
  put_time_used(json, "system_seconds", &usage->ru_stime);
  json_number(json, "max_rss_bytes", (int64_t)usage->ru_maxrss * 1024);
}

/* Exactly one of exit, signal and error says how it ended. */
static void put_ending(struct json *json, const struct task *task) {
  const struct belay_process_status *status = &task->status;
  bool started = task->start_error == 0;
  bool exited = started && status->state == BELAY_PROCESS_EXITED;
  bool killed = started && status->state == BELAY_PROCESS_KILLED;
  char text[TASK_TEXT_BYTES];
  json_bool(json, "ok", task_succeeded(task));
  json_number(json, "status", task_exit_status(task));
  json_known(json, "exit", exited ? status->code : -1);
  json_string(json, "signal", killed ? signals_name(status->code) : NULL);
  json_string(json, "error",
              exited || killed ? NULL : task_describe(task, text));
  json_bool(json, "core_dumped", killed && status->core_dumped);
  json_bool(json, "timed_out", task->timed_out);
  json_bool(json, "left_behind", task->left);
}

/* -- Events ---------------------------------------------------------------- */

static void begin(void *state, const struct tally *tally) {
  char text[UNIT_TEXT_BYTES];
  struct json json = open_event(state, "begin");
  json_string(&json, "began", unit_time((int64_t)time(NULL) * 1000, text));
  json_string(&json, "version", BELAY_VERSION_STRING);
  json_number(&json, "pid", getpid());
  json_known(&json, "total", tally->total);
  close_event(&json);
}

static void started(void *state, const struct task *task) {
  struct json json = open_task(state, "start", task);
  json_number(&json, "slot", task->slot);
  json_number(&json, "pid", task->pid);
  json_strings(&json, "command", (const char *const *)task->command.argv);
  close_event(&json);
}

static void signalled(void *state, const struct task *task, int signo) {
  struct json json = open_task(state, "signal", task);
  json_string(&json, "signal", signals_name(signo));
  close_event(&json);
}

static void slow(void *state, const struct task *task) {
  const struct report_base *base = state;
  struct json json = open_task(state, "slow", task);
  put_seconds(&json, "seconds", belay_loop_now(base->loop) - task->started_ns);
  close_event(&json);
}

static void stopped(void *state, const struct task *task, int signo) {
  struct json json = open_task(state, "stop", task);
  json_string(&json, "signal", signals_name(signo));
  close_event(&json);
}

static void went_on(void *state, const struct task *task) {
  struct json json = open_task(state, "continue", task);
  close_event(&json);
}

static void paused(void *state, int64_t wall_ns) {
  struct json json = open_event(state, "pause");
  put_seconds(&json, "seconds", wall_ns);
  close_event(&json);
}

static void left(void *state, const struct task *task) {
  struct json json = open_task(state, "left", task);
  close_event(&json);
}

static void ended(void *state, const struct task *task,
                  const struct outputs *outputs, bool is_last) {
  (void)outputs;
  struct json json = open_task(state, "end", task);
  bool started = task->start_error == 0;
  json_number(&json, "slot", task->slot);
  json_known(&json, "pid", started ? task->pid : -1);
  put_ending(&json, task);
  put_seconds(&json, "seconds", task->ended_ns - task->started_ns);
  if (started)
    put_usage(&json, &task->usage);
  close_event(&json);
  if (!is_last) {
    json = open_task(state, "retry", task);
    close_event(&json);
  }
}

static void dropped(void *state, const struct task *task) {
  struct json json = open_task(state, "dropped", task);
  close_event(&json);
}

static void end(void *state, const struct tally *tally, int signo) {
  struct json json = open_event(state, "summary");
  json_known(&json, "total", tally->total);
  json_number(&json, "started", tally->started);
  json_number(&json, "succeeded", tally->succeeded);
  json_number(&json, "failed", tally->failed);
  json_number(&json, "retried", tally->retried);
  json_string(&json, "signal", signo != 0 ? signals_name(signo) : NULL);
  close_event(&json);
}

const struct report_kind report_json = {
    .name = "json",
    .state_size = sizeof(struct report_base),
    .way = REPORT_STREAM,
    .begin = begin,
    .started = started,
    .signalled = signalled,
    .slow = slow,
    .stopped = stopped,
    .went_on = went_on,
    .paused = paused,
    .left = left,
    .ended = ended,
    .dropped = dropped,
    .end = end,
};
