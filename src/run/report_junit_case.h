/* report_junit_case.h: one command of a JUnit report, with all its attempts. */
#ifndef RUN_REPORT_JUNIT_CASE_H
#define RUN_REPORT_JUNIT_CASE_H

#include <stdint.h>
#include <stdio.h>

#include "output.h"
#include "task.h"

/* How a command counts. */
enum junit_result { JUNIT_PASSED, JUNIT_FAILED, JUNIT_ERROR };

struct junit_case {
  struct junit_case *next;
  long number; /* the task's */
  char *name, *line;
  int64_t captured[2]; /* how much of its output earlier attempts wrote */
  struct junit_attempt *attempts;
  size_t count, dropped;
};

/* NULL: out of memory. */
struct junit_case *junit_case_new(const struct task *task);

/* Takes in how an attempt ended, and some of what it wrote: 0 or -ENOMEM. */
int junit_case_add(struct junit_case *test, const struct task *task,
                   const struct outputs *outputs);

enum junit_result junit_case_result(const struct junit_case *test);

void junit_case_write(const struct junit_case *test, const char *class_name,
                      FILE *out);

void junit_case_free(struct junit_case *test);

#endif
