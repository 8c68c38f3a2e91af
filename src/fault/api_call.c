/*
 * api_call.c: what the calls have in common.
 *
 * A change is made to a copy of the plan, which then becomes the plan, or does
 * not; so a request that fails has changed nothing.
 */
#include "api_call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void call_refuse(struct call *call, int error, char *line) {
  int status = error == -EINVAL || error == -E2BIG ? 400 : 500;
  api_refuse(call->reply, status, "%s", line != NULL ? line : strerror(-error));
  free(line);
}

bool call_begin_change(struct call *call) {
  int error = plan_copy(&call->control->plan, &call->next);
  if (error < 0)
    call_refuse(call, error, NULL);
  return error == 0;
}

bool call_commit(struct call *call) {
  char *line = NULL;
  int error = control_change(call->control, &call->next, &line);
  if (error < 0)
    call_refuse(call, error, line);
  return error == 0;
}

struct plan_server *call_proxy(struct call *call) {
  struct plan_server *proxy = plan_find(&call->control->plan, call->parts[1]);
  if (proxy == NULL)
    api_refuse(call->reply, 404, "proxy not found");
  return proxy;
}
