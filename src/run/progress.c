/* progress.c: numbers and states as people read them; nothing here writes. */
#include "progress.h"

#include <stdio.h>
#include <string.h>

#include "cli/unit.h"
#include "cli/utf8.h"

/* Names with less room than this say nothing. */
#define NAMES_COLUMNS 12
#define TASK_COLUMNS 60
#define LINE_BYTES 4096
#define SECOND_NS INT64_C(1000000000)

/* Whole seconds: nobody reads parts of one that change at once. */
static const char *elapsed_text(int64_t ns, char text[UNIT_TEXT_BYTES]) {
  long long seconds = ns / SECOND_NS;
  if (seconds >= 60)
    return unit_duration(seconds * SECOND_NS, text);
  snprintf(text, UNIT_TEXT_BYTES, "%lld s", seconds);
  return text;
}

static size_t add_count(char *text, size_t used, long count, const char *what) {
  int n = count > 0 ? snprintf(text + used, PROGRESS_BYTES - used, ", %ld %s",
                               count, what)
                    : 0;
  return used + (size_t)n;
}

const char *progress_counts(const struct tally *tally, int64_t elapsed_ns,
                            char text[PROGRESS_BYTES]) {
  char time[UNIT_TEXT_BYTES], total[24] = "";
  long done = tally->succeeded + tally->failed;
  long waiting = tally->started - done - tally->running;
  if (tally->total >= 0)
    snprintf(total, sizeof(total), "/%ld", tally->total);
  int n = snprintf(text, PROGRESS_BYTES, "%ld%s done", done, total);
  size_t used = add_count(text, (size_t)n, tally->failed, "failed");
  used = add_count(text, used, tally->running, "running");
  used = add_count(text, used, waiting, "waiting to start again");
  snprintf(text + used, PROGRESS_BYTES - used, ", %s",
           elapsed_text(elapsed_ns, time));
  return text;
}

const struct task *progress_oldest(const struct task *newest) {
  while (newest != NULL && newest->next != NULL)
    newest = newest->next;
  return newest;
}

size_t progress_line(const struct tally *tally, int64_t elapsed_ns,
                     const struct task *newest, size_t columns, char *into,
                     size_t size) {
  char text[LINE_BYTES];
  progress_counts(tally, elapsed_ns, text);
  size_t used = strlen(text), counts = used;
  const struct task *task = progress_oldest(newest);
  if (counts + NAMES_COLUMNS > columns)
    task = NULL;
  for (; task != NULL && used < 4 * columns && used < sizeof(text) - 1;
       task = task->previous) {
    int n = snprintf(text + used, sizeof(text) - used, "%s%s",
                     used == counts ? ": " : ", ", task->command.name);
    used += (size_t)n;
  }
  return utf8_fit(text, into, size, columns);
}

static void write_state(const struct task *task, int64_t now_ns, char *into,
                        size_t size) {
  char time[UNIT_TEXT_BYTES];
  bool has_ended = task->state == TASK_LEFTOVERS;
  elapsed_text((has_ended ? task->ended_ns : now_ns) - task->started_ns, time);
  if (has_ended)
    snprintf(into, size, "ended after %s, and others of its group did not",
             time);
  else if (task->is_stopped)
    snprintf(into, size, "stopped, started %s ago", time);
  else
    snprintf(into, size, "running for %s", time);
}

const char *progress_task(const struct task *task, int64_t now_ns,
                          char text[PROGRESS_BYTES]) {
  char name[TASK_COLUMNS * 2], state[PROGRESS_BYTES / 3], attempt[24] = "";
  utf8_fit(task->command.name, name, sizeof(name), TASK_COLUMNS);
  write_state(task, now_ns, state, sizeof(state));
  if (task->attempt > 1)
    snprintf(attempt, sizeof(attempt), ", attempt %d", task->attempt);
  snprintf(text, PROGRESS_BYTES, "%s: %s%s, pid %d%s", name, state,
           task->asked ? ", asked to end" : "", (int)task->pid, attempt);
  return text;
}
