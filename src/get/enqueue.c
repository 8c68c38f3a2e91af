/*
 * enqueue.c: gives every entry of a list its target, and hands them to the
 * store, a portion in each transaction.
 */
#include "enqueue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "name.h"

#define PORTION_FIRST 64
#define PORTION_MOST 1024

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

/* The output directory, as an absolute path; to be freed. */
static char *absolute(const char *dir) {
  char *here = getcwd(NULL, 0);
  char *path = here != NULL ? join(here, dir) : NULL;
  free(here);
  return path;
}

/* The directory and the path of an entry's file; false: out of memory. */
static bool make_target(const struct list_entry *entry, const char *base,
                        char **ret_dir, char **ret_target) {
  char *name =
      entry->out != NULL ? strdup(entry->out) : name_from_url(entry->url);
  *ret_dir = entry->dir != NULL ? join(base, entry->dir) : strdup(base);
  *ret_target = NULL;
  if (name != NULL && *ret_dir != NULL)
    *ret_target = join(*ret_dir, name);
  free(name);
  return *ret_target != NULL;
}

/* A download for an entry; false: out of memory. */
static bool make_item(const struct list_entry *entry, const char *base,
                      struct item *item) {
  *item =
      (struct item){.size_bytes = -1, .expected_bytes = entry->expected_bytes};
  memcpy(item->sha256, entry->sha256, sizeof(item->sha256));
  item->url = strdup(entry->url);
  item->origin = entry->origin != NULL ? strdup(entry->origin) : NULL;
  return make_target(entry, base, &item->dir, &item->target) &&
         item->url != NULL;
}

/* -- Two entries for one file -------------------------------------------------------- */

struct given {
  const struct list_entry *entry;
  char *target;
};

static int by_target(const void *a, const void *b) {
  return strcmp(((const struct given *)a)->target,
                ((const struct given *)b)->target);
}

static int clash(const struct given *a, const struct given *b,
                 char **ret_error) {
  const struct list_entry *later = a->entry > b->entry ? a->entry : b->entry;
  const struct list_entry *earlier = later == a->entry ? b->entry : a->entry;
  if (asprintf(ret_error, "%s: '%s' is the file of %s too",
               later->origin != NULL ? later->origin : later->url, a->target,
               earlier->origin != NULL ? earlier->origin : earlier->url) < 0)
    *ret_error = NULL;
  return -EINVAL;
}

/* Names that were given have to differ; those made from URLs get numbers. */
static int check_given_names(const struct list *list, const char *base,
                             char **ret_error) {
  struct given *given = calloc(list->count + 1, sizeof(*given));
  size_t count = 0;
  int error = given == NULL ? -ENOMEM : 0;
  for (size_t i = 0; i < list->count && error == 0; i++) {
    char *dir;
    if (list->entries[i].out == NULL)
      continue;
    given[count].entry = &list->entries[i];
    if (!make_target(given[count].entry, base, &dir, &given[count].target))
      error = -ENOMEM;
    free(dir);
    count++;
  }
  if (error == 0)
    qsort(given, count, sizeof(*given), by_target);
  for (size_t i = 1; i < count && error == 0; i++)
    if (strcmp(given[i - 1].target, given[i].target) == 0 &&
        strcmp(given[i - 1].entry->url, given[i].entry->url) != 0)
      error = clash(&given[i - 1], &given[i], ret_error);
  while (count > 0)
    free(given[--count].target);
  free(given);
  return error;
}

/* -- Headers ------------------------------------------------------------------------- */

static int take_headers(struct enqueue *enqueue, int64_t id,
                        const struct list_entry *entry) {
  if (entry->headers == NULL || id == 0)
    return 0;
  size_t size = (enqueue->headers_count + 1) * sizeof(*enqueue->headers);
  struct own_headers *headers = realloc(enqueue->headers, size);
  if (headers == NULL)
    return -ENOMEM;
  enqueue->headers = headers;
  headers[enqueue->headers_count++] = (struct own_headers){
      .id = id, .lines = (const char *const *)entry->headers};
  return 0;
}

static int by_id(const void *a, const void *b) {
  int64_t x = ((const struct own_headers *)a)->id;
  int64_t y = ((const struct own_headers *)b)->id;
  return (x > y) - (x < y);
}

const char *const *enqueue_headers(const struct enqueue *enqueue, int64_t id) {
  const struct own_headers key = {.id = id};
  const struct own_headers *found = NULL;
  if (enqueue->headers_count > 0)
    found = bsearch(&key, enqueue->headers, enqueue->headers_count, sizeof(key),
                    by_id);
  return found != NULL ? found->lines : NULL;
}

