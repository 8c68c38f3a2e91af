/*
 * program.h: a list of steps, and what they borrow: texts and a file.
 *
 * Shared by all the connections that execute it, so it is counted; what is
 * executed is never changed.
 */
#ifndef FAULT_PROGRAM_H
#define FAULT_PROGRAM_H

#include "step.h"

struct program {
  uint32_t references;
  uint32_t count, room;
  int fd; /* of SEND_FILE; -1 */
  struct step *steps;
  char *wanted; /* the faults that it is made of, for the log; or NULL */
  char **texts; /* to be freed with it */
  uint32_t text_count;
};

/* With one reference; NULL out of memory. */
struct program *program_new(void);
struct program *program_hold(struct program *program);
/* NULL is allowed. */
void program_release(struct program *program);

/* All of these are 0 or -ENOMEM. */
int program_add(struct program *program, const struct step *step);
int program_insert(struct program *program, size_t index,
                   const struct step *step);
/* A copy of it that lives as long as the program; with a 0 behind it. */
int program_text(struct program *program, const void *text, size_t length,
                 const char **ret_text);
/* Takes a text that was allocated; frees it when it fails. */
int program_take_text(struct program *program, char *text);
/* Whether both do the same. */
bool program_is_same(const struct program *one, const struct program *other);
/*
 * Sees that a step begins at so many sent bytes from the step `from`, and says
 * which: the step that sends beyond is split.  -ERANGE: so much is never sent;
 * *ret_index is then the end.
 */
int program_split(struct program *program, size_t from, int64_t offset,
                  size_t *ret_index);
/* Bytes that the steps from `from` send; -1: nobody knows. */
int64_t program_size(const struct program *program, size_t from);

/* Does it send, by itself or by passing on? */
bool step_sends(const struct step *step);
/* Does it pass on all that comes, up to its end? */
bool step_passes_all(const struct step *step);

#endif
