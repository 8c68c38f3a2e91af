/* usage.h: a command line taken in, before anything runs. */
#ifndef RUN_USAGE_H
#define RUN_USAGE_H

#include "options.h"

/* What is said begins with `program`; --version is `version`.  -1: run what the
 * options say; else that was all, and this is the exit status. */
int usage_take(const char *program, const char *version, int argc, char **argv,
               struct run_options *ret_options);

#endif
