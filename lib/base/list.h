/*
 * list.h: a doubly linked list whose links live in its members.
 *
 * A link that is in no list points to itself, so that taking it out twice is
 * harmless and asking is cheap.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct belay__list {
  struct belay__list *prev, *next;
};

/* The structure that holds `link` as its `member`. */
#define BELAY__CONTAINER(link, type, member) \
  ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void belay__list_init(struct belay__list *list) {
  list->prev = list->next = list;
}

static inline bool belay__list_is_empty(const struct belay__list *list) {
  return list->next == list;
}

static inline void belay__list_append(struct belay__list *list,
                                      struct belay__list *link) {
  link->prev = list->prev;
  link->next = list;
  list->prev->next = link;
  list->prev = link;
}

static inline void belay__list_remove(struct belay__list *link) {
  link->prev->next = link->next;
  link->next->prev = link->prev;
  belay__list_init(link);
}

#endif
