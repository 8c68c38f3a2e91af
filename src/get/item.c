/*
 * item.c: what is true of an item whatever happens to it: its states, their
 * legal order, and the names of its files.
 */
#include "item.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = {
    [ITEM_QUEUED] = "queued",           [ITEM_DOWNLOADING] = "downloading",
    [ITEM_COMPLETED] = "completed",     [ITEM_FAILED] = "failed",
    [ITEM_INTERRUPTED] = "interrupted",
};
#define STATES (sizeof(state_names) / sizeof(state_names[0]))

/*
 * Beside the way that all hope for: downloading -> queued, its process died;
 * completed -> queued, its file is gone or is to be another; any -> completed,
 * a file that has the promised checksum was found in its place.
 */
static const bool may_become[STATES][STATES] = {
    [ITEM_QUEUED] = {[ITEM_DOWNLOADING] = true, [ITEM_COMPLETED] = true},
    [ITEM_DOWNLOADING] = {[ITEM_COMPLETED] = true,
                          [ITEM_FAILED] = true,
                          [ITEM_INTERRUPTED] = true,
                          [ITEM_QUEUED] = true},
    [ITEM_COMPLETED] = {[ITEM_QUEUED] = true},
    [ITEM_FAILED] = {[ITEM_QUEUED] = true, [ITEM_COMPLETED] = true},
    [ITEM_INTERRUPTED] = {[ITEM_QUEUED] = true, [ITEM_COMPLETED] = true},
};

const char *item_state_name(enum item_state state) {
  return state_names[state];
}

int item_state_parse(const char *name) {
  for (size_t i = 0; i < STATES; i++)
    if (strcmp(name, state_names[i]) == 0)
      return (int)i;
  return -EINVAL;
}

bool item_state_may_become(enum item_state from, enum item_state to) {
  return may_become[from][to];
}

char *item_part_path(const struct item *item) {
  char *path;
  if (asprintf(&path, "%s%s", item->target, ITEM_PART_SUFFIX) < 0)
    return NULL;
  return path;
}

const char *item_name(const struct item *item) {
  const char *slash = strrchr(item->target, '/');
  return slash != NULL ? slash + 1 : item->target;
}

void item_clear(struct item *item) {
  free(item->url);
  free(item->target);
  free(item->dir);
  free(item->origin);
  free(item->validator);
  free(item->error);
  *item = (struct item){.size_bytes = -1, .expected_bytes = -1};
}
