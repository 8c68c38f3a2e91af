/* many.h: many commands, so many at once. */
#ifndef RUN_MANY_H
#define RUN_MANY_H

#include "options.h"

/* Runs them all: the exit status; or dies by the signal that ended it. */
int many_run(const struct run_options *options);

#endif
