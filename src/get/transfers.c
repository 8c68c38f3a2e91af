/*
 * transfers.c: a list, for going through, and a hash of ids, which are dense,
 * for finding.
 */
#include "transfers.h"

static struct transfer **bucket_of(struct transfers *transfers, int64_t id) {
  return &transfers->buckets[(uint64_t)id % TRANSFERS_BUCKETS];
}

void transfers_add(struct transfers *transfers, struct transfer *transfer) {
  struct transfer **bucket = bucket_of(transfers, transfer->item.id);
  transfer->next_in_bucket = *bucket;
  *bucket = transfer;
  transfer->prev = transfers->last;
  transfer->next = NULL;
  if (transfers->last != NULL)
    transfers->last->next = transfer;
  else
    transfers->first = transfer;
  transfers->last = transfer;
  transfers->count++;
}

void transfers_remove(struct transfers *transfers, struct transfer *transfer) {
  struct transfer **link = bucket_of(transfers, transfer->item.id);
  while (*link != transfer)
    link = &(*link)->next_in_bucket;
  *link = transfer->next_in_bucket;
  if (transfer->prev != NULL)
    transfer->prev->next = transfer->next;
  else
    transfers->first = transfer->next;
  if (transfer->next != NULL)
    transfer->next->prev = transfer->prev;
  else
    transfers->last = transfer->prev;
  transfers->count--;
}

struct transfer *transfers_find(const struct transfers *transfers, int64_t id) {
  struct transfer *transfer =
      transfers->buckets[(uint64_t)id % TRANSFERS_BUCKETS];
  while (transfer != NULL && transfer->item.id != id)
    transfer = transfer->next_in_bucket;
  return transfer;
}

void transfers_free(struct transfers *transfers) {
  while (transfers->first != NULL) {
    struct transfer *transfer = transfers->first;
    transfers_remove(transfers, transfer);
    transfer_free(transfer);
  }
}
