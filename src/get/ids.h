/*
 * ids.h: ids in the order in which they were added, and whether one was.
 */
#ifndef GET_IDS_H
#define GET_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids {
  int64_t *list;
  size_t count, capacity;
  int64_t *table;    /* the same by their hash, 0 for a free place */
  size_t table_size; /* a power of two, at most half of it is used */
};

/* Adds one that is not there yet and is not 0; -ENOMEM. */
int ids_add(struct ids *ids, int64_t id);

bool ids_has(const struct ids *ids, int64_t id);

void ids_clear(struct ids *ids);

#endif
