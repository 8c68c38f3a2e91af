/*
 * enqueue.c: gives every entry of a list its target, and hands all of them to
 * the store in one transaction: all are queued, or none.
 */
#include "enqueue.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "name.h"

/* -- Targets ---------------------------------------------------------------------- */

/* `path` below `base`, unless it is absolute; to be freed. */
static char *join(const char *base, const char *path) {
  char *joined;
  if (path[0] == '/')
    return strdup(path);
  if (strcmp(path, ".") == 0)
    return strdup(base);
  while (path[0] == '.' && path[1] == '/')
    path += 2;
  size_t size = strlen(base);
  bool has_slash = size > 0 && base[size - 1] == '/';
  if (asprintf(&joined, "%s%s%s", base, has_slash ? "" : "/", path) < 0)
    return NULL;
  return joined;
}

/* Where the user is, as an absolute path; to be freed. */
static char *here(void) {
  return getcwd(NULL, 0);
}

/* A download for an entry; false: out of memory. */
static bool make_item(const struct list_entry *entry, const char *dir,
                      struct item *item) {
  char *name = entry->out != NULL ? strdup(entry->out)
                                  : name_from_url(entry->url);
  *item = (struct item){.size_bytes = -1,
                        .expected_bytes = entry->expected_bytes};
  memcpy(item->sha256, entry->sha256, sizeof(item->sha256));
  item->url = strdup(entry->url);
  item->dir = entry->dir != NULL ? join(dir, entry->dir) : strdup(dir);
  item->origin = entry->origin != NULL ? strdup(entry->origin) : NULL;
  if (name != NULL && item->dir != NULL)
    item->target = join(item->dir, name);
  free(name);
  return item->url != NULL && item->target != NULL;
}

/* -- Two entries for one file -------------------------------------------------------- */

static int by_target(const void *a, const void *b) {
  return strcmp((*(struct item *const *)a)->target,
                (*(struct item *const *)b)->target);
}

/* Names that were given have to differ; those made from URLs get numbers. */
static int check_given_names(struct item *items, const struct list *list,
                             char **ret_error) {
  struct item **given = calloc(list->count + 1, sizeof(*given));
  size_t count = 0;
  int error = given == NULL ? -ENOMEM : 0;
  for (size_t i = 0; i < list->count && error == 0; i++)
    if (list->entries[i].out != NULL)
      given[count++] = &items[i];
  if (count > 0)
    qsort(given, count, sizeof(*given), by_target);
  for (size_t i = 1; i < count && error == 0; i++) {
    const struct item *a = given[i - 1], *b = given[i];
    if (strcmp(a->target, b->target) != 0 || strcmp(a->url, b->url) == 0)
      continue;
    const struct item *later = a > b ? a : b, *earlier = a > b ? b : a;
    if (asprintf(ret_error, "%s: '%s' is the file of %s too",
                 later->origin != NULL ? later->origin : later->url,
                 later->target,
                 earlier->origin != NULL ? earlier->origin : earlier->url) < 0)
      *ret_error = NULL;
    error = -EINVAL;
  }
  free(given);
  return error;
}

/* -- Into the store ------------------------------------------------------------------- */

static int refuse(struct enqueued *enqueued, struct item *item,
                  const char *problem) {
  size_t size = (enqueued->refused_count + 1) * sizeof(*enqueued->refused);
  struct refused *refused = realloc(enqueued->refused, size);
  if (refused == NULL)
    return -ENOMEM;
  enqueued->refused = refused;
  refused[enqueued->refused_count++] =
      (struct refused){.item = *item, .problem = problem};
  *item = (struct item){.id = 0};
  return 0;
}

