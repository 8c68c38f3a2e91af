/*
 * toxic.h: toxiproxy's faults, which its clients know, as rules of ours.
 */
#ifndef FAULT_TOXIC_H
#define FAULT_TOXIC_H

#include <stdbool.h>
#include <stdint.h>

#include "program.h"

#define TOXIC_VALUES 3

struct toxic_kind {
  const char *type;
  const char *values[TOXIC_VALUES]; /* their names, up to NULL */
  bool has_fault; /* and an attribute `fault`, which is a text of ours */
};

struct toxic {
  const struct toxic_kind *kind;
  char *name;
  bool is_up;
  double toxicity; /* 0 to 1: how probable it is */
  int64_t values[TOXIC_VALUES];
  char *fault;           /* or NULL */
  struct program *items; /* the rule */
};

/* NULL: there is none such. */
const struct toxic_kind *toxic_find(const char *type);
/* Makes the rule anew: 0; -EINVAL with *ret_problem, to be freed; -ENOMEM. */
int toxic_compile(struct toxic *toxic, char **ret_problem);
/* -ENOMEM. */
int toxic_copy(const struct toxic *toxic, struct toxic *ret_toxic);
void toxic_clear(struct toxic *toxic);

#endif
