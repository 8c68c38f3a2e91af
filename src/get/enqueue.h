/*
 * enqueue.h: from what was asked for to what the store has queued.
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
  char **lines; /* NULL-terminated */
};

struct enqueued {
  size_t queued;   /* to be downloaded */
  size_t complete; /* they were before */
  struct refused *refused;
  size_t refused_count;
  struct own_headers *headers; /* by id, rising */
  size_t headers_count;
};

/*
 * Queues all entries of the list below `dir`, and takes their headers over.  -EINVAL with *ret_error: two
 * entries want one file; other errors are the store's.
 */
int enqueue_list(struct store *store, struct list *list, const char *dir,
                 struct enqueued *ret, char **ret_error);

/* Queues everything that is not complete. */
int enqueue_unfinished(struct store *store, struct enqueued *ret,
                       char **ret_error);

/* The headers of a download alone, or NULL. */
const char *const *enqueued_headers(const struct enqueued *enqueued,
                                    int64_t id);

void enqueued_clear(struct enqueued *enqueued);

#endif
