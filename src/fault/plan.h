/*
 * plan.h: the servers that are wanted, from the command line, a configuration
 * file, or Cynic's list.
 */
#ifndef FAULT_PLAN_H
#define FAULT_PLAN_H

#include "engine.h"
#include "options.h"
#include "toxic.h"

struct plan_server {
  char *name;
  char *listens[LISTENERS_AT_MOST + 1];
  size_t listen_count;
  char *root, *upstream;
  struct rules rules;
  struct toxic *toxics; /* in addition to the rules */
  size_t toxic_count;
  bool is_disabled; /* it is to be remembered, and not to listen */
  bool is_own;      /* made at run time: no file has it */
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

/* By its name; or NULL. */
struct plan_server *plan_find(const struct plan *plan, const char *name);
void plan_remove(struct plan *plan, struct plan_server *server);
void plan_remove_toxic(struct plan_server *server, struct toxic *toxic);
/* All of these: 0 or -ENOMEM. */
int plan_add_toxic(struct plan_server *server, const struct toxic *toxic);
int plan_copy(const struct plan *from, struct plan *ret_plan);
int plan_copy_server(struct plan *plan, const struct plan_server *from);
/* What was done to another one at run time. */
int plan_copy_toxics(struct plan_server *server,
                     const struct plan_server *from);

/* cynic.c: the seven services. */
int plan_add_cynic(struct plan *plan, int64_t drip_ns, char **ret_error);
/* config.c: from an INI file. */
int plan_read_config(struct plan *plan, const char *path, char **ret_error);

/*
 * apply.c: makes the engine's servers those of the plan: new ones are opened,
 * missing ones closed, and those that are the same but for their faults get
 * these.  When it fails nothing has changed, and *ret_error is a line, to be
 * freed.  Not to be called while the engine is at work.
 */
int plan_apply(const struct plan *plan, struct engine *engine,
               char **ret_error);

#endif
