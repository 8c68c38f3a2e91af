/*
 * db_rows.c: what is asked of the database and told to it, a statement each.
 */
#include "db_internal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

/* -- Rows ------------------------------------------------------------------ */

static char *column_copy(sqlite3_stmt *row, enum column column) {
  const char *text = (const char *)sqlite3_column_text(row, column);
  return text ? strdup(text) : NULL;
}

static int64_t column_number(sqlite3_stmt *row, enum column column,
                             int64_t if_null) {
  if (sqlite3_column_type(row, column) == SQLITE_NULL)
    return if_null;
  return sqlite3_column_int64(row, column);
}

static bool column_is(sqlite3_stmt *row, enum column column, const char *text) {
  const char *value = (const char *)sqlite3_column_text(row, column);
  return value && *text && strcmp(value, text) == 0;
}

static void copy_sum(sqlite3_stmt *row, struct item *item) {
  const char *sha256 = (const char *)sqlite3_column_text(row, SHA256);
  if (sha256 && strlen(sha256) < sizeof item->sha256)
    strcpy(item->sha256, sha256);
}

static int copy_texts(sqlite3_stmt *row, struct item *item) {
  item->url = column_copy(row, URL);
  item->target = column_copy(row, TARGET);
  item->dir = column_copy(row, DIR);
  item->origin = column_copy(row, ORIGIN);
  item->validator = column_copy(row, VALIDATOR);
  item->error = column_copy(row, ERROR);
  return item->url && item->target && item->dir ? 0 : -ENOMEM;
}

/* Makes an item of the row that a statement is at. */
static int read_item(struct db *db, enum statement which,
                     struct item *ret_item) {
  sqlite3_stmt *row = db->statements[which];
  struct item item = {
      .id = sqlite3_column_int64(row, ID),
      .size_bytes = column_number(row, SIZE, -1),
      .expected_bytes = column_number(row, EXPECTED_SIZE, -1),
      .part_bytes = sqlite3_column_int64(row, BYTES),
      .durable_bytes = sqlite3_column_int64(row, DURABLE_BYTES),
      .same_boot = column_is(row, BOOT, db->boot),
      .attempts = sqlite3_column_int(row, ATTEMPTS),
      .added_ms = sqlite3_column_int64(row, ADDED),
      .started_ms = sqlite3_column_int64(row, STARTED),
      .finished_ms = sqlite3_column_int64(row, FINISHED),
  };
  const char *state_name = (const char *)sqlite3_column_text(row, STATE);
  int state = state_name ? item_state_parse(state_name) : -EINVAL;
  if (state < 0)
    return db_refuse(db, EBADMSG, "damaged; move it away to start anew");
  item.state = (enum item_state)state;
  copy_sum(row, &item);
  if (copy_texts(row, &item) < 0) {
    item_clear(&item);
    return db_refuse(db, ENOMEM, "out of memory");
  }
  *ret_item = item;
  return 0;
}

static int read_row(struct db *db, enum statement which,
                    struct db_row *ret_row) {
  sqlite3_stmt *row = db->statements[which];
  ret_row->run = column_number(row, RUN, 0);
  ret_row->file_bytes = column_number(row, FILE_SIZE, -1);
  ret_row->file_mtime_ns = column_number(row, FILE_MTIME, -1);
  return read_item(db, which, &ret_row->item);
}

/* Ends a statement of at most one row; `r` is what its sql_query() returned. */
static int one_row(struct db *db, enum statement which, int r,
                   struct db_row *ret_row) {
  if (r == 1 && (r = read_row(db, which, ret_row)) == 0)
    r = 1;
  return sql_done(db, which, r);
}

static const char *sum_of(const struct item *item) {
  return *item->sha256 ? item->sha256 : NULL;
}

/* -- Adding ---------------------------------------------------------------- */

int db_insert(struct db *db, struct item *item, const char *asked,
              unsigned number, int64_t run) {
  int r =
      sql_execute(db, INSERT, "ttttntinti", item->url, item->target, item->dir,
                  asked, asked ? (int64_t)number : INT64_C(-1), item->origin,
                  run, item->expected_bytes, sum_of(item), db->now_ms);
  if (r < 0 || sqlite3_changes(db->sqlite) == 0)
    return r;
  item->id = sqlite3_last_insert_rowid(db->sqlite);
  return 1;
}

int db_find_target(struct db *db, const char *target, struct db_row *ret_row) {
  int r = sql_query(db, FIND_TARGET, "t", target);
  return one_row(db, FIND_TARGET, r, ret_row);
}

int db_find_renamed(struct db *db, const char *asked, const char *url,
                    struct db_row *ret_row) {
  int r = sql_query(db, FIND_RENAMED, "tt", asked, url);
  return one_row(db, FIND_RENAMED, r, ret_row);
}

int db_has_renamed(struct db *db) {
  int r = sql_query(db, HAS_RENAMED, "");
  if (r == 1)
    r = sqlite3_column_int(db->statements[HAS_RENAMED], 0);
  return sql_done(db, HAS_RENAMED, r);
}

int db_last_number(struct db *db, const char *asked, unsigned *ret_number) {
  int r = sql_query(db, LAST_NUMBER, "t", asked);
  if (r == 1)
    *ret_number =
        (unsigned)sqlite3_column_int64(db->statements[LAST_NUMBER], 0);
  return sql_done(db, LAST_NUMBER, r < 0 ? r : 0);
}

