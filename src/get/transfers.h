/*
 * transfers.h: the transfers of a session, found by their items' ids.
 */
#ifndef GET_TRANSFERS_H
#define GET_TRANSFERS_H

#include <stddef.h>
#include <stdint.h>

#include "transfer.h"

#define TRANSFERS_BUCKETS 1024

struct transfers {
  struct transfer *first, *last; /* in order of their beginning */
  struct transfer *buckets[TRANSFERS_BUCKETS];
  size_t count;
  size_t unbegun; /* items given back whose last word is still to come */
};

void transfers_add(struct transfers *transfers, struct transfer *transfer);
void transfers_remove(struct transfers *transfers, struct transfer *transfer);
struct transfer *transfers_find(const struct transfers *transfers, int64_t id);

/* Frees all of them. */
void transfers_free(struct transfers *transfers);

#endif
