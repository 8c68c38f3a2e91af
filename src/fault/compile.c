/*
 * compile.c: items to steps.
 *
 * Steps of the conversation are taken in order.  An item with a position is
 * put where so much has been sent, by splitting what sends there; one with a
 * time becomes an alarm.  What is left is a plain list, so that the machine
 * that executes it knows nothing of offsets.
 */
#include "compile.h"

#include <errno.h>
#include <string.h>

#include "chance.h"

#define GARBAGE_BYTES 64

/* -- Single steps ---------------------------------------------------------- */

static struct step send_step(enum send_source source, int64_t size,
                             uint64_t seed) {
  struct step step = step_make(OP_SEND);
  step.source = (uint8_t)source;
  step.a = size;
  step.seed = seed;
  return step;
}

/* An item as the machine executes it. */
static struct step lower(const struct step *item, uint64_t seed) {
  struct step step = *item;
  switch (item->op) {
    case OP_SEND:
      step.source = item->text != NULL ? SEND_TEXT : SEND_PATTERN;
      step.a = item->text != NULL ? item->length : item->a;
      break;
    case OP_GARBAGE:
      step =
          send_step(SEND_RANDOM, item->has_argument ? item->a : GARBAGE_BYTES,
                    chance_mix(seed, 0x6a, 0));
      break;
    case OP_FLOOD:
      step = send_step(SEND_PATTERN, ENDLESS, 0);
      break;
    case OP_WAIT:
      step.op = item->has_argument ? OP_WAIT : OP_HOLD;
      break;
    case OP_RELAY:
    case OP_ECHO:
      step.a = ENDLESS;
      break;
    default:
      break;
  }
  step.at = item->at;
  return step;
}

static int add_lowered(struct program *program, size_t index,
                       const struct step *item, uint64_t seed) {
  struct step step = lower(item, seed);
  int error = 0;
  if (step.text != NULL && step.at != AT_TEXT)
    error = program_text(program, step.text, step.length, &step.text);
  return error < 0 ? error : program_insert(program, index, &step);
}

/* -- Positions ------------------------------------------------------------- */

/* Where the body begins: the first step that sends of it. */
static size_t body_index(const struct program *program) {
  for (size_t i = 0; i < program->count; i++)
    if (program->steps[i].is_body)
      return i;
  return 0;
}

/* What was put at the same place before comes first. */
static size_t behind_others(const struct program *program, size_t index) {
  while (index < program->count && program->steps[index].at != AT_NONE &&
         !step_sends(&program->steps[index]))
    index++;
  return index;
}

static int flip_byte(struct program *program, size_t from, int64_t offset) {
  size_t begin, end;
  int error = program_split(program, from, offset, &begin);
  if (error == 0)
    error = program_split(program, from, offset + 1, &end);
  for (; error == 0 && begin < end; begin++)
    if (step_sends(&program->steps[begin]))
      program->steps[begin].flip = !program->steps[begin].flip;
  return error;
}

static void flip_body(struct program *program, size_t from) {
  for (size_t i = from; i < program->count; i++)
    if (program->steps[i].is_body)
      program->steps[i].flip = true;
}

static int place_at_offset(struct program *program, size_t from, int64_t offset,
                           const struct step *item, uint64_t seed) {
  size_t index;
  if (item->op == OP_CORRUPT)
    return flip_byte(program, from, offset);
  int error = program_split(program, from, offset, &index);
  if (error < 0)
    return error;
  if (item->op == OP_CHANGE) {
    flip_body(program, index);
    return 0;
  }
  return add_lowered(program, behind_others(program, index), item, seed);
}

static int place_at_time(struct program *program, const struct step *item,
                         uint64_t seed) {
  struct step alarm = step_make(OP_ALARM);
  size_t index = 0;
  alarm.position = item->position;
  alarm.at = AT_TIME;
  /* Sorted, so that the next alarm is always the first one ahead. */
  while (index < program->count && program->steps[index].op == OP_ALARM &&
         program->steps[index].position <= item->position)
    index += 2;
  int error = program_insert(program, index, &alarm);
  return error < 0 ? error : add_lowered(program, index + 1, item, seed);
}

/* Splits the first step that passes on without end where the text has come. */
static int place_at_text(struct program *program, const struct step *item,
                         uint64_t seed) {
  size_t i = 0;
  while (
      i < program->count &&
      !((program->steps[i].op == OP_RELAY || program->steps[i].op == OP_ECHO) &&
        program->steps[i].text == NULL && program->steps[i].a == ENDLESS))
    i++;
  if (i == program->count)
    return -ERANGE;
  struct step until = program->steps[i];
  int error = program_text(program, item->text, item->length, &until.text);
  until.length = item->length;
  until.a = ENDLESS;
  if (error == 0)
    error = program_insert(program, i, &until);
  return error < 0 ? error : add_lowered(program, i + 1, item, seed);
}

