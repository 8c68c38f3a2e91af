/*
 * item.c: what is true of an item whatever happens to it: the names of its
 * states and of its files.
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

const char *item_state_name(enum item_state state) {
  return state_names[state];
}

int item_state_parse(const char *name) {
  for (size_t i = 0; i < STATES; i++)
    if (strcmp(name, state_names[i]) == 0)
      return (int)i;
  return -EINVAL;
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
