/*
 * control.c: every change is another plan, which becomes so or does not.
 */
#include "control.h"

int control_change(struct control *control, struct plan *plan,
                   char **ret_error) {
  int error = plan_apply(plan, control->engine, ret_error);
  if (error < 0)
    return error;
  plan_clear(&control->plan);
  control->plan = *plan;
  *plan = (struct plan){0};
  return 0;
}

int control_begin(struct control *control, char **ret_error) {
  struct plan plan;
  int error = plan_make(&plan, control->options, ret_error);
  if (error < 0)
    return error;
  error = control_change(control, &plan, ret_error);
  plan_clear(&plan);
  return error;
}

/* What no file knows of. */
static int keep_own(const struct plan *before, struct plan *plan) {
  int error = 0;
  for (size_t i = 0; i < before->count && error == 0; i++) {
    const struct plan_server *server = &before->servers[i];
    struct plan_server *same = plan_find(plan, server->name);
    if (same != NULL)
      error = plan_copy_toxics(same, server);
    else if (server->is_own)
      error = plan_copy_server(plan, server);
  }
  return error;
}

int control_reload(struct control *control, char **ret_error) {
  struct plan plan;
  int error = plan_make(&plan, control->options, ret_error);
  if (error < 0)
    return error;
  error = keep_own(&control->plan, &plan);
  if (error == 0)
    error = control_change(control, &plan, ret_error);
  plan_clear(&plan);
  return error;
}

void control_end(struct control *control) {
  plan_clear(&control->plan);
}