/* -- Into the store ------------------------------------------------------------------- */

static int refuse(struct enqueue *enqueue, struct item *item,
                  const char *problem) {
  size_t size = (enqueue->refused_count + 1) * sizeof(*enqueue->refused);
  struct refused *refused = realloc(enqueue->refused, size);
  if (refused == NULL)
    return -ENOMEM;
  enqueue->refused = refused;
  refused[enqueue->refused_count++] =
      (struct refused){.item = *item, .problem = problem};
  *item = (struct item){.id = 0};
  return 0;
}

static int add(struct enqueue *enqueue, struct item *item, bool may_rename,
               char **ret_error) {
  enum store_added added;
  int error = store_add(enqueue->store, item, may_rename, &added, ret_error);
  if (error < 0)
    return error;
  switch (added) {
    case STORE_ADDED:
      enqueue->queued++;
      return 0;
    case STORE_ADDED_BEFORE:
      return 0;
    case STORE_ALREADY_COMPLETE:
      enqueue->complete++;
      return 0;
    case STORE_NOT_VERIFIED:
      enqueue->unknown++;
      return 0;
    case STORE_TARGET_EXISTS:
      return refuse(enqueue, item, "file exists; --force replaces it");
    case STORE_TARGET_TAKEN:
      return refuse(enqueue, item, "another download has this file");
    case STORE_TARGET_BUSY:
      return refuse(enqueue, item, "another process is downloading this file");
  }
  return 0;
}

static int add_entry(struct enqueue *enqueue, const struct list_entry *entry,
                     char **ret_error) {
  struct item item;
  int error = make_item(entry, enqueue->dir, &item) ? 0 : -ENOMEM;
  if (error == 0)
    error = add(enqueue, &item, entry->out == NULL, ret_error);
  if (error == 0)
    error = take_headers(enqueue, item.id, entry);
  item_clear(&item);
  return error;
}

bool enqueue_has_more(const struct enqueue *enqueue) {
  return enqueue->list != NULL && enqueue->next < enqueue->list->count;
}

int enqueue_portion(void *data, char **ret_error) {
  struct enqueue *enqueue = data;
  int error = store_begin(enqueue->store, ret_error);
  for (size_t left = enqueue->portion;
       left > 0 && enqueue_has_more(enqueue) && error == 0; left--)
    error =
        add_entry(enqueue, &enqueue->list->entries[enqueue->next++], ret_error);
  if (error == 0)
    error = store_commit(enqueue->store, ret_error);
  if (enqueue->portion < PORTION_MOST)
    enqueue->portion *= 2;
  return error < 0 ? error : enqueue_has_more(enqueue);
}

/* -- The whole ------------------------------------------------------------------------ */

static bool has_headers(const struct list *list) {
  size_t i = 0;
  while (i < list->count && list->entries[i].headers == NULL)
    i++;
  return i < list->count;
}

/* Headers are looked up by id while transfers begin, so all ids have to be
 * known by then. */
int enqueue_list(struct enqueue *enqueue, struct store *store,
                 const struct list *list, const char *dir, char **ret_error) {
  *enqueue = (struct enqueue){.store = store,
                              .list = list,
                              .dir = absolute(dir),
                              .portion = PORTION_FIRST};
  int error = enqueue->dir == NULL
                  ? -ENOMEM
                  : check_given_names(list, enqueue->dir, ret_error);
  if (error < 0)
    return error;
  do
    error = enqueue_portion(enqueue, ret_error);
  while (error > 0 && has_headers(list));
  if (enqueue->headers_count > 0)
    qsort(enqueue->headers, enqueue->headers_count, sizeof(*enqueue->headers),
          by_id);
  return error < 0 ? error : 0;
}

int enqueue_unfinished(struct enqueue *enqueue, struct store *store,
                       char **ret_error) {
  *enqueue = (struct enqueue){.store = store};
  int error = store_begin(store, ret_error);
  if (error == 0)
    error = store_add_unfinished(store, &enqueue->queued, ret_error);
  return error < 0 ? error : store_commit(store, ret_error);
}

size_t enqueue_count(const struct enqueue *enqueue) {
  size_t left =
      enqueue_has_more(enqueue) ? enqueue->list->count - enqueue->next : 0;
  return enqueue->queued + enqueue->complete + enqueue->unknown +
         enqueue->refused_count + left;
}

void enqueue_clear(struct enqueue *enqueue) {
  for (size_t i = 0; i < enqueue->refused_count; i++)
    item_clear(&enqueue->refused[i].item);
  free(enqueue->refused);
  free(enqueue->headers);
  free(enqueue->dir);
}
