/*
 * server.c: one thing that listens, and which program each of its connections
 * gets.
 *
 * Programs are compiled once for each set of rules that applies together, and
 * shared; so a connection costs no compiling and no memory for it.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chance.h"
#include "cli/refuse.h"
#include "engine.h"
#include "paths.h"
#include "side.h"
#include "vm.h"

#define PORTS_TRIED 20

/* -- Programs -------------------------------------------------------------- */

struct occasion server_occasion(const struct connection *connection,
                                bool is_up) {
  const struct server *server = connection->server;
  const struct engine *engine = server->engine;
  return (struct occasion){
      .seed = engine->seed,
      .server = server->hash,
      .connection = connection->number,
      .who = connection,
      .age_ns = engine->now_ns - engine->begun_ns,
      .is_up = is_up,
  };
}

char *server_wanted(const struct server *server) {
  return rules_print(&server->rules, RULES_ALL);
}

static struct program *hold_only(void) {
  struct program *program = program_new();
  struct step hold = step_make(OP_HOLD);
  if (program != NULL)
    program_add(program, &hold);
  return program;
}

static int compile(struct server *server, uint64_t chosen, bool is_up,
                   struct program **ret_program,
                   const struct step **ret_wrong) {
  uint64_t seed = chance_mix(server->engine->seed, server->hash, is_up);
  if (server->tls_fault == TLS_STALL) {
    *ret_program = hold_only();
    return *ret_program != NULL ? 0 : -ENOMEM;
  }
  int error = compile_conversation(&server->rules, chosen, server->kind, seed,
                                   ret_program, ret_wrong);
  if (error == 0 && !is_up)
    (*ret_program)->wanted = rules_print(&server->rules, chosen);
  return error;
}

struct program *server_program(const struct connection *connection,
                               bool is_up) {
  struct server *server = connection->server;
  struct occasion occasion = server_occasion(connection, is_up);
  uint64_t chosen = rules_chosen(&server->rules, &occasion);
  const struct step *wrong;
  struct program *program;
  for (size_t i = 0; i < server->program_count; i++)
    if (server->programs[i].chosen == chosen &&
        server->programs[i].is_up == is_up)
      return program_hold(server->programs[i].program);
  if (compile(server, chosen, is_up, &program, &wrong) < 0)
    return NULL;
  if (server->program_count < PROGRAMS_AT_MOST) {
    size_t i = server->program_count++;
    server->programs[i].chosen = chosen;
    server->programs[i].is_up = is_up;
    server->programs[i].program = program_hold(program);
  }
  return program;
}

static void forget_programs(struct server *server) {
  while (server->program_count > 0)
    program_release(server->programs[--server->program_count].program);
}

/* -- Rules ----------------------------------------------------------------- */

/* Whether we may do to packets what the rules want. */
static int check_permission(const struct rules *rules) {
  static const enum step_op ops[] = {OP_VANISH, OP_LOSS, OP_DROP_SYN};
  bool needed = false;
  for (size_t i = 0; i < 3; i++)
    needed = needed || rules_find(rules, RULES_ALL, ops[i]) != NULL;
  if (!needed)
    return 0;
  struct side probe = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  int error = probe.fd < 0 ? -errno : side_lose(&probe, 1000000);
  if (probe.fd >= 0)
    close(probe.fd);
  return error;
}

/* Each rule by itself has to make sense. */
static int check_rules(struct server *server, char **ret_error) {
  int error = check_permission(&server->rules);
  if (error < 0)
    return refuse_as(
        ret_error, error,
        "%s: vanish, loss and drop-syn need --private-net, or root: "
        "%s",
        server->name, strerror(-error));
  for (size_t i = 0; i < server->rules.count; i++) {
    const struct program *items = server->rules.items[i];
    const struct step *wrong = NULL;
    struct program *program = NULL;
    bool is_up = rule_has(items, OP_UP);
    if (is_up && server->kind != CONVERSE_PROXY)
      return refuse(ret_error, "%s: 'up' is for a proxy; give it an upstream",
                    server->name);
    error = compile(server, UINT64_C(1) << i, is_up, &program, &wrong);
    program_release(program);
    if (error == -ERANGE)
      return refuse(ret_error,
                    "%s: the position of '%s' is never reached, or nobody "
                    "knows where it is",
                    server->name, step_forms[wrong->form].name);
    if (error < 0)
      return error;
  }
  return 0;
}

