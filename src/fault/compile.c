/*
 * compile.c: items to steps: whose conversation it is, what of it belongs to
 * each response, and in which order rules add up.
 *
 * Steps of the conversation are taken in order; items with a position are put
 * among them (place.c).  What is left is a plain list, so that the machine that
 * executes it knows nothing of offsets.
 */
#include "compile.h"

#include <errno.h>
#include <string.h>

#include "place.h"

/* -- Conversations --------------------------------------------------------- */

bool compile_is_for_response(const struct program *items) {
  return !rule_has_steps(items) || rule_needs_request(items);
}

/* The steps and the pace of a rule, in order.  Latency before what is sent by
 * ourselves is a wait; what is passed on is delayed by the machine. */
static int add_steps(struct program *program, const struct program *items,
                     uint64_t seed) {
  struct step latency = {0};
  int64_t offset = 0;
  int error = 0;
  for (uint32_t i = 0; i < items->count && error == 0; i++) {
    const struct step *item = &items->steps[i];
    enum step_class class = step_class(item);
    if (item->at != AT_NONE || (class != CLASS_STEP && class != CLASS_PACE))
      continue;
    if (item->op == OP_LATENCY)
      latency = *item;
    if (latency.a > 0 && item->op == OP_SEND) {
      struct step wait = latency;
      wait.op = OP_WAIT;
      error = program_add(program, &wait);
    }
    if (error == 0)
      error = place_step(program, program->count, item, seed);
    if (error < 0)
      return error;
    struct step *last = &program->steps[program->count - 1];
    if (last->op == OP_SEND && last->source == SEND_PATTERN) {
      last->b = offset;
      offset += last->a;
    }
  }
  return error;
}

/* Of several rules, delays add up, and the lowest rate counts. */
static bool join_pace(struct program *program, const struct step *item) {
  uint32_t i = 0;
  while (i < program->count && program->steps[i].op != item->op)
    i++;
  if (i == program->count || (item->op != OP_LATENCY && item->op != OP_RATE))
    return false;
  struct step *same = &program->steps[i];
  if (item->op == OP_LATENCY) {
    same->a += item->a;
    same->b += item->b;
  } else if (same->a == 0 || (item->a > 0 && item->a < same->a)) {
    same->a = item->a;
  }
  return true;
}

/* Pace items that come before everything; for a relay, the delay too.  Those
 * of responses are theirs, but packets are the connection's. */
static int add_pace(struct program *program, const struct program *items,
                    bool loss_only, uint64_t seed) {
  int error = 0;
  for (uint32_t i = 0; i < items->count && error == 0; i++)
    if (items->steps[i].at == AT_NONE &&
        ((!loss_only && step_class(&items->steps[i]) == CLASS_PACE) ||
         items->steps[i].op == OP_LOSS) &&
        !join_pace(program, &items->steps[i]))
      error = place_step(program, program->count, &items->steps[i], seed);
  return error;
}

/* Whether a rule brings a conversation in which no request is answered: then
 * pace and positions of all are the connection's. */
static bool is_raw(const struct rules *rules, uint64_t chosen) {
  for (size_t i = 0; i < rules->count; i++)
    if (rules_has(chosen, i) && !compile_is_for_response(rules->items[i]) &&
        !rule_has(rules->items[i], OP_ANSWER))
      return true;
  return false;
}

/* A conversation that is being put together. */
struct draft {
  struct program *program;
  const struct rules *rules;
  uint64_t chosen, seed;
  enum conversation kind;
  bool has_all; /* also what else were each response's */
};

/* Whether steps, pace and offsets of a rule belong here, and not to each
 * response. */
static bool is_here(const struct draft *draft, const struct program *items) {
  return draft->has_all || !compile_is_for_response(items);
}

/* What the kind of server does of itself. */
static int add_own_steps(const struct draft *draft) {
  static const enum step_op proxy[] = {OP_RELAY, OP_COUNT};
  static const enum step_op origin[] = {OP_READ_HEAD, OP_ANSWER, OP_AGAIN,
                                        OP_COUNT};
  static const enum step_op early[] = {OP_READ_LINE, OP_ANSWER, OP_READ_HEAD,
                                       OP_AGAIN, OP_COUNT};
  bool is_early = rules_find(draft->rules, draft->chosen, OP_EARLY) != NULL;
  const enum step_op *op = draft->kind == CONVERSE_PROXY ? proxy
                           : is_early                    ? early
                                                         : origin;
  int error = 0;
  for (; *op != OP_COUNT && error == 0; op++) {
    struct step step = step_make(*op);
    error = place_step(draft->program, draft->program->count, &step, 0);
  }
  return error;
}

static int add_all_pace(const struct draft *draft) {
  int error = 0;
  for (size_t i = 0; i < draft->rules->count && error == 0; i++) {
    const struct program *items = draft->rules->items[i];
    if (rules_has(draft->chosen, i) && !rule_has_steps(items))
      error =
          add_pace(draft->program, items, !is_here(draft, items), draft->seed);
  }
  return error;
}

static int add_all_steps(const struct draft *draft) {
  bool has_steps = false;
  int error = 0;
  for (size_t i = 0; i < draft->rules->count && error == 0; i++) {
    const struct program *items = draft->rules->items[i];
    if (!rules_has(draft->chosen, i) || !is_here(draft, items) ||
        !rule_has_steps(items))
      continue;
    has_steps = true;
    error = add_steps(draft->program, items, draft->seed);
  }
  return has_steps ? error : add_own_steps(draft);
}

