/*
 * apply.c: from the servers that there are to those that are wanted, all or
 * nothing.
 *
 * What can be refused is tried first, beside what is there: faults, roots,
 * upstreams, certificates.  Then who is to go stops listening, so that its
 * address is free, and the new ones listen; if one of them cannot, the old ones
 * do again.  Only then are connections touched.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "cli/refuse.h"
#include "plan.h"

struct change {
  struct server *kept; /* gets the rules */
  struct server *made; /* or is new */
  struct rules rules;
};

struct apply {
  struct engine *engine;
  const struct plan *plan;
  struct change *changes; /* one for each server of the plan */
  char **ret_error;
};

/* -- Trying ---------------------------------------------------------------- */

/* The rules of a server and of its toxics. */
static int gather(const struct plan_server *planned, struct rules *ret_rules,
                  char **ret_error) {
  int error = 0;
  *ret_rules = rules_hold(&planned->rules);
  for (size_t i = 0; i < planned->toxic_count && error == 0; i++)
    error = rules_take(ret_rules, planned->toxics[i].items,
                       chance_name(planned->toxics[i].name));
  if (error == -E2BIG)
    refuse_as(ret_error, error, "%s: more than %d faults", planned->name,
              RULES_AT_MOST);
  return error;
}

static int try_one(struct apply *apply, const struct plan_server *planned,
                   struct change *change) {
  if (planned->is_disabled)
    return 0;
  int error = gather(planned, &change->rules, apply->ret_error);
  if (error < 0)
    return error;
  struct server_config config = {
      .name = planned->name,
      .listens = (const char *const *)planned->listens,
      .listen_count = planned->listen_count,
      .root = planned->root,
      .upstream = planned->upstream,
      .rules = change->rules,
  };
  struct server *old = engine_server(apply->engine, planned->name);
  if (old == NULL || !server_is_same(old, &config))
    return server_new(apply->engine, &config, &change->made, apply->ret_error);
  change->kept = old;
  if (rules_are_same(&old->rules, &change->rules))
    return 0;
  return server_try_rules(old, &change->rules, apply->ret_error);
}

static bool is_kept(const struct apply *apply, const struct server *server) {
  for (size_t i = 0; i < apply->plan->count; i++)
    if (apply->changes[i].kept == server)
      return true;
  return false;
}

/* -- Listening ------------------------------------------------------------- */

static void mute_others(struct apply *apply) {
  for (struct server *server = apply->engine->servers; server != NULL;
       server = server->next)
    if (!is_kept(apply, server))
      server_mute(server);
}

static void unmute_others(struct apply *apply) {
  for (struct server *server = apply->engine->servers; server != NULL;
       server = server->next)
    if (!is_kept(apply, server))
      server_unmute(server);
}

static int listen_all(struct apply *apply) {
  int error = 0;
  for (size_t i = 0; i < apply->plan->count && error == 0; i++)
    if (apply->changes[i].made != NULL)
      error = server_listen(apply->changes[i].made, apply->ret_error);
  return error;
}

/* -- Deciding -------------------------------------------------------------- */

/* Only memory can fail here, after everything was tried. */
static int commit(struct apply *apply) {
  struct server *next;
  int error = 0;
  for (struct server *server = apply->engine->servers; server != NULL;
       server = next) {
    next = server->next;
    if (!is_kept(apply, server))
      server_close(server);
  }
  for (size_t i = 0; i < apply->plan->count && error == 0; i++) {
    struct change *change = &apply->changes[i];
    if (change->made != NULL)
      server_append(change->made);
    else if (change->kept != NULL &&
             !rules_are_same(&change->kept->rules, &change->rules))
      error = server_set_rules(change->kept, &change->rules, apply->ret_error);
    change->made = NULL;
  }
  return error;
}

static void clear(struct apply *apply) {
  for (size_t i = 0; i < apply->plan->count; i++) {
    if (apply->changes[i].made != NULL)
      server_close(apply->changes[i].made);
    apply->changes[i].made = NULL;
    rules_clear(&apply->changes[i].rules);
  }
}

int plan_apply(const struct plan *plan, struct engine *engine,
               char **ret_error) {
  struct apply apply = {.engine = engine, .plan = plan, .ret_error = ret_error};
  int error = 0;
  *ret_error = NULL;
  apply.changes = calloc(plan->count + 1, sizeof(*apply.changes));
  if (apply.changes == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < plan->count && error == 0; i++)
    error = try_one(&apply, &plan->servers[i], &apply.changes[i]);
  if (error == 0) {
    mute_others(&apply);
    error = listen_all(&apply);
    if (error == 0) {
      error = commit(&apply);
    } else {
      clear(&apply); /* so that their addresses are free */
      unmute_others(&apply);
    }
  }
  clear(&apply);
  free(apply.changes);
  return error;
}
