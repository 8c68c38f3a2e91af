/* report_kinds.h: the kinds of report that there are. */
#ifndef RUN_REPORT_KINDS_H
#define RUN_REPORT_KINDS_H

#include "report.h"

/* Opens a file ("-": standard output): 0; or a negative errno with *ret_error a
 * line, to be freed. */
typedef int report_open_fn(const char *path, const struct belay_loop *loop,
                           void **ret_state, char **ret_error);

extern const struct report_kind report_json, report_junit, report_tap,
    report_trace;
report_open_fn report_json_open, report_junit_open, report_tap_open,
    report_trace_open;

#endif
