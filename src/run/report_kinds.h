/* report_kinds.h: the kinds of report that there are. */
#ifndef RUN_REPORT_KINDS_H
#define RUN_REPORT_KINDS_H

#include "report.h"

extern const struct report_kind report_json, report_junit, report_tap,
    report_trace;

#endif