/* Those of `kinds` that are the connection's. */
static int place_rules(const struct draft *draft, unsigned kinds,
                       const struct step **ret_wrong) {
  int error = 0;
  for (size_t i = 0; i < draft->rules->count && error == 0; i++) {
    const struct program *items = draft->rules->items[i];
    unsigned own = rule_needs_request(items) ? 0 : PLACE_TIMES;
    if (is_here(draft, items))
      own |= PLACE_OFFSETS | PLACE_TEXTS;
    if (rules_has(draft->chosen, i))
      error = place_items(draft->program, items, draft->seed, own & kinds,
                          ret_wrong);
    /* Another rule's steps may not get so far. */
    if (error == -ERANGE && draft->rules->count > 1 &&
        draft->chosen != UINT64_C(1) << i)
      error = 0;
  }
  return error;
}

int compile_conversation(const struct rules *rules, uint64_t chosen,
                         enum conversation kind, uint64_t seed,
                         struct program **ret_program,
                         const struct step **ret_wrong) {
  struct program *program = program_new();
  struct draft draft = {
      .program = program,
      .rules = rules,
      .chosen = chosen,
      .seed = seed,
      .kind = kind,
      .has_all = kind == CONVERSE_PROXY || is_raw(rules, chosen),
  };
  struct step fin = step_make(OP_FIN);
  int error = program != NULL ? add_all_pace(&draft) : -ENOMEM;
  if (error == 0)
    error = add_all_steps(&draft);
  if (error == 0)
    error = place_rules(&draft, PLACE_TIMES | PLACE_OFFSETS, ret_wrong);
  if (error == 0)
    error = place_rules(&draft, PLACE_TEXTS, ret_wrong);
  if (error == 0)
    error = program_add(program, &fin);
  if (error == 0)
    *ret_program = program;
  else
    program_release(program);
  return error;
}

/* -- Responses ------------------------------------------------------------- */

static int add_latency(struct program *response, const struct program *items) {
  for (uint32_t i = 0; i < items->count; i++) {
    struct step wait = items->steps[i];
    if (wait.op != OP_LATENCY || wait.at != AT_NONE)
      continue;
    wait.op = OP_WAIT;
    return program_insert(response, 0, &wait);
  }
  return 0;
}

/* The head that a rule begins by reading has been read. */
static void drop_read_head(struct program *program) {
  if (program->count > 0 && program->steps[0].op == OP_READ_HEAD) {
    program->count--;
    memmove(program->steps, program->steps + 1,
            program->count * sizeof(*program->steps));
  }
}

/* What surrounds the `answer` at `at` surrounds the response. */
static int surround(struct program *response, const struct program *steps,
                    size_t at) {
  struct step end = response->steps[--response->count];
  int error = 0;
  for (size_t i = at; i-- > 0 && error == 0;)
    error = program_insert(response, 0, &steps->steps[i]);
  for (size_t i = at + 1; i < steps->count && error == 0; i++)
    error = program_add(response, &steps->steps[i]);
  return error == 0 ? program_add(response, &end) : error;
}

/* The texts of steps that were moved live on with the response. */
static int move_texts(struct program *response, struct program *from) {
  int error = 0;
  for (uint32_t i = 0; error == 0 && i < from->text_count; i++) {
    error = program_take_text(response, from->texts[i]);
    from->texts[i] = NULL;
  }
  return error;
}

/* Steps of a rule instead of the response, or around it. */
static int replace(struct program *response, const struct program *items,
                   uint64_t seed) {
  struct program *steps = program_new();
  struct step fin = step_make(OP_FIN);
  int error = steps != NULL ? add_steps(steps, items, seed) : -ENOMEM;
  size_t at = 0;
  if (error == 0) {
    drop_read_head(steps);
    while (at < steps->count && steps->steps[at].op != OP_ANSWER)
      at++;
  }
  if (error == 0 && at < steps->count) {
    error = surround(response, steps, at);
  } else if (error == 0) {
    response->count = 0;
    for (size_t i = 0; i < steps->count && error == 0; i++)
      error = program_add(response, &steps->steps[i]);
    error = error < 0 ? error : program_add(response, &fin);
  }
  /* Even after an error: steps may have been moved. */
  if (steps != NULL && move_texts(response, steps) < 0)
    error = -ENOMEM;
  program_release(steps);
  return error;
}

int compile_response(struct program *response, const struct program *items,
                     uint64_t seed, bool times, const struct step **ret_wrong) {
  int error = 0;
  if (rule_has_steps(items))
    error = replace(response, items, seed);
  else if ((error = add_latency(response, items)) == 0)
    for (uint32_t i = items->count; i-- > 0 && error == 0;)
      if (items->steps[i].at == AT_NONE && items->steps[i].op != OP_LATENCY &&
          (step_class(&items->steps[i]) == CLASS_PACE ||
           items->steps[i].op == OP_LOSS) &&
          !join_pace(response, &items->steps[i]))
        error = place_step(response, 0, &items->steps[i], seed);
  if (error == 0)
    error = place_items(response, items, seed,
                        PLACE_OFFSETS | PLACE_TEXTS | (times ? PLACE_TIMES : 0),
                        ret_wrong);
  return error;
}
