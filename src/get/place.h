/*
 * place.h: what is known of the directory that files are put in.
 *
 * Most files go where the one before went, and most long lists into a new
 * directory: there nothing has to be looked for, file by file.
 */
#ifndef GET_PLACE_H
#define GET_PLACE_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: nothing yet. */
struct place {
  char *directory; /* the one that was looked at last */
  size_t length;
  bool was_empty; /* then, or not there */
  int error;      /* why files cannot be made in it: -errno, or 0 */
};

/* Looks at the directory of `path`, unless it is still the same: its error.
 * -ENOMEM. */
int place_look(struct place *place, const char *path);

/* Whether something has that name.  In a directory that was empty what has
 * come since is not seen. */
bool place_has(struct place *place, const char *path);

void place_clear(struct place *place);

#endif