static int take_rules(struct server *server, const struct rules *rules,
                      char **ret_error) {
  const struct step *limit = rules_find(rules, RULES_ALL, OP_LIMIT);
  const struct step *tls = rules_find(rules, RULES_ALL, OP_TLS);
  server->rules = rules_hold(rules);
  server->limit = limit != NULL ? limit->a : 0;
  server->tls_fault = tls == NULL || tls->word == NO_WORD
                          ? TLS_RIGHT
                          : (enum tls_fault)tls->word;
  server->resets_at_once = rules->count == 1 && rules->items[0]->count == 1 &&
                           rules->items[0]->steps[0].op == OP_RST &&
                           rules->items[0]->steps[0].at == AT_NONE;
  int error = check_rules(server, ret_error);
  if (error == 0 && tls != NULL && server->tls == NULL &&
      server->tls_fault != TLS_STALL)
    error = tls_context_new(server->tls_fault, &server->tls);
  return error;
}

/* A lane whose program would be the same is left alone. */
static void replan_lane(struct lane *lane) {
  struct connection *connection = lane->connection;
  struct program *program = server_program(connection, lane->is_up);
  if (program == NULL || program_is_same(program, vm_plan(lane)))
    program_release(program);
  else
    vm_replan(lane, program);
}

static void replan(struct connection *connection, void *data) {
  (void)data;
  if (connection->peer == NULL)
    return;
  replan_lane(&connection->lane);
  replan_lane(&connection->peer->lane);
  vm_run(connection);
}

/* What follows from the rules; the rules themselves are not held twice. */
static void restore(struct server *server, const struct server *before) {
  rules_clear(&server->rules);
  server->rules = before->rules;
  server->limit = before->limit;
  server->tls_fault = before->tls_fault;
  server->resets_at_once = before->resets_at_once;
}

int server_try_rules(struct server *server, const struct rules *rules,
                     char **ret_error) {
  struct server before = *server;
  int error = take_rules(server, rules, ret_error);
  restore(server, &before);
  return error;
}

int server_set_rules(struct server *server, const struct rules *rules,
                     char **ret_error) {
  struct server before = *server;
  int error = take_rules(server, rules, ret_error);
  if (error < 0) {
    restore(server, &before);
    return error;
  }
  if (before.resets_at_once && !server->resets_at_once)
    server->had_resets =
        true; /* and so have sockets that wait to be accepted */
  if (!before.resets_at_once)
    server->resets_at_once = false; /* its sockets are not prepared for it */
  rules_clear(&before.rules);
  forget_programs(server);
  server->engine->now_ns = belay_loop_now(server->engine->loop);
  engine_each(server->engine, server, replan, NULL);
  return 0;
}

/* -- Opening --------------------------------------------------------------- */

