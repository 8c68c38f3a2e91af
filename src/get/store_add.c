/*
 * What becomes of a URL that is asked for: a new row, the row that it had
 * before, or none.
 *
 * A download is known by its URL and the path that it wanted.  A name is given
 * to one URL at a time; it is free again when the file that was completed
 * under it is gone, or when the download failed before it had any bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "name.h"
#include "store_internal.h"
#include "verify.h"

/* -- What is on the disk --------------------------------------------------- */

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

/* Whether the file is what the row's download made of it. */
static bool is_as_made(const struct db_row *row) {
  struct stat status;
  return stat(row->item.target, &status) == 0 &&
         row->file_bytes == status.st_size &&
         row->file_mtime_ns == mtime_ns(&status);
}

/* Reads a file that may be the download: 1 if it has the sum, and then it is
 * synced and *ret_file is set; 0; or -ECANCELED. */
static int verify_open_file(struct store *store, int fd, const char *sha256,
                            struct db_file *ret_file) {
  struct stat status;
  char sum[VERIFY_HEX_BYTES];
  if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
    return 0;
  int r = verify_sha256(fd, &store->stop_verifying, sum);
  if (r < 0 || strcmp(sum, sha256) != 0)
    return r == -ECANCELED ? r : 0;
  if (store->durable && sync_file(fd) < 0)
    return 0;
  *ret_file = (struct db_file){status.st_size, mtime_ns(&status)};
  return 1;
}

static bool is_busy(struct store *store, const struct db_row *row) {
  return row->run != store->lease.run && lease_lives(&store->lease, row->run);
}

/* Whether the item's row, if it has one, is another process's, or gone. */
static bool was_taken(struct store *store, const struct item *item) {
  struct db_row row = {0};
  if (item->id == 0)
    return false;
  bool taken = db_find_target(store->db, item->target, &row) != 1 ||
               row.item.id != item->id || is_busy(store, &row);
  item_clear(&row.item);
  return taken;
}

/*
 * Whether the target is there and has the promised sum.  Reading may take long,
 * and other processes wait for the database: the transaction is cut in two.
 * 1, 0, -ECANCELED, -ESTALE: the row was taken meanwhile; or an error of the
 * database.
 */
