/* heap.c: a binary heap; lane->heap_at is 0 for who is not in it. */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>

#include "connection.h"

static void put(struct heap *heap, uint32_t at, struct heap_entry entry) {
  heap->entries[at] = entry;
  entry.lane->heap_at = at;
}

static void sift_up(struct heap *heap, uint32_t at, struct heap_entry entry) {
  for (; at > 1 && heap->entries[at / 2].due_ns > entry.due_ns; at /= 2)
    put(heap, at, heap->entries[at / 2]);
  put(heap, at, entry);
}

static void sift_down(struct heap *heap, uint32_t at, struct heap_entry entry) {
  for (;;) {
    uint32_t child = at * 2;
    if (child > heap->count)
      break;
    if (child < heap->count &&
        heap->entries[child + 1].due_ns < heap->entries[child].due_ns)
      child++;
    if (heap->entries[child].due_ns >= entry.due_ns)
      break;
    put(heap, at, heap->entries[child]);
    at = child;
  }
  put(heap, at, entry);
}

static void settle(struct heap *heap, uint32_t at, struct heap_entry entry) {
  if (at > 1 && heap->entries[at / 2].due_ns > entry.due_ns)
    sift_up(heap, at, entry);
  else
    sift_down(heap, at, entry);
}

int heap_set(struct heap *heap, struct lane *lane, int64_t due_ns) {
  struct heap_entry entry = {due_ns, lane};
  if (lane->heap_at != 0) {
    if (heap->entries[lane->heap_at].due_ns != due_ns)
      settle(heap, lane->heap_at, entry);
    return 0;
  }
  if (heap->count + 2 > heap->room) {
    uint32_t room = heap->room == 0 ? 64 : heap->room * 2;
    void *entries = realloc(heap->entries, room * sizeof(*heap->entries));
    if (entries == NULL)
      return -ENOMEM;
    heap->entries = entries;
    heap->room = room;
  }
  sift_up(heap, ++heap->count, entry);
  return 0;
}

void heap_remove(struct heap *heap, struct lane *lane) {
  uint32_t at = lane->heap_at;
  if (at == 0)
    return;
  lane->heap_at = 0;
  struct heap_entry last = heap->entries[heap->count--];
  if (last.lane != lane)
    settle(heap, at, last);
}

int64_t heap_earliest(const struct heap *heap) {
  return heap->count > 0 ? heap->entries[1].due_ns : INT64_MAX;
}

struct lane *heap_take(struct heap *heap, int64_t now_ns) {
  if (heap_earliest(heap) > now_ns)
    return NULL;
  struct lane *lane = heap->entries[1].lane;
  heap_remove(heap, lane);
  return lane;
}

void heap_clear(struct heap *heap) {
  free(heap->entries);
  *heap = (struct heap){0};
}
