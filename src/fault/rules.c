/*
 * rules.c: when a fault applies.
 *
 * A decision by chance is a function of seed, server, connection and request:
 * what else goes on, and in which order, does not matter.
 */
#include "rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "connection.h"

int rules_add(struct rules *rules, const char *text,
              struct parse_error *ret_error) {
  if (rules->count == RULES_AT_MOST)
    return -E2BIG;
  int error = parse_fault(text, &rules->items[rules->count], ret_error);
  if (error == 0) {
    rules->salts[rules->count] = rules->count;
    rules->count++;
  }
  return error;
}

int rules_take(struct rules *rules, struct program *items, uint64_t salt) {
  if (rules->count == RULES_AT_MOST)
    return -E2BIG;
  rules->salts[rules->count] = salt;
  rules->items[rules->count++] = program_hold(items);
  return 0;
}

bool rules_are_same(const struct rules *one, const struct rules *other) {
  bool same = one->count == other->count;
  for (size_t i = 0; same && i < one->count; i++)
    same = one->items[i] == other->items[i] && one->salts[i] == other->salts[i];
  return same;
}

void rules_clear(struct rules *rules) {
  for (size_t i = 0; i < rules->count; i++)
    program_release(rules->items[i]);
  rules->count = 0;
}

struct rules rules_hold(const struct rules *rules) {
  for (size_t i = 0; i < rules->count; i++)
    program_hold(rules->items[i]);
  return *rules;
}

/* -- One rule -------------------------------------------------------------- */

static bool is_within(const struct step *step, int64_t value) {
  return value >= step->a && value <= step->b;
}

static bool condition_holds(const struct step *step, size_t index,
                            const struct occasion *occasion) {
  uint64_t dice;
  char text[CLIENT_TEXT_BYTES];
  switch (step->op) {
    case OP_CHANCE:
      dice = chance_mix(occasion->seed + index, occasion->server,
                        occasion->connection + (occasion->request << 40));
      return chance_decide(dice, step->a);
    case OP_CONNECTION:
      return is_within(step, (int64_t)occasion->connection);
    case OP_REQUEST:
      return occasion->request > 0 &&
             is_within(step, (int64_t)occasion->request);
    case OP_TIME:
      return occasion->age_ns >= step->a && occasion->age_ns < step->b;
    case OP_PATH:
      return occasion->path != NULL &&
             fnmatch(step->text, occasion->path, 0) == 0;
    case OP_CLIENT:
      return occasion->who != NULL &&
             fnmatch(step->text, connection_host(occasion->who, text), 0) == 0;
    default:
      return true;
  }
}

/* Whether a rule applies.  Conditions on a request fail where there is none. */
static bool rule_applies(const struct program *items,
                         const struct occasion *occasion) {
  bool up = rule_has(items, OP_UP), down = rule_has(items, OP_DOWN) || !up;
  if (occasion->is_up ? !up : !down)
    return false;
  for (uint32_t i = 0; i < items->count; i++)
    if (!condition_holds(&items->steps[i], i, occasion))
      return false;
  return true;
}

bool rule_has(const struct program *items, enum step_op op) {
  for (uint32_t i = 0; i < items->count; i++)
    if (items->steps[i].op == op)
      return true;
  return false;
}

/* Losing packets is no conversation; it is in force before the others. */
bool rule_has_steps(const struct program *items) {
  for (uint32_t i = 0; i < items->count; i++)
    if (items->steps[i].at == AT_NONE && items->steps[i].op != OP_LOSS &&
        step_class(&items->steps[i]) == CLASS_STEP)
      return true;
  return false;
}

bool rule_needs_request(const struct program *items) {
  return rule_has(items, OP_REQUEST) || rule_has(items, OP_PATH);
}

/* -- All of them ----------------------------------------------------------- */

uint64_t rules_chosen(const struct rules *rules,
                      const struct occasion *occasion) {
  uint64_t chosen = 0;
  for (size_t i = 0; i < rules->count; i++) {
    struct occasion own = *occasion;
    own.seed += rules->salts[i] << 32;
    if (rule_applies(rules->items[i], &own))
      chosen |= UINT64_C(1) << i;
  }
  return chosen;
}

const struct step *rules_find(const struct rules *rules, uint64_t chosen,
                              enum step_op op) {
  for (size_t i = 0; i < rules->count; i++) {
    const struct program *items = rules->items[i];
    for (uint32_t j = 0; rules_has(chosen, i) && j < items->count; j++)
      if (items->steps[j].op == op)
        return &items->steps[j];
  }
  return NULL;
}

char *rules_print(const struct rules *rules, uint64_t chosen) {
  char *text = NULL;
  size_t size = 0, count = 0;
  FILE *file = open_memstream(&text, &size);
  for (size_t i = 0; file != NULL && i < rules->count; i++) {
    char *one = rules_has(chosen, i) ? parse_print(rules->items[i]) : NULL;
    if (one != NULL)
      fprintf(file, "%s%s", count++ > 0 ? " | " : "", one);
    free(one);
  }
  if (file != NULL)
    fclose(file);
  return text;
}
