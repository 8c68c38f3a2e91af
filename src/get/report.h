/*
 * report.h: what is said about a run, to a person and to programs.
 *
 * Lines go to stderr through the display, events as JSON Lines to stdout.
 */
#ifndef GET_REPORT_H
#define GET_REPORT_H

#include "display.h"
#include "item.h"
#include "session.h"

struct report;

int report_new(const struct session_options *options,
               struct report **ret_report);
void report_free(struct report *report);

/* One download has ended. */
void report_completed(struct report *report, const struct item *item,
                      int64_t bytes, int64_t received, int64_t elapsed_ns);
void report_failed(struct report *report, const struct item *item,
                   const char *problem);
void report_interrupted(struct report *report, const struct item *item);

/* Something that a person may want to know (-v): "x.iso: stalled, ...". */
void report_retry(struct report *report, const struct item *item,
                  const char *problem, int64_t wait_ns);

/* At the first signal: what is being done, and how not to wait for it. */
void report_signal(struct report *report, int signo, size_t saving);
void report_broken(struct report *report, const char *problem);

/* The last word. */
void report_summary(struct report *report, const struct session_result *result);

/* The display of the run, for drawing. */
struct display *report_display(struct report *report);

#endif