static bool is_bare_port(const char *text) {
  return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

static int add_listener(struct server *server, const struct address *address) {
  struct listener *listener = &server->listeners[server->listener_count];
  if (server->listener_count == LISTENERS_AT_MOST)
    return -E2BIG;
  *listener = (struct listener){
      .server = server, .fd = -1, .filler = -1, .address = *address};
  int error = listener_open(listener);
  if (error == 0)
    server->listener_count++;
  return error;
}

/* A port alone is one of both loopback addresses; where there is no IPv6, of
 * one. */
static int listen_on_both(struct server *server, struct address *address) {
  bool is_chosen = address_port(address) == 0;
  int error = -EADDRINUSE;
  for (int i = 0; i < (is_chosen ? PORTS_TRIED : 1); i++) {
    struct address other = {.length = sizeof(other.v6)};
    error = add_listener(server, address);
    if (error < 0)
      return error;
    struct listener *first = &server->listeners[server->listener_count - 1];
    other.v6.sin6_family = AF_INET6;
    other.v6.sin6_addr = in6addr_loopback;
    address_set_port(&other, address_port(&first->address));
    error = add_listener(server, &other);
    if (error != -EADDRINUSE)
      return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL ? 0 : error;
    *address = other; /* whose port it is */
    if (is_chosen) {
      listener_close(first);
      server->listener_count--;
    }
  }
  return error;
}

static int listen_on(struct server *server, const char *text,
                     char **ret_error) {
  const char *problem;
  bool is_local = strncmp(text, "localhost:", 10) == 0;
  char name[ADDRESS_TEXT_BYTES];
  struct address address;
  if (address_parse(text + (is_local ? 10 : 0), &address, &problem) < 0)
    return refuse(ret_error, "'%s': %s", text, problem);
  int error = is_bare_port(text + (is_local ? 10 : 0))
                  ? listen_on_both(server, &address)
                  : add_listener(server, &address);
  if (error < 0)
    refuse_as(ret_error, error, "%s: %s", address_print(&address, name),
              strerror(-error));
  return error;
}

/* Addresses, root, upstream and ways of listening, as text; to be freed. */
static char *identity_of(const struct server_config *config) {
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  if (file == NULL)
    return NULL;
  for (size_t i = 0; i < config->listen_count; i++)
    fprintf(file, "%s\n", config->listens[i]);
  fprintf(file, "root %s\nupstream %s\n",
          config->root != NULL ? config->root : "",
          config->upstream != NULL ? config->upstream : "");
  /* How a socket listens is decided once. */
  for (size_t i = 0; i < config->rules.count; i++)
    for (uint32_t j = 0; j < config->rules.items[i]->count; j++) {
      const struct step *step = &config->rules.items[i]->steps[j];
      if (step_class(step) == CLASS_LISTEN && step->op != OP_LIMIT)
        fprintf(file, "%d %d\n", step->op, step->word);
    }
  fclose(file);
  return text;
}

bool server_is_same(const struct server *server,
                    const struct server_config *config) {
  char *identity = identity_of(config);
  bool is_same = identity != NULL && strcmp(identity, server->identity) == 0;
  free(identity);
  return is_same;
}

static int take_config(struct server *server,
                       const struct server_config *config, char **ret_error) {
  const char *problem;
  if (config->root != NULL) {
    server->root_fd = open(config->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (server->root_fd < 0)
      return refuse_as(ret_error, -errno, "%s: %s", config->root,
                       strerror(errno));
  }
  if (config->upstream != NULL) {
    server->kind = CONVERSE_PROXY;
    if (address_parse(config->upstream, &server->upstream, &problem) < 0)
      return refuse(ret_error, "upstream '%s': %s", config->upstream, problem);
  }
  return take_rules(server, &config->rules, ret_error);
}

static char **copy_listens(const struct server_config *config) {
  char **copy = calloc(config->listen_count + 1, sizeof(*copy));
  for (size_t i = 0; copy != NULL && i < config->listen_count; i++)
    copy[i] = strdup(config->listens[i]);
  return copy;
}

int server_new(struct engine *engine, const struct server_config *config,
               struct server **ret_server, char **ret_error) {
  struct server *server = calloc(1, sizeof(*server));
  if (server == NULL)
    return -ENOMEM;
  server->engine = engine;
  server->root_fd = -1;
  server->name = strdup(config->name);
  server->hash = chance_name(config->name);
  server->listens = copy_listens(config);
  server->identity = identity_of(config);
  server->paths = paths_new();
  bool good = server->name != NULL && server->listens != NULL &&
              server->identity != NULL && server->paths != NULL;
  int error = good ? take_config(server, config, ret_error) : -ENOMEM;
  if (error == 0)
    *ret_server = server;
  else
    server_close(server);
  return error;
}

int server_listen(struct server *server, char **ret_error) {
  int error = 0;
  for (char **listen = server->listens; *listen != NULL && error == 0; listen++)
    error = listen_on(server, *listen, ret_error);
  return error;
}

void server_append(struct server *server) {
  struct server **link = &server->engine->servers;
  while (*link != NULL)
    link = &(*link)->next;
  *link = server;
}

void server_mute(struct server *server) {
  for (size_t i = 0; i < server->listener_count; i++)
    listener_close(&server->listeners[i]);
}

int server_unmute(struct server *server) {
  int error = 0;
  for (size_t i = 0; i < server->listener_count && error == 0; i++)
    error = listener_open(&server->listeners[i]);
  return error;
}

static void stop(struct connection *connection, void *data) {
  (void)data;
  connection_end(connection, END_STOPPED);
}

void server_stop(struct server *server) {
  server_mute(server);
  engine_each(server->engine, server, stop, NULL);
}

void server_close(struct server *server) {
  struct server **link = &server->engine->servers;
  server_stop(server);
  engine_empty_graveyard(server->engine);
  while (*link != NULL && *link != server)
    link = &(*link)->next;
  if (*link != NULL)
    *link = server->next;
  forget_programs(server);
  rules_clear(&server->rules);
  tls_context_free(server->tls);
  paths_free(server->paths);
  if (server->root_fd >= 0)
    close(server->root_fd);
  for (char **listen = server->listens; listen != NULL && *listen != NULL;
       listen++)
    free(*listen);
  free(server->listens);
  free(server->identity);
  free(server->name);
  free(server);
}
