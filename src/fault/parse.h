/*
 * parse.h: the text of a fault, to items and back.
 */
#ifndef FAULT_PARSE_H
#define FAULT_PARSE_H

#include "program.h"

struct parse_error {
  size_t position; /* of the character that is wrong, from 1 */
  char text[1024]; /* what is wrong, and what there is instead */
};

/*
 * Reads `text` into a program whose steps are its items, in order: 0, -EINVAL
 * with *ret_error, or -ENOMEM.  An empty text has no items.
 */
int parse_fault(const char *text, struct program **ret_items,
                struct parse_error *ret_error);
/* -EINVAL, with *ret_error a line that says what is wrong with `text`, to be
 * freed. */
int parse_refuse(const char *text, const struct parse_error *wrong,
                 char **ret_error);

/* The items as text that reads the same again, to be freed; NULL out of
 * memory. */
char *parse_print(const struct program *items);

#endif
