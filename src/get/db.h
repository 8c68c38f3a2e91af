/*
 * db.h: the database of downloads; the one place that knows SQL and SQLite.
 *
 * One connection, used by one thread at a time.  Rows are changed within
 * db_begin() and db_commit() alone; db_begin() takes the write lock, waiting
 * for other processes as long as was said.
 *
 * Functions return 0 or more, or a negative errno, after which db_problem()
 * has the words: -EBUSY locked, -EBADMSG not a database or damaged, -ENOTSUP
 * made by a newer belay, -ENOSPC full, -EACCES not allowed, -EIO, -ENOMEM.
 */
#ifndef GET_DB_H
#define GET_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "boot.h"
#include "item.h"

struct db;

enum db_mode {
  DB_READ,        /* an existing database, to be read only */
  DB_CHANGE,      /* an existing one */
  DB_CREATE,      /* made when it is not there; a commit stays consistent */
  DB_CREATE_SYNC, /* and a commit is on the disk when it returns */
};

struct db_options {
  const char *path;
  enum db_mode mode;
  int busy_ms;                   /* how long to wait for a lock */
  char boot[BOOT_ID_LENGTH + 1]; /* this start of the machine */
};

/* A row as store_add() judges it. */
struct db_row {
  struct item item;
  int64_t run; /* that has it queued or under way; 0 none */
  int64_t file_bytes, file_mtime_ns; /* of the file that was completed */
};

/* A file as it was when it was completed. */
struct db_file {
  int64_t bytes, mtime_ns;
};

/* What is to be recorded of a download that a run has claimed. */
struct db_progress {
  int64_t id;
  bool has_part; /* the next five are known */
  bool synced;   /* all of `bytes` is durable */
  bool unsafe;   /* what is not durable may be lost already */
  int64_t bytes, size_bytes;
  const char *validator; /* or NULL */
  int attempts;
};

/* On failure *ret_error is a line for the user, to be freed. */
int db_open(const struct db_options *options, struct db **ret_db,
            char **ret_error);
void db_close(struct db *db);

/* "PATH: what is wrong", of the last failure; to be freed, or NULL. */
char *db_problem(const struct db *db);

int db_begin(struct db *db);
/* For many reads, which are quicker together. */
int db_begin_reading(struct db *db);
int db_commit(struct db *db);
/* Gives up what was changed since db_begin(); nothing when there is none. */
void db_rollback(struct db *db);

/* Makes the next commits durable, or as the mode says. */
int db_sync_commits(struct db *db, bool always);

/* -- Adding ---------------------------------------------------------------- */

/* Queues a new download for `run`, unless its target is a row's already: 1
 * and item->id, or 0.  `asked` is the target that was wanted if it is another
 * one, then `number` is what was put in its name. */
int db_insert(struct db *db, struct item *item, const char *asked,
              unsigned number, int64_t run);

/* The row with that target; the row of that URL that wanted the target and was
 * renamed.  1 and *ret_row, whose item is the caller's to clear, or 0. */
int db_find_target(struct db *db, const char *target, struct db_row *ret_row);
int db_find_renamed(struct db *db, const char *asked, const char *url,
                    struct db_row *ret_row);

/* Whether any row was renamed: 1 or 0. */
int db_has_renamed(struct db *db);

/* The highest number that was put in the name `asked`, 0 none. */
int db_last_number(struct db *db, const char *asked, unsigned *ret_number);

/* Queues a known download again for `run`, with what the item says of its
 * origin and its expected size and sum; `anew` forgets the part. */
int db_requeue(struct db *db, const struct item *item, int64_t run, bool anew);

/* Records that the file is there and right. */
int db_adopt(struct db *db, const struct item *item,
             const struct db_file *file);

int db_delete(struct db *db, int64_t id);

/* Queues for `run` all that is not completed and that no run has for which
 * lives(data, run) is true.  Their number. */
int64_t db_requeue_unfinished(struct db *db, int64_t run,
                              bool (*lives)(void *data, int64_t run),
                              void *data);

/* -- A run ----------------------------------------------------------------- */

/* Calls each(id, data) for the rows of `run`, rising, until it returns
 * non-zero, with what it returned; 0 at the end. */
int db_run_ids(struct db *db, int64_t run, int (*each)(int64_t id, void *data),
               void *data);

/* The row if `run` has it: 1 and *ret_item, or 0. */
int db_read(struct db *db, int64_t run, int64_t id, struct item *ret_item);

/* Marks a row, if `run` still has it, as being downloaded. */
int db_mark_downloading(struct db *db, int64_t run, int64_t id);

/* Each changes the row if `run` has it: its part is as said; its part is
 * empty; it is completed; it has ended in `state`, failed or interrupted, and
 * why (or NULL).  `start_over` forgets the part. */
int db_record_part(struct db *db, int64_t run,
                   const struct db_progress *progress);
int db_record_reset(struct db *db, int64_t run, int64_t id);
int db_record_completed(struct db *db, int64_t run,
                        const struct db_progress *progress,
                        const struct db_file *file);
int db_record_end(struct db *db, int64_t run,
                  const struct db_progress *progress, enum item_state state,
                  const char *error, bool start_over);

/* The file that the row made when it was completed before: 1, or 0 none. */
int db_find_file(struct db *db, int64_t id, struct db_file *ret_file);

/* -- Reading --------------------------------------------------------------- */

/* Calls each(row, data) in order of id until it returns non-zero, with what it
 * returned; 0 at the end.  With `what` only rows of that URL or target.  The
 * row may be deleted meanwhile. */
int db_each(struct db *db, const char *what,
            int (*each)(const struct db_row *row, void *data), void *data);

#endif