int db_requeue(struct db *db, const struct item *item, int64_t run, bool anew) {
  int r = sql_execute(db, REQUEUE, "iittnt", item->id, run, item->dir,
                      item->origin, item->expected_bytes, sum_of(item));
  if (r == 0 && anew)
    r = sql_execute(db, FORGET_PART, "i", item->id);
  return r;
}

int db_adopt(struct db *db, const struct item *item,
             const struct db_file *file) {
  return sql_execute(db, ADOPT, "iintii", item->id, file->bytes,
                     item->expected_bytes, sum_of(item), db->now_ms,
                     file->mtime_ns);
}

int db_delete(struct db *db, int64_t id) {
  return sql_execute(db, DELETE, "i", id);
}

/* What the SQL function run_lives() asks. */
struct lives_question {
  bool (*lives)(void *data, int64_t run);
  void *data;
};

static void run_lives(sqlite3_context *context, int count,
                      sqlite3_value **values) {
  (void)count;
  struct lives_question *question = sqlite3_user_data(context);
  bool lives = question->lives(question->data, sqlite3_value_int64(values[0]));
  sqlite3_result_int(context, lives);
}

int64_t db_requeue_unfinished(struct db *db, int64_t run,
                              bool (*lives)(void *data, int64_t run),
                              void *data) {
  struct lives_question question = {lives, data};
  if (sqlite3_create_function(db->sqlite, "run_lives", 1,
                              SQLITE_UTF8 | SQLITE_DIRECTONLY, &question,
                              run_lives, NULL, NULL) != SQLITE_OK)
    return sql_problem(db);
  int r = sql_execute(db, REQUEUE_UNFINISHED, "i", run);
  int64_t count = sqlite3_changes(db->sqlite);
  sqlite3_create_function(db->sqlite, "run_lives", 1, SQLITE_UTF8, NULL, NULL,
                          NULL, NULL);
  return r < 0 ? r : count;
}

/* -- A run ----------------------------------------------------------------- */

int db_run_ids(struct db *db, int64_t run, int (*each)(int64_t id, void *data),
               void *data) {
  int r = sql_query(db, RUN_IDS, "i", run);
  while (r == 1) {
    r = each(sqlite3_column_int64(db->statements[RUN_IDS], 0), data);
    if (r != 0)
      break;
    r = sql_step(db, RUN_IDS);
  }
  return sql_done(db, RUN_IDS, r);
}

int db_read(struct db *db, int64_t run, int64_t id, struct item *ret_item) {
  int r = sql_query(db, READ, "ii", id, run);
  if (r == 1 && (r = read_item(db, READ, ret_item)) == 0)
    r = 1;
  return sql_done(db, READ, r);
}

int db_mark_downloading(struct db *db, int64_t run, int64_t id) {
  return sql_execute(db, MARK_DOWNLOADING, "iii", id, run, db->now_ms);
}

int db_record_part(struct db *db, int64_t run,
                   const struct db_progress *progress) {
  bool has_boot = *db->boot && !progress->unsafe;
  return sql_execute(db, RECORD_PART, "iiniitt", progress->id, run,
                     progress->size_bytes, progress->bytes,
                     (int64_t)(progress->synced && !progress->unsafe),
                     has_boot ? db->boot : NULL, progress->validator);
}

int db_record_reset(struct db *db, int64_t run, int64_t id) {
  return sql_execute(db, RECORD_RESET, "ii", id, run);
}

int db_record_completed(struct db *db, int64_t run,
                        const struct db_progress *progress,
                        const struct db_file *file) {
  return sql_execute(db, RECORD_COMPLETED, "iiiiiiii", progress->id, run,
                     progress->bytes, (int64_t)progress->synced,
                     (int64_t)progress->attempts, db->now_ms, file->bytes,
                     file->mtime_ns);
}

int db_record_end(struct db *db, int64_t run,
                  const struct db_progress *progress, enum item_state state,
                  const char *error, bool start_over) {
  int r = 0;
  if (start_over)
    r = db_record_reset(db, run, progress->id);
  else if (progress->has_part)
    r = db_record_part(db, run, progress);
  if (r < 0)
    return r;
  int64_t finished_ms = state == ITEM_FAILED ? db->now_ms : -1;
  return sql_execute(db, RECORD_END, "iititni", progress->id, run,
                     item_state_name(state), (int64_t)progress->attempts, error,
                     finished_ms, db->now_ms);
}

int db_find_file(struct db *db, int64_t id, struct db_file *ret_file) {
  int r = sql_query(db, FIND_FILE, "i", id);
  if (r == 1) {
    ret_file->bytes = sqlite3_column_int64(db->statements[FIND_FILE], 0);
    ret_file->mtime_ns = sqlite3_column_int64(db->statements[FIND_FILE], 1);
  }
  return sql_done(db, FIND_FILE, r);
}

/* -- Reading --------------------------------------------------------------- */

int db_each(struct db *db, const char *what,
            int (*each)(const struct db_row *row, void *data), void *data) {
  int r = sql_query(db, EACH, "t", what);
  while (r == 1) {
    struct db_row row;
    r = read_row(db, EACH, &row);
    if (r < 0)
      break;
    r = each(&row, data);
    item_clear(&row.item);
    if (r != 0)
      break;
    r = sql_step(db, EACH);
  }
  return sql_done(db, EACH, r);
}
