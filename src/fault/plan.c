/*
 * plan.c: what is wanted, and bringing about that it is so.
 */
#include "plan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((format(printf, 2, 3))) static int refuse(char **ret_error,
                                                        const char *format,
                                                        ...) {
  va_list arguments;
  va_start(arguments, format);
  if (vasprintf(ret_error, format, arguments) < 0)
    *ret_error = NULL;
  va_end(arguments);
  return -EINVAL;
}

/* -- Making ---------------------------------------------------------------- */

struct plan_server *plan_add(struct plan *plan, const char *name) {
  size_t size = (plan->count + 1) * sizeof(*plan->servers);
  struct plan_server *servers = realloc(plan->servers, size);
  char *copy = servers != NULL ? strdup(name) : NULL;
  if (servers != NULL)
    plan->servers = servers;
  if (copy == NULL)
    return NULL;
  servers[plan->count] = (struct plan_server){.name = copy};
  return &servers[plan->count++];
}

int plan_add_fault(struct plan_server *server, const char *text,
                   char **ret_error) {
  struct parse_error wrong;
  int error = rules_add(&server->rules, text, &wrong);
  if (error == -EINVAL)
    return refuse(ret_error, "fault '%.200s', character %zu: %s", text,
                  wrong.position, wrong.text);
  if (error == -E2BIG)
    return refuse(ret_error, "%s: more than %d faults", server->name,
                  RULES_AT_MOST);
  return error;
}

int plan_add_listen(struct plan_server *server, const char *text,
                    char **ret_error) {
  if (server->listen_count == LISTENERS_AT_MOST)
    return refuse(ret_error, "%s: more than %d addresses", server->name,
                  LISTENERS_AT_MOST);
  char *copy = strdup(text);
  if (copy == NULL)
    return -ENOMEM;
  server->listens[server->listen_count++] = copy;
  return 0;
}

/* One server, of the options and operands. */
static int add_single(struct plan *plan, const struct fault_options *options,
                      char **ret_error) {
  struct plan_server *server = plan_add(plan, "main");
  int error = server != NULL ? 0 : -ENOMEM;
  for (size_t i = 0; i < options->listens.count && error == 0; i++)
    error = plan_add_listen(server, options->listens.items[i], ret_error);
  if (error == 0 && options->listens.count == 0)
    error = plan_add_listen(server, "0", ret_error);
  for (int i = 0; i < options->fault_count && error == 0; i++)
    error = plan_add_fault(server, options->faults[i], ret_error);
  if (error == 0 && options->root != NULL)
    error = (server->root = strdup(options->root)) != NULL ? 0 : -ENOMEM;
  if (error == 0 && options->upstream != NULL)
    error =
        (server->upstream = strdup(options->upstream)) != NULL ? 0 : -ENOMEM;
  return error;
}

int plan_make(struct plan *plan, const struct fault_options *options,
              char **ret_error) {
  *plan = (struct plan){0};
  *ret_error = NULL;
  int error = options->config != NULL
                  ? plan_read_config(plan, options->config, ret_error)
              : fault_options_is_bare(options)
                  ? plan_add_cynic(plan, options->drip_ns, ret_error)
                  : add_single(plan, options, ret_error);
  if (error < 0)
    plan_clear(plan);
  return error;
}

void plan_clear(struct plan *plan) {
  for (size_t i = 0; i < plan->count; i++) {
    struct plan_server *server = &plan->servers[i];
    for (size_t j = 0; j < server->listen_count; j++)
      free(server->listens[j]);
    rules_clear(&server->rules);
    free(server->name);
    free(server->root);
    free(server->upstream);
  }
  free(plan->servers);
  *plan = (struct plan){0};
}

/* -- Applying -------------------------------------------------------------- */

static struct server *find(struct engine *engine, const char *name) {
  struct server *server = engine->servers;
  while (server != NULL && strcmp(server->name, name) != 0)
    server = server->next;
  return server;
}

static bool is_planned(const struct plan *plan, const char *name) {
  for (size_t i = 0; i < plan->count; i++)
    if (strcmp(plan->servers[i].name, name) == 0)
      return true;
  return false;
}

static struct server_config config_of(const struct plan_server *planned) {
  return (struct server_config){
      .name = planned->name,
      .listens = (const char *const *)planned->listens,
      .listen_count = planned->listen_count,
      .root = planned->root,
      .upstream = planned->upstream,
      .rules = planned->rules,
  };
}

static int apply_one(const struct plan_server *planned, struct engine *engine,
                     char **ret_error) {
  struct server_config config = config_of(planned);
  struct server *server = find(engine, planned->name);
  if (server != NULL && server_is_same(server, &config))
    return server_set_rules(server, &planned->rules, ret_error);
  if (server != NULL)
    server_close(server);
  return server_open(engine, &config, ret_error);
}

int plan_apply(const struct plan *plan, struct engine *engine,
               char **ret_error) {
  int error = 0;
  *ret_error = NULL;
  struct server *next;
  for (struct server *server = engine->servers; server != NULL; server = next) {
    next = server->next;
    if (!is_planned(plan, server->name))
      server_close(server);
  }
  for (size_t i = 0; i < plan->count && error == 0; i++)
    error = apply_one(&plan->servers[i], engine, ret_error);
  return error;
}
