/*
 * api_proxies.c: requests about proxies.  A proxy that a client made is a
 * server of ours with an upstream; those that were there are proxies, too, for
 * whom faults can be added and taken away.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api_call.h"
#include "api_json.h"
#include "api_print.h"
#include "cli/json.h"

static void say_proxy(struct call *call, int status, const char *name) {
  call->reply->status = status;
  api_print_proxy(call->reply->file, call->control,
                  plan_find(&call->control->plan, name));
}

/* -- Proxies --------------------------------------------------------------- */

static int set_listen(struct plan_server *proxy, const char *listen) {
  char *copy = strdup(listen), *ignored = NULL;
  if (copy == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < proxy->listen_count; i++)
    free(proxy->listens[i]);
  proxy->listen_count = 0;
  int error = plan_add_listen(proxy, copy, &ignored);
  free(copy);
  return error;
}

static int set_upstream(struct plan_server *proxy, const char *upstream) {
  char *copy = strdup(upstream);
  if (copy == NULL)
    return -ENOMEM;
  free(proxy->upstream);
  proxy->upstream = copy;
  return 0;
}

/* Who is disabled keeps the ports that were chosen. */
static int set_enabled(const struct control *control, struct plan_server *proxy,
                       bool enabled) {
  const struct server *server = engine_server(control->engine, proxy->name);
  char text[ADDRESS_TEXT_BYTES];
  int error = 0;
  proxy->is_disabled = !enabled;
  if (enabled || server == NULL)
    return 0;
  for (size_t i = 0; i < server->listener_count && error == 0; i++) {
    const struct address *address = &server->listeners[i].address;
    char *ignored = NULL;
    error =
        i == 0 ? set_listen(proxy, address_print(address, text))
               : plan_add_listen(proxy, address_print(address, text), &ignored);
  }
  return error;
}

static bool listens_there(const struct control *control,
                          const struct plan_server *proxy, const char *listen) {
  char text[ADDRESS_TEXT_BYTES];
  return listen == NULL ||
         (proxy->listen_count > 0 && strcmp(proxy->listens[0], listen) == 0) ||
         strcmp(api_listen(control, proxy, text), listen) == 0;
}

/* What is said of it, of one that there is. */
static int alter(const struct control *control, struct plan_server *proxy,
                 const struct api_proxy *wanted) {
  int error = 0;
  if (wanted->has_enabled)
    error = set_enabled(control, proxy, wanted->enabled);
  if (error == 0 && !listens_there(control, proxy, wanted->listen))
    error = set_listen(proxy, wanted->listen);
  if (error == 0 && wanted->upstream != NULL && *wanted->upstream != '\0')
    error = set_upstream(proxy, wanted->upstream);
  return error;
}

static int add_proxy(struct plan *plan, const struct api_proxy *wanted) {
  bool chosen = wanted->listen == NULL || *wanted->listen == '\0';
  struct plan_server *proxy = plan_add(plan, wanted->name);
  int error = proxy != NULL ? 0 : -ENOMEM;
  if (error == 0)
    error = set_listen(proxy, chosen ? "127.0.0.1:0" : wanted->listen);
  if (error == 0)
    error = set_upstream(proxy, wanted->upstream);
  if (error < 0)
    return error;
  proxy->is_disabled = !wanted->enabled;
  proxy->is_own = true;
  return 0;
}

static bool is_complete(struct call *call, const struct api_proxy *wanted) {
  bool has_name = wanted->name != NULL && *wanted->name != '\0';
  if (has_name && wanted->upstream != NULL && *wanted->upstream != '\0')
    return true;
  api_refuse(call->reply, 400, "missing required field: %s",
             has_name ? "upstream" : "name");
  return false;
}

void call_list_proxies(struct call *call) {
  const struct plan *plan = &call->control->plan;
  FILE *file = call->reply->file;
  fputc('{', file);
  for (size_t i = 0; i < plan->count; i++) {
    if (i > 0)
      fputc(',', file);
    json_text(file, plan->servers[i].name);
    fputc(':', file);
    api_print_proxy(file, call->control, &plan->servers[i]);
  }
  fputc('}', file);
}

