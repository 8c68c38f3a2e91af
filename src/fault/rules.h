/*
 * rules.h: the faults of a server, and on which occasions they apply.
 */
#ifndef FAULT_RULES_H
#define FAULT_RULES_H

#include "parse.h"

#define RULES_AT_MOST 64

struct connection;

/* One fault text is one rule; all that apply are added up, in order. */
struct rules {
  struct program *items[RULES_AT_MOST];
  uint64_t salts[RULES_AT_MOST]; /* of its dice, which it keeps if it moves */
  size_t count;
};

/* What happens, as far as it is known. */
struct occasion {
  uint64_t seed;
  uint64_t server;     /* chance_name() of its name */
  uint64_t connection; /* its number, from 1 */
  uint64_t request;    /* its number for this path, from 1; 0: no request */
  int64_t age_ns;      /* since the server began */
  const char *path;    /* of the request, or NULL */
  const struct connection *who; /* or NULL */
  bool is_up;                   /* the direction, of a proxy */
};

/* Adds a rule from its text; as parse_fault(), and -E2BIG. */
int rules_add(struct rules *rules, const char *text,
              struct parse_error *ret_error);
void rules_clear(struct rules *rules);
/* Adds a rule that there is, which is held. */
int rules_take(struct rules *rules, struct program *items, uint64_t salt);
/* Whether both are the same rules, and not just rules that say the same. */
bool rules_are_same(const struct rules *one, const struct rules *other);
/* Another list of the same rules. */
struct rules rules_hold(const struct rules *rules);

/* A set of rules: a bit for each. */
#define RULES_ALL UINT64_MAX

static inline bool rules_has(uint64_t chosen, size_t index) {
  return chosen >> index & 1;
}

/* Those that apply. */
uint64_t rules_chosen(const struct rules *rules,
                      const struct occasion *occasion);

/* The texts of the chosen ones, as the log has them, to be freed; or NULL. */
char *rules_print(const struct rules *rules, uint64_t chosen);

bool rule_has(const struct program *items, enum step_op op);
/* Whether it has steps of its own, which are the conversation then. */
bool rule_has_steps(const struct program *items);
/* Whether it speaks of requests, and cannot be judged without one. */
bool rule_needs_request(const struct program *items);
/* The first item of that op in the rules of `chosen`, or NULL. */
const struct step *rules_find(const struct rules *rules, uint64_t chosen,
                              enum step_op op);

#endif
