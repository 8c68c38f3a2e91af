/*
 * compile.h: from rules to what a connection executes.
 */
#ifndef FAULT_COMPILE_H
#define FAULT_COMPILE_H

#include "rules.h"

enum conversation {
  CONVERSE_ORIGIN, /* read-head; answer; again */
  CONVERSE_PROXY,  /* relay */
};

/*
 * The conversation of a connection: the steps of the chosen rules, or what the
 * kind of server does of itself; with the rest of these rules placed in it.
 * -ENOMEM, or -ERANGE and *ret_wrong the item whose position is nowhere.
 */
int compile_conversation(const struct rules *rules, uint64_t chosen,
                         enum conversation kind, uint64_t seed,
                         struct program **ret_program,
                         const struct step **ret_wrong);

/*
 * The same for one response: `response` is what would be sent, and is changed
 * in its place; `items` is a rule that applies.  Steps of its own replace it.
 * Positions in time are left out unless `times`.  -ERANGE as above; what comes
 * before it was done.
 */
int compile_response(struct program *response, const struct program *items,
                     uint64_t seed, bool times, const struct step **ret_wrong);

/* Whether the rule's pace and positions belong to each response, and not to the
 * connection. */
bool compile_is_for_response(const struct program *items);

#endif
