/*
 * report.c: the words of a run.  Each thing that happens has one function
 * here, which says it on stderr as a line and, if asked, on stdout as JSON.
 */
#include "report.h"

#include <belay/signal.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/json.h"
#include "cli/unit.h"

struct report {
  const struct session_options *options;
  struct display *display;
};

int report_new(const struct session_options *options,
               struct report **ret_report) {
  struct report *report = calloc(1, sizeof(*report));
  if (report == NULL)
    return -ENOMEM;
  report->options = options;
  struct display_options how = {
      .fd = STDERR_FILENO, .live = options->live, .colour = options->colour};
  int error = display_new(&how, &report->display);
  if (error < 0)
    free(report);
  else
    *ret_report = report;
  return error;
}

void report_free(struct report *report) {
  if (report == NULL)
    return;
  display_free(report->display);
  free(report);
}

struct display *report_display(struct report *report) {
  return report->display;
}

/* The target as the user would write it: below the directory asked for. */
static const char *short_name(const struct item *item) {
  size_t size = item->dir != NULL ? strlen(item->dir) : 0;
  if (size > 0 && strncmp(item->target, item->dir, size) == 0) {
    const char *rest = item->target + size;
    return rest + strspn(rest, "/");
  }
  return item->target;
}

static struct json begin_event(const char *event, const struct item *item) {
  struct json json = json_begin(stdout);
  json_string(&json, "event", event);
  json_string(&json, "url", item->url);
  json_string(&json, "target", item->target);
  return json;
}

void report_completed(struct report *report, const struct item *item,
                      int64_t bytes, int64_t received, int64_t elapsed_ns) {
  char size[UNIT_TEXT_BYTES], time[UNIT_TEXT_BYTES], rate[UNIT_TEXT_BYTES];
  double seconds = (double)(elapsed_ns > 0 ? elapsed_ns : 1) / 1e9;
  if (!report->options->quiet && report->options->lines)
    display_message(report->display, DISPLAY_GOOD,
                    "completed  %s  %s in %s (%s/s)", short_name(item),
                    unit_size(bytes, size), unit_duration(elapsed_ns, time),
                    unit_size((int64_t)((double)received / seconds), rate));
  if (report->options->json) {
    struct json json = begin_event("completed", item);
    json_number(&json, "bytes", bytes);
    json_seconds(&json, "seconds", elapsed_ns);
    json_end(&json);
  }
}

void report_failed(struct report *report, const struct item *item,
                   const char *problem) {
  display_message(report->display, DISPLAY_BAD, "failed     %s  %s  (%s)",
                  short_name(item), problem, item->url);
  if (report->options->json) {
    struct json json = begin_event("failed", item);
    json_string(&json, "error", problem);
    json_end(&json);
  }
}

void report_interrupted(struct report *report, const struct item *item) {
  if (report->options->json) {
    struct json json = begin_event("interrupted", item);
    json_end(&json);
  }
}

void report_retry(struct report *report, const struct item *item,
                  const char *problem, int64_t wait_ns) {
  char time[UNIT_TEXT_BYTES];
  if (report->options->verbose)
    display_message(report->display, DISPLAY_PLAIN,
                    "retry      %s  %s; again in %s", short_name(item), problem,
                    unit_duration(wait_ns, time));
}

void report_signal(struct report *report, int signo, size_t saving) {
  display_message(report->display, DISPLAY_PLAIN,
                  "belay get: interrupted by %s, saving %zu download%s; "
                  "again to quit at once",
                  belay_signal_name(signo), saving, saving == 1 ? "" : "s");
}

void report_broken(struct report *report, const char *problem) {
  display_message(report->display, DISPLAY_PLAIN, "belay get: %s", problem);
}

/* "3 completed, 1 failed" */
static void write_counts(char *text, size_t size,
                         const struct session_result *result) {
  int used = snprintf(text, size, "%zu completed", result->completed);
  if (result->failed > 0)
    used += snprintf(text + used, size - (size_t)used, ", %zu failed",
                     result->failed);
  if (result->interrupted > 0)
    snprintf(text + used, size - (size_t)used, ", %zu interrupted",
             result->interrupted);
}

void report_summary(struct report *report,
                    const struct session_result *result) {
  char counts[128], size[UNIT_TEXT_BYTES], time[UNIT_TEXT_BYTES];
  write_counts(counts, sizeof(counts), result);
  if (result->signo != 0)
    display_message(report->display, DISPLAY_PLAIN,
                    "belay get: %s; 'belay get resume' goes on", counts);
  else if (!report->options->quiet || result->failed > 0)
    display_message(report->display, DISPLAY_PLAIN, "belay get: %s, %s in %s",
                    counts, unit_size(result->bytes, size),
                    unit_duration(result->elapsed_ns, time));
  if (report->options->json) {
    struct json json = json_begin(stdout);
    json_string(&json, "event", "summary");
    json_number(&json, "completed", (int64_t)result->completed);
    json_number(&json, "failed", (int64_t)result->failed);
    json_number(&json, "interrupted", (int64_t)result->interrupted);
    json_number(&json, "bytes", result->bytes);
    json_seconds(&json, "seconds", result->elapsed_ns);
    json_end(&json);
  }
}