static void create(struct call *call, const struct api_proxy *wanted) {
  if (!is_complete(call, wanted))
    return;
  if (plan_find(&call->control->plan, wanted->name) != NULL) {
    api_refuse(call->reply, 409, "proxy already exists");
    return;
  }
  if (!call_begin_change(call))
    return;
  int error = add_proxy(&call->next, wanted);
  if (error < 0)
    call_refuse(call, error, NULL);
  else if (call_commit(call))
    say_proxy(call, 201, wanted->name);
}

void call_create_proxy(struct call *call) {
  struct api_proxy wanted = {0};
  char *line = NULL;
  int error = api_json_proxy(call->message->body, call->message->body_size,
                             &wanted, &line);
  if (error < 0)
    call_refuse(call, error, line);
  else
    create(call, &wanted);
  api_proxy_clear(&wanted);
}

void call_show_proxy(struct call *call) {
  if (call_proxy(call) != NULL)
    say_proxy(call, 200, call->parts[1]);
}

void call_update_proxy(struct call *call) {
  struct api_proxy wanted = {0};
  char *line = NULL;
  if (call_proxy(call) == NULL)
    return;
  int error = api_json_proxy(call->message->body, call->message->body_size,
                             &wanted, &line);
  if (error < 0) {
    call_refuse(call, error, line);
  } else if (call_begin_change(call)) {
    error =
        alter(call->control, plan_find(&call->next, call->parts[1]), &wanted);
    if (error < 0)
      call_refuse(call, error, NULL);
    else if (call_commit(call))
      say_proxy(call, 200, call->parts[1]);
  }
  api_proxy_clear(&wanted);
}

void call_delete_proxy(struct call *call) {
  if (call_proxy(call) == NULL || !call_begin_change(call))
    return;
  plan_remove(&call->next, plan_find(&call->next, call->parts[1]));
  if (call_commit(call))
    call->reply->status = 204;
}

/* -- Many at once ---------------------------------------------------------- */

/* Who is there already, at the same places, stays as he is. */
static int populate_one(struct call *call, const struct api_proxy *wanted) {
  struct plan_server *proxy = plan_find(&call->next, wanted->name);
  bool is_same = proxy != NULL && proxy->upstream != NULL &&
                 strcmp(proxy->upstream, wanted->upstream) == 0 &&
                 listens_there(call->control, proxy, wanted->listen);
  if (is_same)
    return set_enabled(call->control, proxy, wanted->enabled);
  if (proxy != NULL)
    plan_remove(&call->next, proxy);
  return add_proxy(&call->next, wanted);
}

static bool is_twice(const struct api_proxy *wanted, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(wanted[i].name, wanted[count].name) == 0)
      return true;
  return false;
}

static bool populate_all(struct call *call, const struct api_proxy *wanted,
                         size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!is_complete(call, &wanted[i]))
      return false;
    if (is_twice(wanted, i)) {
      api_refuse(call->reply, 400, "duplicate proxy name \"%s\"",
                 wanted[i].name);
      return false;
    }
    int error = populate_one(call, &wanted[i]);
    if (error < 0) {
      call_refuse(call, error, NULL);
      return false;
    }
  }
  return call_commit(call);
}

void call_populate(struct call *call) {
  FILE *file = call->reply->file;
  struct api_proxy *wanted = NULL;
  size_t count = 0;
  char *line = NULL;
  int error = api_json_proxies(call->message->body, call->message->body_size,
                               &wanted, &count, &line);
  if (error < 0) {
    call_refuse(call, error, line);
    return;
  }
  if (call_begin_change(call) && populate_all(call, wanted, count)) {
    call->reply->status = 201;
    fputs("{\"proxies\":[", file);
    for (size_t i = 0; i < count; i++) {
      if (i > 0)
        fputc(',', file);
      api_print_proxy(file, call->control,
                      plan_find(&call->control->plan, wanted[i].name));
    }
    fputs("]}", file);
  }
  for (size_t i = 0; i < count; i++)
    api_proxy_clear(&wanted[i]);
  free(wanted);
}

void call_reset(struct call *call) {
  if (!call_begin_change(call))
    return;
  for (size_t i = 0; i < call->next.count; i++) {
    struct plan_server *proxy = &call->next.servers[i];
    proxy->is_disabled = false;
    while (proxy->toxic_count > 0)
      toxic_clear(&proxy->toxics[--proxy->toxic_count]);
  }
  if (call_commit(call))
    call->reply->status = 204;
}