static int place(struct program *program, const struct step *item,
                 uint64_t seed) {
  size_t body = body_index(program);
  int64_t size = item->at == AT_PERCENT ? program_size(program, body) : 0;
  switch (item->at) {
    case AT_BYTE:
      return place_at_offset(program, 0, item->position, item, seed);
    case AT_BODY:
      return place_at_offset(program, body, item->position, item, seed);
    case AT_PERCENT:
      if (size < 0)
        return -ERANGE;
      return place_at_offset(
          program, body,
          (int64_t)((double)size * ((double)item->position / 1e6)), item, seed);
    case AT_TIME:
      return place_at_time(program, item, seed);
    default:
      return place_at_text(program, item, seed);
  }
}

#define PLACE_TIMES 1u
#define PLACE_OFFSETS 2u
#define PLACE_TEXTS 4u /* after all offsets: they are looked for behind them */

static unsigned kind_of(const struct step *item) {
  return item->at == AT_NONE   ? 0
         : item->at == AT_TIME ? PLACE_TIMES
         : item->at == AT_TEXT ? PLACE_TEXTS
                               : PLACE_OFFSETS;
}

static int place_all(struct program *program, const struct program *items,
                     uint64_t seed, unsigned kinds,
                     const struct step **ret_wrong) {
  int error = 0;
  for (uint32_t i = 0; i < items->count && error == 0; i++) {
    const struct step *item = &items->steps[i];
    if ((kind_of(item) & kinds) == 0)
      continue;
    error = place(program, item, seed);
    if (error == -ERANGE)
      *ret_wrong = item;
  }
  return error;
}

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
      error = add_lowered(program, program->count, item, seed);
    struct step *last = &program->steps[program->count - 1];
    if (error == 0 && last->op == OP_SEND && last->source == SEND_PATTERN) {
      last->b = offset;
      offset += last->a;
    }
  }
  return error;
}

static int add_own_steps(struct program *program, const struct rules *rules,
                         uint64_t chosen, enum conversation kind) {
  static const enum step_op origin[] = {OP_READ_HEAD, OP_ANSWER, OP_AGAIN};
  static const enum step_op early[] = {OP_READ_LINE, OP_ANSWER, OP_READ_HEAD,
                                       OP_AGAIN};
  bool is_early = rules_find(rules, chosen, OP_EARLY) != NULL;
  const enum step_op *ops = is_early ? early : origin;
  size_t count = is_early ? 4 : 3;
  int error = 0;
  if (kind == CONVERSE_PROXY) {
    struct step relay = step_make(OP_RELAY);
    relay.a = ENDLESS;
    return program_add(program, &relay);
  }
  for (size_t i = 0; i < count && error == 0; i++) {
    struct step step = step_make(ops[i]);
    error = program_add(program, &step);
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
      error = add_lowered(program, program->count, &items->steps[i], seed);
  return error;
}

/* Whether a rule brings a conversation in which no request is answered: then
 * pace and positions of all are the connection's. */
static bool is_raw(const struct rules *rules, uint64_t chosen) {
  for (size_t i = 0; i < rules->count; i++)
    if ((chosen >> i & 1) && !compile_is_for_response(rules->items[i]) &&
        !rule_has(rules->items[i], OP_ANSWER))
      return true;
  return false;
}

static int converse(struct program *program, const struct rules *rules,
                    uint64_t chosen, enum conversation kind, uint64_t seed,
                    const struct step **ret_wrong) {
  bool all = kind == CONVERSE_PROXY || is_raw(rules, chosen);
  bool own_steps = true;
  int error = 0;
  /* Pace first, then whoever brings steps. */
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < rules->count && error == 0; i++) {
      const struct program *items = rules->items[i];
      bool here = all || !compile_is_for_response(items);
      bool has_steps = rule_has_steps(items);
      if (!(chosen >> i & 1))
        continue;
      if (pass == 0 && !has_steps)
        error = add_pace(program, items, !here, seed);
      if (pass == 1 && here && has_steps) {
        own_steps = false;
        error = add_steps(program, items, seed);
      }
    }
  if (error == 0 && own_steps)
    error = add_own_steps(program, rules, chosen, kind);
  for (unsigned texts = 0; texts < 2; texts++)
    for (size_t i = 0; i < rules->count && error == 0; i++) {
      const struct program *items = rules->items[i];
      bool here = all || !compile_is_for_response(items);
      unsigned kinds = rule_needs_request(items) ? 0 : PLACE_TIMES;
      kinds |= here ? PLACE_OFFSETS : 0;
      if (chosen >> i & 1)
        error = place_all(program, items, seed,
                          texts ? (here ? PLACE_TEXTS : 0) : kinds, ret_wrong);
    }
  return error;
}

int compile_conversation(const struct rules *rules, uint64_t chosen,
                         enum conversation kind, uint64_t seed,
                         struct program **ret_program,
                         const struct step **ret_wrong) {
  struct program *program = program_new();
  struct step fin = step_make(OP_FIN);
  int error = program != NULL ? 0 : -ENOMEM;
  if (error == 0)
    error = converse(program, rules, chosen, kind, seed, ret_wrong);
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
           items->steps[i].op == OP_LOSS))
        error = add_lowered(response, 0, &items->steps[i], seed);
  if (error == 0)
    error = place_all(response, items, seed,
                      PLACE_OFFSETS | PLACE_TEXTS | (times ? PLACE_TIMES : 0),
                      ret_wrong);
  return error;
}
