/*
 * enqueue.h: from what was asked for to what the store has queued.
 *
 * A short list is queued at once; of a long one the first portion is, and the
 * rest is fed to the store while the first downloads are under way.
 */
#ifndef GET_ENQUEUE_H
#define GET_ENQUEUE_H

#include <stddef.h>

#include "list.h"
#include "store.h"

/* A download that cannot even be queued. */
struct refused {
  struct item item;
  const char *problem;
};

/* Headers of one download alone. */
struct own_headers {
  int64_t id;
  const char *const *lines; /* NULL-terminated; the list's */
};

struct enqueue {
  struct store *store;
  const struct list *list;
  char *dir;
  size_t next, portion; /* of the list's entries */

  /* What came of it: while a feed is under way, its alone. */
  size_t queued;   /* to be downloaded */
  size_t complete; /* they were before */
  size_t unknown;  /* not looked at, for we are to stop */
  struct refused *refused;
  size_t refused_count;
  struct own_headers *headers; /* by id, rising */
  size_t headers_count;
};

/*
 * Begins to queue the entries of the list below `dir`; the list has to live as
 * long.  -EINVAL with *ret_error: two entries want one file; other errors are
 * the store's.  To be cleared in any case.
 */
int enqueue_list(struct enqueue *enqueue, struct store *store,
                 const struct list *list, const char *dir, char **ret_error);

/* Queues everything that is not complete. */
int enqueue_unfinished(struct enqueue *enqueue, struct store *store,
                       char **ret_error);

/* Whether there is more to be fed, by enqueue_portion(), a struct store_feed's
 * with the enqueue as its data. */
bool enqueue_has_more(const struct enqueue *enqueue);
int enqueue_portion(void *data, char **ret_error);

/* How many downloads it comes to, as far as is known. */
size_t enqueue_count(const struct enqueue *enqueue);

/* The headers of a download alone, or NULL. */
const char *const *enqueue_headers(const struct enqueue *enqueue, int64_t id);

void enqueue_clear(struct enqueue *enqueue);

#endif
