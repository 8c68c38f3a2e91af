/*
 * heap.h: the smallest key first; nodes live in the structures they order.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct belay__heap_node {
  int64_t key;
  size_t place; /* 1-based index in the heap; 0: in none */
};

struct belay__heap {
  struct belay__heap_node **nodes;
  size_t count, capacity;
};

/* Makes room for `total` nodes in all, so that pushing cannot fail: 0 or
 * -ENOMEM. */
int belay__heap_reserve(struct belay__heap *heap, size_t total);

/* Adds a node that is in no heap; there must be room. */
void belay__heap_push(struct belay__heap *heap, struct belay__heap_node *node);

/* Takes a node out; nothing happens if it is in no heap. */
void belay__heap_remove(struct belay__heap *heap,
                        struct belay__heap_node *node);

/* The node with the smallest key, or NULL. */
static inline struct belay__heap_node *belay__heap_first(
    const struct belay__heap *heap) {
  return heap->count > 0 ? heap->nodes[0] : NULL;
}

void belay__heap_free(struct belay__heap *heap);

#endif
