/*
 * values.h: values of options that are more than a number or a word: signals,
 * rewrites, limits.
 *
 * Each returns 0, or -EINVAL with *ret_error a line, to be freed.  What they
 * make lives as long as the program.
 */
#ifndef RUN_VALUES_H
#define RUN_VALUES_H

#include <belay/process.h>
#include <stddef.h>

#include "options.h"

/* "TERM", "SIGTERM", "15", "RTMIN+1" */
int value_signal(const char *option, const char *text, int *ret_signo,
                 char **ret_error);

/* Names, several in one with commas; up to 0. */
int value_signals(const char *option, const struct cli_strings *strings,
                  const int **ret_signals, char **ret_error);

/* "TERM=INT", "HUP=0" */
int value_rewrites(const struct cli_strings *strings,
                   const struct run_rewrite **ret_rewrites, size_t *ret_count,
                   char **ret_error);

/* "nofile=1024", "core=0:unlimited", "as=2G" */
int value_limits(const struct cli_strings *strings,
                 const struct belay_process_limit **ret_limits,
                 size_t *ret_count, char **ret_error);

#endif
