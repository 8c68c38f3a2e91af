/*
 * api_call.h: one request to the API that is being answered.
 */
#ifndef FAULT_API_CALL_H
#define FAULT_API_CALL_H

#include "api_message.h"
#include "api_reply.h"
#include "control.h"

#define API_PARTS_AT_MOST 4

struct call {
  struct control *control;
  const struct api_message *message;
  struct api_reply *reply;
  const char *parts[API_PARTS_AT_MOST + 1]; /* of the path, up to NULL */
  struct plan next;                         /* if something is changed */
};

/* An error of a function that has a line, which is freed. */
void call_refuse(struct call *call, int error, char *line);
/* The plan to be changed; false: it has been refused. */
bool call_begin_change(struct call *call);
/* It becomes the plan; false: it has been refused. */
bool call_commit(struct call *call);
/* The proxy that the path names; NULL: it has been refused. */
struct plan_server *call_proxy(struct call *call);

/* What there is to be called.  api_proxies.c */
typedef void call_run(struct call *call);
call_run call_list_proxies, call_create_proxy, call_show_proxy;
call_run call_update_proxy, call_delete_proxy, call_populate, call_reset;
/* api_toxics.c */
call_run call_list_toxics, call_create_toxic, call_show_toxic;
call_run call_update_toxic, call_delete_toxic;

#endif