static int add(struct store *store, struct item *item, bool may_rename,
               struct enqueued *enqueued, char **ret_error) {
  enum store_added added;
  int error = store_add(store, item, may_rename, &added, ret_error);
  if (error < 0)
    return error;
  switch (added) {
    case STORE_ADDED:
      enqueued->queued++;
      return 0;
    case STORE_ADDED_BEFORE:
      return 0;
    case STORE_ALREADY_COMPLETE:
      enqueued->complete++;
      return 0;
    case STORE_TARGET_EXISTS:
      return refuse(enqueued, item, "file exists; --force replaces it");
    case STORE_TARGET_TAKEN:
      return refuse(enqueued, item, "another download has this file");
    case STORE_TARGET_BUSY:
      return refuse(enqueued, item, "another process is downloading this file");
  }
  return 0;
}

static int add_all(struct store *store, struct item *items,
                   const struct list *list, struct enqueued *enqueued,
                   char **ret_error) {
  int error = store_begin(store, ret_error);
  for (size_t i = 0; i < list->count && error == 0; i++)
    error = add(store, &items[i], list->entries[i].out == NULL, enqueued,
                ret_error);
  return error < 0 ? error : store_commit(store, ret_error);
}

/* -- Headers ------------------------------------------------------------------------- */

static int by_id(const void *a, const void *b) {
  int64_t x = ((const struct own_headers *)a)->id;
  int64_t y = ((const struct own_headers *)b)->id;
  return (x > y) - (x < y);
}

static int take_headers(const struct item *items, struct list *list,
                        struct enqueued *enqueued) {
  enqueued->headers = calloc(list->count + 1, sizeof(*enqueued->headers));
  if (enqueued->headers == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < list->count; i++) {
    if (list->entries[i].headers == NULL || items[i].id == 0)
      continue;
    enqueued->headers[enqueued->headers_count++] = (struct own_headers){
        .id = items[i].id, .lines = list->entries[i].headers};
    list->entries[i].headers = NULL;
  }
  qsort(enqueued->headers, enqueued->headers_count, sizeof(*enqueued->headers),
        by_id);
  return 0;
}

const char *const *enqueued_headers(const struct enqueued *enqueued,
                                    int64_t id) {
  const struct own_headers key = {.id = id};
  const struct own_headers *found = NULL;
  if (enqueued->headers_count > 0)
    found = bsearch(&key, enqueued->headers, enqueued->headers_count,
                    sizeof(key), by_id);
  return found != NULL ? (const char *const *)found->lines : NULL;
}

/* -- The whole ------------------------------------------------------------------------ */

int enqueue_list(struct store *store, struct list *list, const char *dir,
                 struct enqueued *ret, char **ret_error) {
  char *base = here();
  char *absolute = base != NULL ? join(base, dir) : NULL;
  struct item *items = calloc(list->count + 1, sizeof(*items));
  int error = absolute == NULL || items == NULL ? -ENOMEM : 0;
  for (size_t i = 0; i < list->count && error == 0; i++)
    if (!make_item(&list->entries[i], absolute, &items[i]))
      error = -ENOMEM;
  if (error == 0)
    error = check_given_names(items, list, ret_error);
  if (error == 0)
    error = add_all(store, items, list, ret, ret_error);
  if (error == 0)
    error = take_headers(items, list, ret);
  for (size_t i = 0; items != NULL && i < list->count; i++)
    item_clear(&items[i]);
  free(items);
  free(absolute);
  free(base);
  return error;
}

int enqueue_unfinished(struct store *store, struct enqueued *ret,
                       char **ret_error) {
  int error = store_begin(store, ret_error);
  if (error == 0)
    error = store_add_unfinished(store, &ret->queued, ret_error);
  return error < 0 ? error : store_commit(store, ret_error);
}

void enqueued_clear(struct enqueued *enqueued) {
  for (size_t i = 0; i < enqueued->refused_count; i++)
    item_clear(&enqueued->refused[i].item);
  free(enqueued->refused);
  for (size_t i = 0; i < enqueued->headers_count; i++)
    list_free_headers(enqueued->headers[i].lines);
  free(enqueued->headers);
}
