/*
 * program.c: lists of steps that grow, and that are split where something has
 * to happen after an exact number of bytes.  That is all there is to offsets:
 * `rst@4096` is a send of 4096 bytes, a reset, and the rest.
 */
#include "program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct program *program_new(void) {
  struct program *program = calloc(1, sizeof(*program));
  if (program != NULL) {
    program->references = 1;
    program->fd = -1;
  }
  return program;
}

struct program *program_hold(struct program *program) {
  program->references++;
  return program;
}

void program_release(struct program *program) {
  if (program == NULL || --program->references > 0)
    return;
  for (size_t i = 0; i < program->text_count; i++)
    free(program->texts[i]);
  if (program->fd >= 0)
    close(program->fd);
  free(program->wanted);
  free(program->texts);
  free(program->steps);
  free(program);
}

int program_insert(struct program *program, size_t index,
                   const struct step *step) {
  if (program->count == program->room) {
    uint32_t room = program->room == 0 ? 8 : program->room * 2;
    struct step *steps = realloc(program->steps, room * sizeof(*steps));
    if (steps == NULL)
      return -ENOMEM;
    program->steps = steps;
    program->room = room;
  }
  memmove(program->steps + index + 1, program->steps + index,
          (program->count - index) * sizeof(*step));
  program->steps[index] = *step;
  program->count++;
  return 0;
}

int program_add(struct program *program, const struct step *step) {
  return program_insert(program, program->count, step);
}

/* -- Texts ----------------------------------------------------------------- */

int program_take_text(struct program *program, char *text) {
  size_t size = (program->text_count + 1) * sizeof(*program->texts);
  char **texts = text != NULL ? realloc(program->texts, size) : NULL;
  if (texts == NULL) {
    free(text);
    return -ENOMEM;
  }
  program->texts = texts;
  texts[program->text_count++] = text;
  return 0;
}

int program_text(struct program *program, const void *text, size_t length,
                 const char **ret_text) {
  char *copy = malloc(length + 1);
  if (copy == NULL)
    return -ENOMEM;
  memcpy(copy, text, length);
  copy[length] = '\0';
  if (program_take_text(program, copy) < 0)
    return -ENOMEM;
  *ret_text = copy;
  return 0;
}

static bool step_is_same(const struct step *one, const struct step *other) {
  bool has_text = one->text != NULL && other->text != NULL;
  return one->op == other->op && one->at == other->at &&
         one->word == other->word && one->source == other->source &&
         one->flip == other->flip && one->has_argument == other->has_argument &&
         one->is_body == other->is_body && one->length == other->length &&
         one->spread == other->spread && one->position == other->position &&
         one->a == other->a && one->b == other->b && one->seed == other->seed &&
         (has_text ? memcmp(one->text, other->text, one->length) == 0
                   : one->text == other->text);
}

bool program_is_same(const struct program *one, const struct program *other) {
  bool same = one->count == other->count;
  for (uint32_t i = 0; same && i < one->count; i++)
    same = step_is_same(&one->steps[i], &other->steps[i]);
  return same;
}

/* -- Offsets --------------------------------------------------------------- */

bool step_sends(const struct step *step) {
  return step->op == OP_SEND || step->op == OP_RELAY || step->op == OP_ECHO;
}

bool step_passes_all(const struct step *step) {
  return (step->op == OP_RELAY || step->op == OP_ECHO) && step->a == ENDLESS &&
         step->text == NULL;
}

int program_split(struct program *program, size_t from, int64_t offset,
                  size_t *ret_index) {
  size_t i = from;
  for (; i < program->count && offset > 0; i++) {
    struct step *step = &program->steps[i];
    if (!step_sends(step))
      continue;
    if (step->op != OP_SEND && step->text != NULL)
      break; /* up to a text: nobody knows how much that is */
    if (step->a == ENDLESS || step->a > offset) {
      struct step rest = *step;
      step->a = offset;
      rest.b += offset;
      rest.a -= rest.a == ENDLESS ? 0 : offset;
      *ret_index = i + 1;
      return program_insert(program, i + 1, &rest);
    }
    offset -= step->a;
  }
  *ret_index = i;
  return offset > 0 ? -ERANGE : 0;
}

int64_t program_size(const struct program *program, size_t from) {
  int64_t size = 0;
  for (size_t i = from; i < program->count; i++) {
    const struct step *step = &program->steps[i];
    if (step->op == OP_ANSWER || step->op == OP_AGAIN ||
        (step_sends(step) && step->a == ENDLESS))
      return -1;
    if (step_sends(step))
      size += step->a;
  }
  return size;
}
