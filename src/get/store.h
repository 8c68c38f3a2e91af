/*
 * store.h: the store, a thread of its own that keeps the state of downloads.
 *
 * The network side sends requests and gets replies through a channel that it
 * waits for in its loop; nothing is shared but messages.  What a message owns
 * (an item, an fd) goes over with it.
 *
 * Protocol for each item:
 *
 *   claim -> CLAIMED ... checkpoint* ... (reset -> RESET)* ... one of
 *     complete  -> COMPLETED or FAILED  (verified, synced, renamed, recorded)
 *                  or INTERRUPTED, after store_stop_verifying()
 *     fail      -> FAILED               (recorded)
 *     interrupt -> INTERRUPTED          (synced, recorded)
 *
 * The store works in batches: finished files are synced together, renamed,
 * their directories synced, and recorded in one transaction, then acknowledged.
 * Order on disk: data, name, record.  The validator in the database, if there
 * is one, always describes the part file's bytes: that is why starting over
 * waits for RESET before it writes.
 */
#ifndef GET_STORE_H
#define GET_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "item.h"

struct belay_channel;
struct store;

enum store_durability {
  STORE_DURABLE,     /* completed means: on the disk, after power loss too */
  STORE_NOT_DURABLE, /* no syncing: survives SIGKILL, not power loss, which
                        only the database itself survives */
};

enum store_reply_kind {
  STORE_CLAIMED,     /* items to download; none: the queue is empty */
  STORE_RESET,       /* id: the part may be written from its start */
  STORE_COMPLETED,   /* id */
  STORE_FAILED,      /* id, text: why */
  STORE_INTERRUPTED, /* id */
  STORE_FED,         /* the feed is at its end, and the receiver's again */
  STORE_BROKEN,      /* text: the store cannot go on (disk full, I/O error);
                        requests are still answered, completions and resets
                        with FAILED, claims with nothing */
};

struct store_reply {
  enum store_reply_kind kind;
  int64_t id;
  struct item *items; /* CLAIMED: an array, the receiver's to clear and free */
  size_t item_count;
  char *text; /* the receiver's to free, or NULL */
};

/* What is known of a part file; fd -1: there is none. */
struct store_part {
  int fd;                /* see each request for who closes it */
  int64_t bytes;         /* written so far */
  int64_t size_bytes;    /* announced total, -1 unknown */
  const char *validator; /* strong, or NULL; copied */
  /* Only for store_complete(): */
  bool is_unnamed; /* the file has no name */
  void *memory;    /* with fd -1: all bytes of a part that is not in a
                             file yet, malloc()ed, the store's to free */
};

/* What happened to one URL that was handed to store_add(). */
enum store_added {
  STORE_ADDED,            /* will be claimed */
  STORE_ADDED_BEFORE,     /* the same one, in this run already */
  STORE_ALREADY_COMPLETE, /* the same download is complete, its file in place */
  STORE_TARGET_EXISTS,    /* a file is there that no download made; not added */
  STORE_TARGET_TAKEN,     /* another URL has this file; not added */
  STORE_TARGET_BUSY,      /* another process is downloading it; not added */
  STORE_NOT_VERIFIED,     /* a file is there, and store_stop_verifying() came
                             before it was known to be right; not added */
};

/*
 * Opens or creates the database and brings its schema up to date.  On failure
 * a negative errno, with *ret_error set to a line for the user, to be freed:
 * locked by another process, corrupt, made by a newer belay, unwritable.
 */
int store_open(const char *db_path, enum store_durability durability,
               bool overwrite, struct store **ret_store, char **ret_error);

/*
 * Adds downloads to this run, between begin and commit in one transaction, by
 * the thread that opened the store before store_start(), or within a feed.
 * (The transaction is cut where a file has to be verified, so that other
 * processes need not wait for that.)  They are claimed in this order.
 *
 * store_add(): item->target is the path wanted.  When the same url and path are
 * known already, it is that download, with its state and part; asked for twice
 * in one run it is one (STORE_ADDED_BEFORE).  With `may_rename` a number is put
 * before the name's extension while another URL has the target ("x.iso",
 * "x.1.iso"), the same one every time.  Another URL whose download is over does
 * not keep the target when its file is gone, or when it failed before the first
 * byte.  *ret_added says what became of it; item->target is updated (owned,
 * replaced) and item->id set.
 * store_add_unfinished(): every download that is not completed (`resume`), and
 * that no other process has.
 */
int store_begin(struct store *store, char **ret_error);
int store_add(struct store *store, struct item *item, bool may_rename,
              enum store_added *ret_added, char **ret_error);
int store_add_unfinished(struct store *store, size_t *ret_count,
                         char **ret_error);
int store_commit(struct store *store, char **ret_error);

/*
 * Adds downloads while others are already under way: called by the store's
 * thread between requests, with store_begin(), store_add() and store_commit()
 * for some of them at a time.  1: there are more; 0: that was the last; or
 * what failed, with *ret_error.
 */
struct store_feed {
  int (*portion)(void *data, char **ret_error);
  void *data;
};

/* Starts the store's thread.  Replies arrive in the channel, which is the
 * store's.  What `feed`, NULL for none, points to is the store's
 * until STORE_FED, or until it is closed. */
int store_start(struct store *store, const struct store_feed *feed,
                struct belay_channel **ret_replies);

/* Requests.  They never wait for the disk.  0, or -ENOMEM, and then an fd is
 * still the caller's.  A part that is complete holds its fd until the reply:
 * whoever asks bounds how many are under way. */
int store_claim(struct store *store, size_t max_items);
/* Records size, validator and bytes while the download runs; with `sync` the
 * bytes are synced first.  The fd stays the caller's. */
int store_checkpoint(struct store *store, int64_t id,
                     const struct store_part *part, bool sync);
int store_reset(struct store *store, int64_t id);
/* These end the item; the fd becomes the store's to close. */
int store_complete(struct store *store, const struct item *item,
                   const struct store_part *part, int attempts);
int store_fail(struct store *store, int64_t id, const struct store_part *part,
               int attempts, const char *error);
int store_interrupt(struct store *store, int64_t id,
                    const struct store_part *part, int attempts);
/* Nothing more will come: write what is pending at once, do not gather. */
int store_hurry(struct store *store);

/* The same, and gives up verifying: parts that were handed over as complete
 * and whose sums are not known yet are INTERRUPTED. */
int store_stop_verifying(struct store *store);

/* Ends the thread after all requests, and closes the database.  NULL is
 * allowed. */
void store_close(struct store *store);

/* -- Reading, for `belay get status` --------------------------------------- */

/* Calls each(item, data) for every download, oldest first, until it returns
 * non-zero.  A database that does not exist is an empty one. */
int store_list(const char *db_path, int (*each)(const struct item *, void *),
               void *data, char **ret_error);

/* Forgets downloads: those whose URL or target is `what`; or with NULL those in
 * `state`.  Part files are removed, completed files never.  -EBUSY: some were
 * kept, since another process is downloading them; *ret_count others not. */
int store_forget(const char *db_path, const char *what, enum item_state state,
                 size_t *ret_count, char **ret_error);

#endif
