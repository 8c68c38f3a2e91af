/* ids.c: a list that grows, and a hash table with linear probing. */
#include "ids.h"

#include <errno.h>
#include <stdlib.h>

/* Where the id is, or would be. */
static size_t place(const int64_t *table, size_t size, int64_t id) {
  uint64_t hash = (uint64_t)id * UINT64_C(0x9e3779b97f4a7c15);
  size_t at = (size_t)(hash >> 32) & (size - 1);
  while (table[at] != 0 && table[at] != id)
    at = (at + 1) & (size - 1);
  return at;
}

static int grow(struct ids *ids) {
  size_t capacity = ids->capacity > 0 ? 2 * ids->capacity : 64;
  int64_t *list = realloc(ids->list, capacity * sizeof(*list));
  if (list == NULL)
    return -ENOMEM;
  ids->list = list;
  int64_t *table = calloc(2 * capacity, sizeof(*table));
  if (table == NULL)
    return -ENOMEM;
  free(ids->table);
  ids->table = table;
  ids->table_size = 2 * capacity;
  ids->capacity = capacity;
  for (size_t i = 0; i < ids->count; i++)
    table[place(table, ids->table_size, list[i])] = list[i];
  return 0;
}

int ids_add(struct ids *ids, int64_t id) {
  if (ids->count == ids->capacity && grow(ids) < 0)
    return -ENOMEM;
  ids->list[ids->count++] = id;
  ids->table[place(ids->table, ids->table_size, id)] = id;
  return 0;
}

bool ids_has(const struct ids *ids, int64_t id) {
  return ids->count > 0 &&
         ids->table[place(ids->table, ids->table_size, id)] == id;
}

void ids_clear(struct ids *ids) {
  free(ids->list);
  free(ids->table);
  *ids = (struct ids){.list = NULL};
}
