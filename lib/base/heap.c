/*
 * heap.c: a binary heap of nodes that know their own place, so that any of
 * them can be taken out in logarithmic time.
 * Invariant: no node's key is smaller than its parent's.
 */
#include "base/heap.h"

#include <errno.h>
#include <stdlib.h>

static void put(struct belay__heap *heap, size_t index,
                struct belay__heap_node *node) {
  heap->nodes[index] = node;
  node->place = index + 1;
}

static void sift_up(struct belay__heap *heap, size_t index) {
  struct belay__heap_node *node = heap->nodes[index];
  while (index > 0) {
    size_t parent = (index - 1) / 2;
    if (heap->nodes[parent]->key <= node->key)
      break;
    put(heap, index, heap->nodes[parent]);
    index = parent;
  }
  put(heap, index, node);
}

static void sift_down(struct belay__heap *heap, size_t index) {
  struct belay__heap_node *node = heap->nodes[index];
  for (;;) {
    size_t child = 2 * index + 1;
    if (child >= heap->count)
      break;
    if (child + 1 < heap->count &&
        heap->nodes[child + 1]->key < heap->nodes[child]->key)
      child++;
    if (node->key <= heap->nodes[child]->key)
      break;
    put(heap, index, heap->nodes[child]);
    index = child;
  }
  put(heap, index, node);
}

int belay__heap_reserve(struct belay__heap *heap, size_t total) {
  if (total <= heap->capacity)
    return 0;
  size_t capacity = heap->capacity > 0 ? heap->capacity : 8;
  while (capacity < total)
    capacity *= 2;
  void *nodes = realloc(heap->nodes, capacity * sizeof(heap->nodes[0]));
  if (nodes == NULL)
    return -ENOMEM;
  heap->nodes = nodes;
  heap->capacity = capacity;
  return 0;
}

void belay__heap_push(struct belay__heap *heap, struct belay__heap_node *node) {
  put(heap, heap->count++, node);
  sift_up(heap, heap->count - 1);
}

void belay__heap_remove(struct belay__heap *heap,
                        struct belay__heap_node *node) {
  if (node->place == 0)
    return;
  size_t index = node->place - 1;
  struct belay__heap_node *last = heap->nodes[--heap->count];
  node->place = 0;
  if (last == node)
    return;
  put(heap, index, last);
  sift_up(heap, index);
  sift_down(heap, last->place - 1);
}

void belay__heap_free(struct belay__heap *heap) {
  free(heap->nodes);
  heap->nodes = NULL;
  heap->count = heap->capacity = 0;
}
