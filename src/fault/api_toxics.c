/*
 * api_toxics.c: requests about toxics.
 */
#include <stdlib.h>
#include <string.h>

#include "api_call.h"
#include "api_json.h"
#include "api_print.h"

static struct toxic *toxic_of(const struct plan_server *proxy,
                              const char *name) {
  for (size_t i = 0; i < proxy->toxic_count; i++)
    if (strcmp(proxy->toxics[i].name, name) == 0)
      return &proxy->toxics[i];
  return NULL;
}

static struct toxic *find_toxic(struct call *call,
                                const struct plan_server *proxy) {
  struct toxic *toxic = toxic_of(proxy, call->parts[3]);
  if (toxic == NULL)
    api_refuse(call->reply, 404, "toxic not found");
  return toxic;
}

void call_list_toxics(struct call *call) {
  struct plan_server *proxy = call_proxy(call);
  if (proxy != NULL)
    api_print_toxics(call->reply->file, proxy);
}

static void say_toxic(struct call *call, const char *name) {
  const struct plan_server *proxy =
      plan_find(&call->control->plan, call->parts[1]);
  api_print_toxic(call->reply->file, toxic_of(proxy, name));
}

static void add_toxic(struct call *call, const struct plan_server *proxy,
                      const struct toxic *toxic) {
  if (toxic_of(proxy, toxic->name) != NULL) {
    api_refuse(call->reply, 409, "toxic already exists");
    return;
  }
  if (!call_begin_change(call))
    return;
  int error = plan_add_toxic(plan_find(&call->next, call->parts[1]), toxic);
  if (error < 0)
    call_refuse(call, error, NULL);
  else if (call_commit(call))
    say_toxic(call, toxic->name);
}

void call_create_toxic(struct call *call) {
  struct plan_server *proxy = call_proxy(call);
  struct toxic toxic = {0};
  char *line = NULL;
  if (proxy == NULL)
    return;
  int error = api_json_toxic(call->message->body, call->message->body_size,
                             &toxic, &line);
  if (error < 0) {
    call_refuse(call, error, line);
    return;
  }
  add_toxic(call, proxy, &toxic);
  toxic_clear(&toxic);
}

void call_show_toxic(struct call *call) {
  struct plan_server *proxy = call_proxy(call);
  if (proxy != NULL && find_toxic(call, proxy) != NULL)
    say_toxic(call, call->parts[3]);
}

void call_update_toxic(struct call *call) {
  struct plan_server *proxy = call_proxy(call);
  char *line = NULL;
  if (proxy == NULL || find_toxic(call, proxy) == NULL ||
      !call_begin_change(call))
    return;
  struct toxic *toxic =
      toxic_of(plan_find(&call->next, call->parts[1]), call->parts[3]);
  int error = api_json_change(call->message->body, call->message->body_size,
                              toxic, &line);
  if (error < 0)
    call_refuse(call, error, line);
  else if (call_commit(call))
    say_toxic(call, call->parts[3]);
}

void call_delete_toxic(struct call *call) {
  struct plan_server *proxy = call_proxy(call);
  if (proxy == NULL || find_toxic(call, proxy) == NULL ||
      !call_begin_change(call))
    return;
  proxy = plan_find(&call->next, call->parts[1]);
  plan_remove_toxic(proxy, toxic_of(proxy, call->parts[3]));
  if (call_commit(call))
    call->reply->status = 204;
}
