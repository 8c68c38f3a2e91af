/*
 * heap.h: deadlines, the earliest first.  Each entry knows its place, so that
 * it is moved and removed without being looked for.
 */
#ifndef FAULT_HEAP_H
#define FAULT_HEAP_H

#include <stdint.h>

struct lane;

struct heap {
  struct heap_entry {
    int64_t due_ns;
    struct lane *lane;
  } * entries; /* from 1 */
  uint32_t count, room;
};

/* Puts a lane there, or moves it; -ENOMEM. */
int heap_set(struct heap *heap, struct lane *lane, int64_t due_ns);
void heap_remove(struct heap *heap, struct lane *lane);
/* INT64_MAX: nothing is due ever. */
int64_t heap_earliest(const struct heap *heap);
/* The earliest lane, if it is due by now, taken out; or NULL. */
struct lane *heap_take(struct heap *heap, int64_t now_ns);
void heap_clear(struct heap *heap);

#endif
