/*
 * plan.c: what is wanted, and bringing about that it is so.
 */
#include "plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/refuse.h"

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
    return parse_refuse(text, &wrong, ret_error);
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

/* NULL stays NULL. */
static int copy_text(const char *text, char **ret_copy) {
  if (text == NULL)
    return 0;
  *ret_copy = strdup(text);
  return *ret_copy != NULL ? 0 : -ENOMEM;
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
  if (error == 0)
    error = copy_text(options->root, &server->root);
  if (error == 0)
    error = copy_text(options->upstream, &server->upstream);
  return error;
}

int plan_make(struct plan *plan, const struct fault_options *options,
              char **ret_error) {
  *plan = (struct plan){0};
  *ret_error = NULL;
  int error =
      options->config != NULL
          ? plan_read_config(plan, options->config, ret_error)
      : !fault_options_is_bare(options) ? add_single(plan, options, ret_error)
      : options->api == NULL ? plan_add_cynic(plan, options->drip_ns, ret_error)
                             : 0; /* whoever uses it makes them */
  if (error < 0)
    plan_clear(plan);
  return error;
}

static void clear_server(struct plan_server *server) {
  for (size_t i = 0; i < server->listen_count; i++)
    free(server->listens[i]);
  for (size_t i = 0; i < server->toxic_count; i++)
    toxic_clear(&server->toxics[i]);
  rules_clear(&server->rules);
  free(server->toxics);
  free(server->name);
  free(server->root);
  free(server->upstream);
}

void plan_clear(struct plan *plan) {
  for (size_t i = 0; i < plan->count; i++)
    clear_server(&plan->servers[i]);
  free(plan->servers);
  *plan = (struct plan){0};
}

/* -- Changing -------------------------------------------------------------- */

struct plan_server *plan_find(const struct plan *plan, const char *name) {
  for (size_t i = 0; i < plan->count; i++)
    if (strcmp(plan->servers[i].name, name) == 0)
      return &plan->servers[i];
  return NULL;
}

void plan_remove(struct plan *plan, struct plan_server *server) {
  size_t i = (size_t)(server - plan->servers);
  clear_server(server);
  plan->count--;
  memmove(server, server + 1, (plan->count - i) * sizeof(*server));
}

void plan_remove_toxic(struct plan_server *server, struct toxic *toxic) {
  size_t i = (size_t)(toxic - server->toxics);
  toxic_clear(toxic);
  server->toxic_count--;
  memmove(toxic, toxic + 1, (server->toxic_count - i) * sizeof(*toxic));
}

int plan_add_toxic(struct plan_server *server, const struct toxic *toxic) {
  size_t size = (server->toxic_count + 1) * sizeof(*server->toxics);
  struct toxic *toxics = realloc(server->toxics, size);
  if (toxics == NULL)
    return -ENOMEM;
  server->toxics = toxics;
  int error = toxic_copy(toxic, &toxics[server->toxic_count]);
  if (error == 0)
    server->toxic_count++;
  return error;
}

int plan_copy_toxics(struct plan_server *server,
                     const struct plan_server *from) {
  int error = 0;
  for (size_t i = 0; i < from->toxic_count && error == 0; i++)
    error = plan_add_toxic(server, &from->toxics[i]);
  server->is_disabled = from->is_disabled;
  return error;
}

int plan_copy_server(struct plan *plan, const struct plan_server *from) {
  char *ignored = NULL;
  struct plan_server *server = plan_add(plan, from->name);
  int error = server != NULL ? 0 : -ENOMEM;
  for (size_t i = 0; i < from->listen_count && error == 0; i++)
    error = plan_add_listen(server, from->listens[i], &ignored);
  if (error == 0)
    error = copy_text(from->root, &server->root);
  if (error == 0)
    error = copy_text(from->upstream, &server->upstream);
  if (error == 0)
    error = plan_copy_toxics(server, from);
  if (error < 0)
    return error;
  server->rules = rules_hold(&from->rules);
  server->is_own = from->is_own;
  return 0;
}

int plan_copy(const struct plan *from, struct plan *ret_plan) {
  int error = 0;
  *ret_plan = (struct plan){0};
  for (size_t i = 0; i < from->count && error == 0; i++)
    error = plan_copy_server(ret_plan, &from->servers[i]);
  if (error < 0)
    plan_clear(ret_plan);
  return error;
}
