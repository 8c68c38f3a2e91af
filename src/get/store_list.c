/*
 * Reading the store, and forgetting, without a run: other processes may be
 * downloading meanwhile, and are not disturbed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink.h"
#include "store_internal.h"

#define BUSY_MS 5000

/* A database that is not there, or has not been filled yet, is an empty one:
 * 0 and *ret_db NULL. */
static int open_existing(const char *db_path, enum db_mode mode,
                         struct db **ret_db, char **ret_error) {
  *ret_db = NULL;
  *ret_error = NULL;
  if (access(db_path, F_OK) < 0 && errno == ENOENT)
    return 0;
  struct db_options options = {
      .path = db_path,
      .mode = mode,
      .busy_ms = BUSY_MS,
  };
  boot_id(options.boot);
  int r = db_open(&options, ret_db, ret_error);
  if (r != -ENOENT)
    return r;
  free(*ret_error);
  *ret_error = NULL;
  return 0;
}

/* -- Reading --------------------------------------------------------------- */

struct listing {
  int (*each)(const struct item *item, void *data);
  void *data;
};

static int list_row(const struct db_row *row, void *data) {
  const struct listing *listing = data;
  return listing->each(&row->item, listing->data) != 0;
}

int store_list(const char *db_path, int (*each)(const struct item *, void *),
               void *data, char **ret_error) {
  struct db *db;
  int r = open_existing(db_path, DB_READ, &db, ret_error);
  if (r < 0 || !db)
    return r;
  struct listing listing = {each, data};
  r = db_each(db, NULL, list_row, &listing);
  if (r < 0)
    *ret_error = db_problem(db);
  db_close(db);
  return r < 0 ? r : 0;
}

/* -- Forgetting ------------------------------------------------------------ */

struct forgetting {
  struct db *db;
  struct lease lease;
  bool any_state;
  enum item_state state;
  size_t count, kept;
};

/* The part goes before the row: if we die between them, forgetting again does
 * the rest. */
static int forget_row(const struct db_row *row, void *data) {
  struct forgetting *forgetting = data;
  const struct item *item = &row->item;
  if (!forgetting->any_state && item->state != forgetting->state)
    return 0;
  if (lease_lives(&forgetting->lease, row->run)) {
    forgetting->kept++;
    return 0;
  }
  if (item->state != ITEM_COMPLETED && sink_remove_left_over(item) == -EBUSY) {
    forgetting->kept++; /* by a run with another database */
    return 0;
  }
  forgetting->count++;
  return db_delete(forgetting->db, item->id);
}

static int look_for_runs(struct forgetting *forgetting, const char *db_path,
                         char **ret_error) {
  char *path;
  if (asprintf(&path, "%s-lock", db_path) < 0)
    return -ENOMEM;
  int r = lease_look(&forgetting->lease, path);
  if (r < 0 &&
      asprintf(ret_error, "%s: cannot be used: %s", path, strerror(-r)) < 0)
    *ret_error = NULL;
  free(path);
  return r;
}

static int forget_rows(struct forgetting *forgetting, const char *what,
                       char **ret_error) {
  int r = db_begin(forgetting->db);
  if (r == 0)
    r = db_each(forgetting->db, what, forget_row, forgetting);
  if (r == 0)
    r = db_commit(forgetting->db);
  if (r < 0) {
    *ret_error = db_problem(forgetting->db);
    db_rollback(forgetting->db);
  }
  return r;
}

int store_forget(const char *db_path, const char *what, enum item_state state,
                 size_t *ret_count, char **ret_error) {
  struct forgetting forgetting = {
      .lease = LEASE_INIT,
      .any_state = what != NULL,
      .state = state,
  };
  *ret_count = 0;
  int r = open_existing(db_path, DB_CHANGE, &forgetting.db, ret_error);
  if (r < 0 || !forgetting.db)
    return r;
  r = look_for_runs(&forgetting, db_path, ret_error);
  if (r == 0) {
    r = forget_rows(&forgetting, what, ret_error);
    lease_drop(&forgetting.lease);
  }
  if (r == 0) {
    *ret_count = forgetting.count;
    if (forgetting.kept > 0) {
      r = -EBUSY;
      if (asprintf(ret_error, "%zu being downloaded by another belay get",
                   forgetting.kept) < 0)
        *ret_error = NULL;
    }
  }
  db_close(forgetting.db);
  return r;
}