static int has_promised_sum(struct store *store, const struct item *item,
                            struct db_file *ret_file) {
  if (!*item->sha256)
    return 0;
  int fd = open(item->target, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return 0;
  int r = db_commit(store->db);
  if (r < 0) {
    close(fd);
    return r;
  }
  int has_sum = verify_open_file(store, fd, item->sha256, ret_file);
  close(fd);
  if (has_sum == 1 && store->durable) {
    struct directories directories = {0};
    if (directories_add(&directories, item->target) >= 0)
      directories_sync(&directories);
    directories_clear(&directories);
  }
  r = db_begin(store->db);
  if (r == 0 && was_taken(store, item))
    r = -ESTALE;
  return r < 0 ? r : has_sum;
}

/* If the file is there and has the promised sum, that is the download done: 1
 * and *ret_added; or 0.  The same if we are not to find out. */
static int adopt(struct store *store, const struct item *item,
                 enum store_added *ret_added) {
  struct db_file file;
  int r = has_promised_sum(store, item, &file);
  if (r == -ECANCELED) {
    *ret_added = STORE_NOT_VERIFIED;
    return 1;
  }
  if (r == -ESTALE) {
    *ret_added = STORE_TARGET_BUSY;
    return 1;
  }
  if (r != 1)
    return r;
  *ret_added = STORE_ALREADY_COMPLETE;
  r = db_adopt(store->db, item, &file);
  return r < 0 ? r : 1;
}

/* -- Known downloads ------------------------------------------------------- */

/* Its file is as it was made.  Is that what is asked for now? */
static bool keeps_promises(const struct db_row *row, const struct item *item) {
  return (item->expected_bytes < 0 ||
          item->expected_bytes == row->file_bytes) &&
         (!*item->sha256 || strcmp(item->sha256, row->item.sha256) == 0);
}

static int add_completed(struct store *store, const struct db_row *row,
                         const struct item *item, enum store_added *ret) {
  bool as_made = is_as_made(row);
  if (as_made && keeps_promises(row, item)) {
    *ret = STORE_ALREADY_COMPLETE;
    return 0;
  }
  int r = adopt(store, item, ret);
  if (r != 0)
    return r < 0 ? r : 0;
  if (!as_made && !store->overwrite && exists(item->target)) {
    *ret = STORE_TARGET_EXISTS;
    return 0;
  }
  *ret = STORE_ADDED;
  return db_requeue(store->db, item, store->lease.run, true);
}

/* One that is not completed: a file under its name does not hinder it yet, for
 * an earlier run may have been ended just before recording it. */
static int add_unfinished(struct store *store, const struct item *item,
                          enum store_added *ret) {
  int r = adopt(store, item, ret);
  if (r != 0)
    return r < 0 ? r : 0;
  *ret = STORE_ADDED;
  return db_requeue(store->db, item, store->lease.run, false);
}

static int add_known(struct store *store, const struct db_row *row,
                     struct item *item, enum store_added *ret) {
  if (strcmp(item->target, row->item.target) != 0) {
    char *target = strdup(row->item.target);
    if (!target)
      return -ENOMEM;
    free(item->target);
    item->target = target;
  }
  item->id = row->item.id;
  *ret = STORE_ADDED_BEFORE;
  if (ids_has(&store->queue, item->id))
    return 0;
  if (is_busy(store, row)) {
    *ret = STORE_TARGET_BUSY;
    return 0;
  }
  if (row->item.state == ITEM_COMPLETED)
    return add_completed(store, row, item, ret);
  return add_unfinished(store, item, ret);
}

/* -- New downloads --------------------------------------------------------- */

/* Inserts it unless another row has the target: 1, with *ret_added, or 0. */
static int add_new(struct store *store, struct item *item, const char *asked,
                   unsigned number, enum store_added *ret_added) {
  int r = db_insert(store->db, item, asked, number, store->lease.run);
  if (r <= 0)
    return r;
  *ret_added = STORE_ADDED;
  if (!place_has(&store->place, item->target))
    return 1;
  r = adopt(store, item, ret_added);
  if (r < 0 || *ret_added == STORE_ALREADY_COMPLETE)
    return r;
  /* What has the number by chance is not what was to be replaced. */
  if (r == 0 && store->overwrite && !asked)
    return 1;
  if (r == 0)
    *ret_added = STORE_TARGET_EXISTS;
  r = db_delete(store->db, item->id);
  item->id = 0;
  return r < 0 ? r : 1;
}

/* Puts the number in the name of the target that was asked for. */
static int set_numbered(struct item *item, const char *asked, unsigned number) {
  const char *slash = strrchr(asked, '/');
  const char *name = slash ? slash + 1 : asked;
  char *numbered = name_numbered(name, number);
  char *target = NULL;
  if (numbered &&
      asprintf(&target, "%.*s%s", (int)(name - asked), asked, numbered) < 0)
    target = NULL;
  free(numbered);
  if (!target)
    return -ENOMEM;
  free(item->target);
  item->target = target;
  return 0;
}

/* Numbers go on from the highest that was given for the name; one that is in
 * use otherwise is passed over. */
static int add_renamed(struct store *store, struct item *item,
                       enum store_added *ret_added) {
  char *asked = strdup(item->target);
  unsigned number = 0;
  int r = asked ? db_last_number(store->db, asked, &number) : -ENOMEM;
  store->has_renamed = true;
  while (r == 0) {
    r = set_numbered(item, asked, ++number);
    if (r == 0)
      r = add_new(store, item, asked, number, ret_added);
    if (r == 1 && *ret_added == STORE_TARGET_EXISTS)
      r = 0;
  }
  free(asked);
  return r < 0 ? r : 0;
}

/* Whether the name is given to another URL for nothing: that one is over, and
 * there is neither a file nor a part of it. */
static bool is_idle(const struct db_row *row) {
  const struct item *item = &row->item;
  return (item->state == ITEM_COMPLETED && !exists(item->target)) ||
         (item->state == ITEM_FAILED && item->part_bytes == 0);
}

/* Another URL's row has the target. */
static int add_beside(struct store *store, const struct db_row *row,
                      struct item *item, bool may_rename,
                      enum store_added *ret_added) {
  if (is_idle(row)) {
    int r = db_delete(store->db, row->item.id);
    if (r == 0)
      r = add_new(store, item, NULL, 0, ret_added);
    return r < 0 ? r : 0;
  }
  if (may_rename)
    return add_renamed(store, item, ret_added);
  *ret_added = STORE_TARGET_TAKEN;
  return 0;
}

static int add(struct store *store, struct item *item, bool may_rename,
               enum store_added *ret_added) {
  struct db_row row = {0};
  int r = 0;
  if (store->has_renamed)
    r = db_find_renamed(store->db, item->target, item->url, &row);
  if (r == 0) {
    r = add_new(store, item, NULL, 0, ret_added);
    if (r != 0)
      return r < 0 ? r : 0;
    r = db_find_target(store->db, item->target, &row);
  }
  if (r == 1 && strcmp(row.item.url, item->url) == 0)
    r = add_known(store, &row, item, ret_added);
  else if (r == 1)
    r = add_beside(store, &row, item, may_rename, ret_added);
  item_clear(&row.item);
  return r;
}

/* -- The requests ---------------------------------------------------------- */

int store_begin(struct store *store, char **ret_error) {
  int r = db_begin(store->db);
  if (r == 0)
    r = db_has_renamed(store->db);
  store->has_renamed = r == 1;
  return r < 0 ? store_db_error(store, r, ret_error) : 0;
}

int store_add(struct store *store, struct item *item, bool may_rename,
              enum store_added *ret_added, char **ret_error) {
  int r = add(store, item, may_rename, ret_added);
  if (r == 0 && *ret_added == STORE_ADDED)
    r = ids_add(&store->queue, item->id);
  return r < 0 ? store_db_error(store, r, ret_error) : 0;
}

static int add_id(int64_t id, void *ids) {
  return ids_add(ids, id);
}

static bool run_lives(void *lease, int64_t run) {
  return lease_lives(lease, run);
}

int store_add_unfinished(struct store *store, size_t *ret_count,
                         char **ret_error) {
  int64_t count = db_requeue_unfinished(store->db, store->lease.run, run_lives,
                                        &store->lease);
  int r = count < 0
              ? (int)count
              : db_run_ids(store->db, store->lease.run, add_id, &store->queue);
  if (r < 0)
    return store_db_error(store, r, ret_error);
  *ret_count = (size_t)count;
  return 0;
}

int store_commit(struct store *store, char **ret_error) {
  int r = db_commit(store->db);
  return r < 0 ? store_db_error(store, r, ret_error) : 0;
}
