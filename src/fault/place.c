/*
 * place.c: an item with a position is put where so much has been sent, by
 * splitting what sends there; one with a time becomes an alarm; one with a text
 * splits what passes on.
 */
#include "place.h"

#include <errno.h>

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

int place_step(struct program *program, size_t index, const struct step *item,
               uint64_t seed) {
  struct step step = lower(item, seed);
  int error = 0;
  if (step.at == AT_TEXT) { /* its place, of which it knows nothing now */
    step.text = NULL;
    step.length = 0;
  } else if (step.text != NULL) {
    error = program_text(program, step.text, step.length, &step.text);
  }
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
  return place_step(program, behind_others(program, index), item, seed);
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
  return error < 0 ? error : place_step(program, index + 1, item, seed);
}

/* Splits the first step that passes on without end where the text has come. */
static int place_at_text(struct program *program, const struct step *item,
                         uint64_t seed) {
  size_t i = 0;
  while (i < program->count && !step_passes_all(&program->steps[i]))
    i++;
  if (i == program->count)
    return -ERANGE;
  struct step until = program->steps[i];
  int error = program_text(program, item->text, item->length, &until.text);
  until.length = item->length;
  until.a = ENDLESS;
  if (error == 0)
    error = program_insert(program, i, &until);
  return error < 0 ? error : place_step(program, i + 1, item, seed);
}

/* So many millionths of it, to the byte. */
static int64_t share_of(int64_t size, int64_t millionths) {
  return size / 1000000 * millionths + size % 1000000 * millionths / 1000000;
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
      return place_at_offset(program, body, share_of(size, item->position),
                             item, seed);
    case AT_TIME:
      return place_at_time(program, item, seed);
    default:
      return place_at_text(program, item, seed);
  }
}

static unsigned kind_of(const struct step *item) {
  return item->at == AT_NONE   ? 0
         : item->at == AT_TIME ? PLACE_TIMES
         : item->at == AT_TEXT ? PLACE_TEXTS
                               : PLACE_OFFSETS;
}

int place_items(struct program *program, const struct program *items,
                uint64_t seed, unsigned kinds, const struct step **ret_wrong) {
  int result = 0;
  for (uint32_t i = 0; i < items->count; i++) {
    const struct step *item = &items->steps[i];
    if ((kind_of(item) & kinds) == 0)
      continue;
    int error = place(program, item, seed);
    if (error < 0 && error != -ERANGE)
      return error;
    if (error == -ERANGE) {
      *ret_wrong = item;
      result = error;
    }
  }
  return result;
}
