/*
 * place.h: putting items into a program, at the position that they have.
 */
#ifndef FAULT_PLACE_H
#define FAULT_PLACE_H

#include "program.h"

/* Kinds of positions. */
#define PLACE_TIMES 1u
#define PLACE_OFFSETS 2u
#define PLACE_TEXTS 4u /* after all offsets, behind which they are */

/* An item as the machine executes it, at `index`; its text is copied.
 * -ENOMEM. */
int place_step(struct program *program, size_t index, const struct step *item,
               uint64_t seed);

/* All items with a position of one of `kinds`.  -ENOMEM, or -ERANGE and
 * *ret_wrong the last item whose position is nowhere; all others are there. */
int place_items(struct program *program, const struct program *items,
                uint64_t seed, unsigned kinds, const struct step **ret_wrong);

#endif
