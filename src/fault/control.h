/*
 * control.h: what is wanted now, and changing it while everything runs.
 */
#ifndef FAULT_CONTROL_H
#define FAULT_CONTROL_H

#include "plan.h"

struct control {
  const struct fault_options *options; /* borrowed */
  struct engine *engine;               /* borrowed */
  struct plan plan;                    /* what there is */
};

/* What the options say: the first servers.  -errno, and *ret_error a line, to
 * be freed. */
int control_begin(struct control *control, char **ret_error);
/* What the configuration says now.  What was done at run time stays.  Nothing
 * has changed when it fails. */
int control_reload(struct control *control, char **ret_error);
/* This instead; takes the plan when it succeeds. */
int control_change(struct control *control, struct plan *plan,
                   char **ret_error);
void control_end(struct control *control);

#endif
