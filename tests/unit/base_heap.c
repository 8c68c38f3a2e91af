/* base_heap.c: the heap, against a plain array that is searched. */
#include "base/heap.h"

#include "harness/harness.h"

enum { NODES = 300 };

static struct belay__heap_node nodes[NODES];
static struct belay__heap heap;
static unsigned random_state = 12345;

static unsigned random_below(unsigned n) {
  random_state = random_state * 1103515245 + 12345;
  return (random_state >> 16) % n;
}

static int64_t smallest(void) {
  int64_t key = INT64_MAX;
  for (int i = 0; i < NODES; i++)
    if (nodes[i].place != 0 && nodes[i].key < key)
      key = nodes[i].key;
  return key;
}

/* Each node lies where it says, under one that is no larger. */
static void check_heap(void) {
  for (size_t i = 0; i < heap.count; i++) {
    CHECK_EQ(heap.nodes[i]->place, i + 1);
    CHECK(i == 0 || heap.nodes[(i - 1) / 2]->key <= heap.nodes[i]->key);
  }
  if (heap.count > 0)
    CHECK_EQ(belay__heap_first(&heap)->key, smallest());
}

static void toggle(struct belay__heap_node *node) {
  if (node->place != 0) {
    belay__heap_remove(&heap, node);
    CHECK_EQ(node->place, 0);
  } else {
    node->key = random_below(100);
    belay__heap_push(&heap, node);
  }
}

TEST(random_pushes_and_removals_keep_the_order) {
  CHECK_OK(belay__heap_reserve(&heap, NODES));
  for (int i = 0; i < test_scale(20000); i++) {
    toggle(&nodes[random_below(NODES)]);
    check_heap();
  }
  belay__heap_free(&heap);
}

TEST(taking_the_first_sorts) {
  CHECK_OK(belay__heap_reserve(&heap, NODES));
  for (int i = 0; i < NODES; i++)
    toggle(&nodes[i]);
  int64_t last = INT64_MIN;
  for (int i = 0; i < NODES; i++) {
    struct belay__heap_node *first = belay__heap_first(&heap);
    CHECK(first->key >= last);
    last = first->key;
    belay__heap_remove(&heap, first);
  }
  CHECK(belay__heap_first(&heap) == NULL);
  belay__heap_free(&heap);
}

TEST(removing_twice_is_once) {
  CHECK_OK(belay__heap_reserve(&heap, 2));
  belay__heap_push(&heap, &nodes[0]);
  belay__heap_push(&heap, &nodes[1]);
  belay__heap_remove(&heap, &nodes[0]);
  belay__heap_remove(&heap, &nodes[0]);
  CHECK_EQ(heap.count, 1);
  CHECK(belay__heap_first(&heap) == &nodes[1]);
  belay__heap_free(&heap);
}

TEST(room_is_made_for_what_was_asked) {
  for (size_t total = 1; total < 1000; total += 37) {
    CHECK_OK(belay__heap_reserve(&heap, total));
    CHECK(heap.capacity >= total);
  }
  belay__heap_free(&heap);
}
