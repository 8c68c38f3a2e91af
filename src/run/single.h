/* single.h: one command, as if the shell had started it itself. */
#ifndef RUN_SINGLE_H
#define RUN_SINGLE_H

#include "options.h"

/* Runs it and ends as it did, or with a status of exit.h. */
_Noreturn void single_run(const struct run_options *options);

#endif
