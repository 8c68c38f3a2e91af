/*
 * plan.h: the servers that are wanted, from the command line, a configuration
 * file, or Cynic's list.
 */
#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

#include "engine.h"
#include "options.h"

struct plan_server {
  char *name;
  char *listens[LISTENERS_AT_MOST + 1];
  size_t listen_count;
  char *root, *upstream;
  struct rules rules;
};

struct plan {
  struct plan_server *servers;
  size_t count;
};

/* -EINVAL with *ret_error a line, to be freed; -ENOMEM. */
int plan_make(struct plan *plan, const struct fault_options *options,
              char **ret_error);
void plan_clear(struct plan *plan);

/* Pieces of it, for who makes one.  A text is copied; NULL out of memory. */
struct plan_server *plan_add(struct plan *plan, const char *name);
int plan_add_fault(struct plan_server *server, const char *text,
                   char **ret_error);
int plan_add_listen(struct plan_server *server, const char *text,
                    char **ret_error);

/* cynic.c: the seven services. */
int plan_add_cynic(struct plan *plan, int64_t drip_ns, char **ret_error);
/* config.c: from an INI file. */
int plan_read_config(struct plan *plan, const char *path, char **ret_error);

/*
 * Makes the engine's servers those of the plan: new ones are opened, missing
 * ones closed, and those that are the same but for their faults get these.
 * Nothing is changed when a fault is wrong.
 */
int plan_apply(const struct plan *plan, struct engine *engine,
               char **ret_error);

#endif
