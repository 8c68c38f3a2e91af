/* pids.c: a list of process numbers that grows, and is searched when sorted. */
#include "process/pids.h"

#include <errno.h>
#include <stdlib.h>

int belay__pids_add(struct belay__pids *pids, pid_t pid) {
  if (pids->count == pids->capacity) {
    size_t capacity = pids->capacity > 0 ? 2 * pids->capacity : 64;
    pid_t *items = realloc(pids->items, capacity * sizeof(items[0]));
    if (items == NULL)
      return -ENOMEM;
    pids->items = items;
    pids->capacity = capacity;
  }
  pids->items[pids->count++] = pid;
  return 0;
}

void belay__pids_free(struct belay__pids *pids) {
  free(pids->items);
  *pids = (struct belay__pids){.count = 0};
}

static int compare(const void *a, const void *b) {
  pid_t left = *(const pid_t *)a, right = *(const pid_t *)b;
  return (left > right) - (left < right);
}

void belay__pids_sort(struct belay__pids *pids) {
  if (pids->count > 1)
    qsort(pids->items, pids->count, sizeof(pids->items[0]), compare);
}

bool belay__pids_have(const struct belay__pids *pids, pid_t pid) {
  return pids->count > 0 && bsearch(&pid, pids->items, pids->count,
                                    sizeof(pids->items[0]), compare) != NULL;
}

void belay__pids_filter(struct belay__pids *pids,
                        bool (*keep)(pid_t pid, const void *data),
                        const void *data) {
  size_t kept = 0;
  for (size_t i = 0; i < pids->count; i++)
    if (keep(pids->items[i], data))
      pids->items[kept++] = pids->items[i];
  pids->count = kept;
}
