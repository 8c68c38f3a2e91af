/*
 * session.h: the run of `belay fault`, from the first socket to the summary.
 */
#ifndef FAULT_SESSION_H
#define FAULT_SESSION_H

#include "options.h"

struct session_result {
  int signo;  /* that ended us; 0: none */
  int status; /* else the exit status */
};

/* 0; or -errno with *ret_error a line, to be freed, when it did not begin. */
int session_run(const struct fault_options *options,
                struct session_result *ret_result, char **ret_error);

#endif
