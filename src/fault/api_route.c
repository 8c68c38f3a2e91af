/*
 * api_route.c: from a method and a path to what is done.  Statuses and words
 * are toxiproxy's.
 */
#include <belay/version.h>

#include <string.h>

#include "api_call.h"
#include "api_print.h"
#include "api_route.h"

/* The version of toxiproxy whose API this is; clients compare it. */
#define TOXIPROXY_VERSION "2.12.0"

/* -- What there is --------------------------------------------------------- */

static void version(struct call *call) {
  fputs("{\"version\":\"" TOXIPROXY_VERSION
        "\",\"server\":\"belay fault " BELAY_VERSION_STRING "\"}\n",
        call->reply->file);
}

static void servers(struct call *call) {
  api_print_servers(call->reply->file, call->control);
}

static void metrics(struct call *call) {
  call->reply->type = "text/plain; version=0.0.4; charset=utf-8";
  api_print_metrics(call->reply->file, call->control);
}

static const struct {
  const char *methods; /* each with a space behind it */
  const char *parts[API_PARTS_AT_MOST + 1];
  call_run *run;
} routes[] = {
    {"GET ", {"proxies"}, call_list_proxies},
    {"POST ", {"proxies"}, call_create_proxy},
    {"GET ", {"proxies", "*"}, call_show_proxy},
    {"POST PATCH ", {"proxies", "*"}, call_update_proxy},
    {"DELETE ", {"proxies", "*"}, call_delete_proxy},
    {"GET ", {"proxies", "*", "toxics"}, call_list_toxics},
    {"POST ", {"proxies", "*", "toxics"}, call_create_toxic},
    {"GET ", {"proxies", "*", "toxics", "*"}, call_show_toxic},
    {"POST PATCH ", {"proxies", "*", "toxics", "*"}, call_update_toxic},
    {"DELETE ", {"proxies", "*", "toxics", "*"}, call_delete_toxic},
    {"POST ", {"populate"}, call_populate},
    {"POST ", {"reset"}, call_reset},
    {"GET ", {"version"}, version},
    {"GET ", {"servers"}, servers},
    {"GET ", {"metrics"}, metrics},
};

#define ROUTE_COUNT (sizeof(routes) / sizeof(routes[0]))

static bool fits_path(const struct call *call, size_t route) {
  size_t i = 0;
  for (; routes[route].parts[i] != NULL; i++)
    if (call->parts[i] == NULL ||
        (strcmp(routes[route].parts[i], "*") != 0 &&
         strcmp(routes[route].parts[i], call->parts[i]) != 0))
      return false;
  return call->parts[i] == NULL;
}

static bool fits_method(const char *method, size_t route) {
  size_t length = strlen(method);
  const char *found = strstr(routes[route].methods, method);
  return length > 0 && found != NULL && found[length] == ' ' &&
         (found == routes[route].methods || found[-1] == ' ');
}

/* The path is cut into its parts; false: it has too many. */
static bool cut_path(struct call *call, char *path) {
  char *rest = NULL;
  size_t count = 0;
  for (char *part = strtok_r(path, "/", &rest); part != NULL;
       part = strtok_r(NULL, "/", &rest)) {
    if (count == API_PARTS_AT_MOST)
      return false;
    call->parts[count++] = part;
  }
  return true;
}

static void run(struct call *call) {
  bool has_path = false;
  for (size_t i = 0; i < ROUTE_COUNT; i++) {
    if (!fits_path(call, i))
      continue;
    has_path = true;
    if (fits_method(call->message->request.method, i)) {
      routes[i].run(call);
      return;
    }
  }
  if (has_path)
    api_refuse(call->reply, 405, "method not allowed");
  else
    api_refuse(call->reply, 404, "page not found");
}

void api_route(struct control *control, const struct api_message *message,
               struct api_reply *reply) {
  struct call call = {.control = control, .message = message, .reply = reply};
  const char *agent = message->request.user_agent;
  reply->status = 200;
  reply->type = "application/json";
  if (agent != NULL && strncmp(agent, "Mozilla/", 8) == 0)
    api_refuse(reply, 403, "User agent not allowed");
  else if (!cut_path(&call, message->request.path))
    api_refuse(reply, 404, "page not found");
  else
    run(&call);
  plan_clear(&call.next);
}
