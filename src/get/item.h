/*
 * item.h: one download as the store knows it, and the states it goes through.
 *
 * Items belong to the store's database; the network side works on copies.
 */
#ifndef GET_ITEM_H
#define GET_ITEM_H

#include <stdbool.h>
#include <stdint.h>

enum item_state {
  ITEM_QUEUED,
  ITEM_DOWNLOADING,
  ITEM_COMPLETED,
  ITEM_FAILED,
  ITEM_INTERRUPTED,
};

/* Ends the name of the file that data goes to, beside the target. */
#define ITEM_PART_SUFFIX ".belay-part"

struct item {
  int64_t id;   /* row of the database; 0: not in it yet */
  char *url;    /* what was asked for */
  char *target; /* absolute path of the file to be */
  char *dir;    /* the output directory that it was asked into, absolute */
  char *origin; /* "list.txt:12", where it was asked for; NULL: an argument */
  enum item_state state;
  int64_t size_bytes;     /* what the server announced; -1 unknown */
  int64_t expected_bytes; /* what the list promised; -1 nothing */
  char sha256[65];    /* what the list promised, lower-case hex; "" nothing */
  int64_t part_bytes; /* of the part file, as last recorded */
  int64_t durable_bytes; /* of them, known to be synced */
  bool same_boot;        /* recorded since this machine was started */
  char *validator;       /* strong validator of the part's content, or NULL */
  int attempts;
  char *error; /* the last one, a line without its end; or NULL */
  /* Unix time, 0 not yet; started: the first time, so its part may be there. */
  int64_t added_ms, started_ms, finished_ms;
};

/* "queued", "downloading", ...; and back, -EINVAL. */
const char *item_state_name(enum item_state state);
int item_state_parse(const char *name);

/* The part file's path, to be freed; NULL out of memory. */
char *item_part_path(const struct item *item);

/* The target's last path component, within item->target. */
const char *item_name(const struct item *item);

/* Frees what the fields point to and clears them; not the item itself. */
void item_clear(struct item *item);

#endif
