/*
 * answer.c: the step that answers a request: who asks for what, which faults
 * apply, and the response as a program that is executed next.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "compile.h"
#include "engine.h"
#include "input.h"
#include "paths.h"
#include "response.h"
#include "vm.h"
#include "work.h"

struct asking {
  struct connection *connection;
  struct server *server;
  struct request request;
  struct occasion occasion;
  struct rules own; /* of the URL */
  struct alterations alterations;
  uint64_t chosen, own_chosen;
};

/* -- Which faults ---------------------------------------------------------- */

/* All `fault=` of the query: 0, -ENOMEM, or -EINVAL with *ret_problem, to be
 * freed. */
static int read_own_rules(struct asking *asking, char **ret_problem) {
  const char *query = asking->request.query;
  char *text = malloc(strlen(query) + 1);
  struct parse_error wrong;
  int error = text != NULL ? 0 : -ENOMEM;
  while (error == 0 && request_parameter(&query, "fault", text)) {
    error = rules_add(&asking->own, text, &wrong);
    if (error == -EINVAL &&
        asprintf(ret_problem, "fault '%s', character %zu: %s\n", text,
                 wrong.position, wrong.text) < 0)
      *ret_problem = NULL;
  }
  free(text);
  return error;
}

static void choose_rules(struct asking *asking) {
  struct connection *connection = asking->connection;
  struct server *server = asking->server;
  asking->occasion = server_occasion(connection, false);
  asking->occasion.path = asking->request.path;
  asking->occasion.request = paths_count(server->paths, asking->request.target);
  asking->chosen = rules_chosen(&server->rules, &asking->occasion);
  asking->own_chosen = rules_chosen(&asking->own, &asking->occasion);
  for (size_t i = 0; i < server->rules.count; i++)
    if (rules_has(asking->chosen, i))
      alterations_add(&asking->alterations, server->rules.items[i]);
  for (size_t i = 0; i < asking->own.count; i++)
    if (rules_has(asking->own_chosen, i))
      alterations_add(&asking->alterations, asking->own.items[i]);
}

/* What was wanted by URL, for the log. */
static void note_wanted(struct asking *asking) {
  free(asking->connection->wanted);
  asking->connection->wanted = NULL;
  if (asking->own.count > 0)
    asking->connection->wanted = rules_print(&asking->own, asking->own_chosen);
}

/* -- The response ---------------------------------------------------------- */

/* Positions that this response does not have are passed over. */
static int place_rules(struct asking *asking, struct program *response) {
  const struct server *server = asking->server;
  const struct step *wrong;
  uint64_t seed =
      chance_mix(server->engine->seed, server->hash, asking->occasion.request);
  int error = 0;
  for (size_t i = 0; i < server->rules.count && error != -ENOMEM; i++) {
    const struct program *items = server->rules.items[i];
    if (rules_has(asking->chosen, i) && compile_is_for_response(items))
      error = compile_response(response, items, seed, rule_needs_request(items),
                               &wrong);
  }
  for (size_t i = 0; i < asking->own.count && error != -ENOMEM; i++)
    if (rules_has(asking->own_chosen, i))
      error =
          compile_response(response, asking->own.items[i], seed, true, &wrong);
  return error == -ENOMEM ? error : 0;
}

static struct program *respond(struct asking *asking) {
  const struct request *request = &asking->request;
  struct resource resource;
  char *problem = NULL;
  if (request->problem != 0)
    return response_refuse(request, request->problem,
                           "this server cannot make sense of that\n");
  int error = read_own_rules(asking, &problem);
  if (error < 0) {
    struct program *refusal =
        response_refuse(request, error == -ENOMEM ? 503 : 400,
                        problem != NULL   ? problem
                        : error == -E2BIG ? "too many faults\n"
                                          : "out of memory\n");
    free(problem);
    return refusal;
  }
  choose_rules(asking);
  note_wanted(asking);
  resource_find(asking->server->root_fd, request->path, request->query,
                &resource);
  struct program *response = response_make(
      request, &resource, &asking->alterations, asking->occasion.request);
  if (response != NULL && place_rules(asking, response) < 0) {
    program_release(response);
    response = NULL;
  }
  return response;
}

/* -- Before its end -------------------------------------------------------- */

bool answer_is_early(const char *line, size_t size) {
  struct asking asking = {0};
  char *problem = NULL, *copy = malloc(size + 1);
  bool is_early = false;
  if (copy == NULL)
    return false;
  memcpy(copy, line, size);
  request_parse(copy, size, &asking.request);
  if (asking.request.problem == 0 && read_own_rules(&asking, &problem) == 0)
    is_early = rules_find(&asking.own, RULES_ALL, OP_EARLY) != NULL;
  rules_clear(&asking.own);
  free(asking.request.path);
  free(problem);
  free(copy);
  return is_early;
}

/* -- The step -------------------------------------------------------------- */

static struct program *answer_head(struct lane *lane) {
  struct connection *connection = lane->connection;
  const struct input *input = lane->input;
  size_t size = input->head;
  struct asking asking = {.connection = connection,
                          .server = connection->server};
  char *head = malloc(size + 1);
  if (head == NULL)
    return NULL;
  memcpy(head, input->bytes, size);
  request_parse(head, size, &asking.request);
  if (size >= HEAD_AT_MOST)
    asking.request.problem = 431;
  struct program *response = respond(&asking);
  rules_clear(&asking.own);
  free(asking.request.path);
  free(head);
  return response;
}

enum result vm_answer(struct lane *lane, const struct step *step) {
  struct connection *connection = lane->connection;
  (void)step;
  if (lane->input == NULL || lane->input->head == 0) {
    lane->pc = lane->program->count - 1; /* nobody asks any more */
    lane->progress = 0;
    return VM_AGAIN;
  }
  struct program *response = answer_head(lane);
  input_drop_head(lane);
  connection->requests++;
  connection->server->counts.requests++;
  if (response == NULL || vm_answer_with(lane, response) < 0) {
    connection_end(connection, END_STOPPED);
    return VM_GONE;
  }
  return VM_AGAIN;
}
