/*
 * Every statement is in one table, prepared when it is first used and kept.
 * What a statement is given is described by a few letters, so that each
 * function here is little more than its arguments.
 *
 * The write lock is taken when a transaction begins, never in the middle of
 * one, so two processes wait for each other but cannot block each other.
 */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sql.h"

struct db {
  sqlite3 *sqlite;
  sqlite3_stmt *statements[STATEMENTS];
  enum db_mode mode;
  int64_t now_ms; /* when the transaction began */
  char boot[BOOT_ID_LENGTH + 1];
  char *path;
  char problem[256];
};

/* -- Errors ---------------------------------------------------------------- */

static const struct {
  int code, error;
  const char *words;
} problems[] = {
    {SQLITE_BUSY, EBUSY, "locked by another process"},
    {SQLITE_LOCKED, EBUSY, "locked by another process"},
    {SQLITE_NOTADB, EBADMSG, "not a database; move it away to start anew"},
    {SQLITE_CORRUPT, EBADMSG, "damaged; move it away to start anew"},
    {SQLITE_FULL, ENOSPC, "no space left for it"},
    {SQLITE_READONLY, EACCES, "cannot be written"},
    {SQLITE_PERM, EACCES, "cannot be used: permission denied"},
    {SQLITE_NOMEM, ENOMEM, "out of memory"},
};

__attribute__((format(printf, 3, 4))) static int problem(struct db *db,
                                                         int error,
                                                         const char *format,
                                                         ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(db->problem, sizeof db->problem, format, arguments);
  va_end(arguments);
  return -error;
}

/* Keeps the words of SQLite's last error and gives its errno. */
static int sqlite_problem(struct db *db) {
  if (!db->sqlite)
    return problem(db, ENOMEM, "out of memory");
  int code = sqlite3_errcode(db->sqlite) & 0xff;
  int system_error = sqlite3_system_errno(db->sqlite);
  for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
    if (problems[i].code == code)
      return problem(db, problems[i].error, "%s", problems[i].words);
  }
  if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && system_error)
    return problem(db, system_error, "cannot be used: %s",
                   strerror(system_error));
  return problem(db, EIO, "cannot be used: %s", sqlite3_errmsg(db->sqlite));
}

char *db_problem(const struct db *db) {
  char *line;
  if (asprintf(&line, "%s: %s", db->path, db->problem) < 0)
    return NULL;
  return line;
}

/* -- Statements ------------------------------------------------------------ */

static int bind_one(sqlite3_stmt *statement, int index, char type,
                    va_list *arguments) {
  if (type == 't') {
    const char *text = va_arg(*arguments, const char *);
    return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
  }
  int64_t number = va_arg(*arguments, int64_t);
  if (type == 'n' && number < 0)
    return sqlite3_bind_null(statement, index);
  return sqlite3_bind_int64(statement, index, number);
}

/* Prepares it, or takes it as it is, and binds its parameters: "i" an int64_t,
 * "n" one that is NULL when negative, "t" text or NULL, which has to live
 * until the statement is done. */
static int bind(struct db *db, enum statement which, const char *types,
                va_list *arguments) {
  sqlite3_stmt **statement = &db->statements[which];
  if (!*statement && sqlite3_prepare_v3(db->sqlite, statement_texts[which], -1,
                                        SQLITE_PREPARE_PERSISTENT, statement,
                                        NULL) != SQLITE_OK)
    return sqlite_problem(db);
  for (int i = 0; types[i]; i++) {
    if (bind_one(*statement, i + 1, types[i], arguments) != SQLITE_OK)
      return sqlite_problem(db);
  }
  return 0;
}

/* Ends a statement; `r` is what came of it. */
static int done(struct db *db, enum statement which, int r) {
  sqlite3_reset(db->statements[which]);
  return r;
}

/* Goes to a statement's next row: 1, or 0 at the end. */
static int step(struct db *db, enum statement which) {
  int rc = sqlite3_step(db->statements[which]);
  if (rc == SQLITE_ROW)
    return 1;
  return rc == SQLITE_DONE ? 0 : sqlite_problem(db);
}

/* Runs a statement up to its first row; done() it afterwards. */
static int query(struct db *db, enum statement which, const char *types, ...) {
  va_list arguments;
  va_start(arguments, types);
  int r = bind(db, which, types, &arguments);
  va_end(arguments);
  return r < 0 ? r : step(db, which);
}

/* Runs a statement that returns no rows. */
static int execute(struct db *db, enum statement which, const char *types,
                   ...) {
  va_list arguments;
  va_start(arguments, types);
  int r = bind(db, which, types, &arguments);
  va_end(arguments);
  return done(db, which, r < 0 ? r : step(db, which));
}

/* -- Opening --------------------------------------------------------------- */

static int run_text(struct db *db, const char *text) {
  int rc = sqlite3_exec(db->sqlite, text, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : sqlite_problem(db);
}

static int read_number(struct db *db, const char *text, int64_t *ret_number) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db->sqlite, text, -1, &statement, NULL) != SQLITE_OK)
    return sqlite_problem(db);
  int r = 0;
  if (sqlite3_step(statement) == SQLITE_ROW)
    *ret_number = sqlite3_column_int64(statement, 0);
  else
    r = sqlite_problem(db);
  sqlite3_finalize(statement);
  return r;
}

/* 1: ours, and of our version; 0: nothing is in it yet. */
static int check_kind(struct db *db) {
  int64_t application = 0, version = 0, tables = 0;
  int r = read_number(db, "PRAGMA application_id", &application);
  if (r == 0)
    r = read_number(db, "PRAGMA user_version", &version);
  if (r == 0)
    r = read_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
  if (r < 0)
    return r;
  if (application == 0 && version == 0 && tables == 0)
    return 0;
  if (application != SCHEMA_APPLICATION_ID || version < 1)
    return problem(db, EBADMSG, "a database of another program");
  if (version > SCHEMA_VERSION)
    return problem(db, ENOTSUP,
                   "made by a newer belay (schema %d, this one knows %d)",
                   (int)version, SCHEMA_VERSION);
  return 1;
}

/* The same at one moment: another process may be making the tables. */
static int look_at_kind(struct db *db) {
  int r = run_text(db, "BEGIN");
  if (r < 0)
    return r;
  r = check_kind(db);
  db_rollback(db);
  return r;
}

/* Another process may be making the same database at this moment; this switch
 * is the one thing for which SQLite does not wait by itself. */
static int use_wal(struct db *db, int busy_ms) {
  for (int waited_ms = 0;; waited_ms += 5) {
    int r = run_text(db, "PRAGMA journal_mode = WAL");
    if (r != -EBUSY || waited_ms >= busy_ms)
      return r;
    sqlite3_sleep(5);
  }
}

static int create_tables(struct db *db, int busy_ms) {
  int r = use_wal(db, busy_ms);
  if (r == 0)
    r = db_begin(db);
  if (r < 0)
    return r;
  r = check_kind(db);
  if (r == 0)
    r = run_text(db, SCHEMA_TEXT);
  char pragmas[96];
  snprintf(pragmas, sizeof pragmas,
           "PRAGMA application_id = %d; PRAGMA user_version = %d",
           SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
  if (r == 0)
    r = run_text(db, pragmas);
  if (r >= 0)
    r = db_commit(db);
  db_rollback(db);
  return r;
}

static int prepare_database(struct db *db, int busy_ms) {
  sqlite3_busy_timeout(db->sqlite, busy_ms);
  int r = db_sync_commits(db, false);
  if (r == 0)
    r = look_at_kind(db);
  if (r != 0)
    return r < 0 ? r : 0;
  if (db->mode == DB_READ || db->mode == DB_CHANGE)
    return problem(db, ENOENT, "nothing is in it");
  return create_tables(db, busy_ms);
}

/* URLs may hold secrets: the file is its owner's alone.  One that is there
 * stays untouched: closing it would drop SQLite's locks on it. */
static void create_private(const char *path) {
  int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    close(fd);
}

static int open_sqlite(struct db *db) {
  bool may_create = db->mode >= DB_CREATE;
  if (may_create)
    create_private(db->path);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (may_create)
    flags |= SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(db->path, &db->sqlite, flags, NULL) != SQLITE_OK)
    return sqlite_problem(db);
  return 0;
}

int db_open(const struct db_options *options, struct db **ret_db,
            char **ret_error) {
  struct db *db = calloc(1, sizeof *db);
  if (!db)
    return -ENOMEM;
  db->mode = options->mode;
  memcpy(db->boot, options->boot, sizeof db->boot);
  db->path = strdup(options->path);
  int r = db->path ? open_sqlite(db) : -ENOMEM;
  if (r == 0)
    r = prepare_database(db, options->busy_ms);
  if (r < 0) {
    *ret_error = db->path ? db_problem(db) : NULL;
    db_close(db);
    return r;
  }
  *ret_db = db;
  return 0;
}

void db_close(struct db *db) {
  if (!db)
    return;
  for (int i = 0; i < STATEMENTS; i++)
    sqlite3_finalize(db->statements[i]);
  sqlite3_close(db->sqlite);
  free(db->path);
  free(db);
}

/* -- Transactions ---------------------------------------------------------- */

static int64_t unix_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int db_begin(struct db *db) {
  db->now_ms = unix_ms();
  return execute(db, BEGIN, "");
}

int db_commit(struct db *db) {
  return execute(db, COMMIT, "");
}

void db_rollback(struct db *db) {
  if (!sqlite3_get_autocommit(db->sqlite))
    execute(db, ROLLBACK, "");
}

/* Not even the other mode leaves syncing to chance when SQLite moves pages from
 * its log to the database: that alone keeps it whole. */
int db_sync_commits(struct db *db, bool always) {
  if (always || db->mode == DB_CREATE_SYNC || db->mode == DB_CHANGE)
    return run_text(db, "PRAGMA synchronous = FULL");
  return run_text(db, "PRAGMA synchronous = NORMAL");
}

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

static int copy_texts(sqlite3_stmt *row, struct item *item) {
  item->url = column_copy(row, URL);
  item->target = column_copy(row, TARGET);
  item->dir = column_copy(row, DIR);
  item->origin = column_copy(row, ORIGIN);
  item->validator = column_copy(row, VALIDATOR);
  item->error = column_copy(row, ERROR);
  const char *sha256 = (const char *)sqlite3_column_text(row, SHA256);
  if (sha256 && strlen(sha256) < sizeof item->sha256)
    strcpy(item->sha256, sha256);
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
    return problem(db, EBADMSG, "damaged; move it away to start anew");
  item.state = (enum item_state)state;
  if (copy_texts(row, &item) < 0) {
    item_clear(&item);
    return problem(db, ENOMEM, "out of memory");
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

/* Ends a statement of at most one row; `r` is what its query() returned. */
static int one_row(struct db *db, enum statement which, int r,
                   struct db_row *ret_row) {
  if (r == 1 && (r = read_row(db, which, ret_row)) == 0)
    r = 1;
  return done(db, which, r);
}

static const char *sum_of(const struct item *item) {
  return *item->sha256 ? item->sha256 : NULL;
}

/* -- Adding ---------------------------------------------------------------- */

int db_insert(struct db *db, struct item *item, const char *asked,
              unsigned number, int64_t run) {
  int r = execute(db, INSERT, "ttttntinti", item->url, item->target, item->dir,
                  asked, asked ? (int64_t)number : INT64_C(-1), item->origin,
                  run, item->expected_bytes, sum_of(item), db->now_ms);
  if (r < 0 || sqlite3_changes(db->sqlite) == 0)
    return r;
  item->id = sqlite3_last_insert_rowid(db->sqlite);
  return 1;
}

int db_find_target(struct db *db, const char *target, struct db_row *ret_row) {
  int r = query(db, FIND_TARGET, "t", target);
  return one_row(db, FIND_TARGET, r, ret_row);
}

int db_find_renamed(struct db *db, const char *asked, const char *url,
                    struct db_row *ret_row) {
  int r = query(db, FIND_RENAMED, "tt", asked, url);
  return one_row(db, FIND_RENAMED, r, ret_row);
}

int db_last_number(struct db *db, const char *asked, unsigned *ret_number) {
  int r = query(db, LAST_NUMBER, "t", asked);
  if (r == 1)
    *ret_number =
        (unsigned)sqlite3_column_int64(db->statements[LAST_NUMBER], 0);
  return done(db, LAST_NUMBER, r < 0 ? r : 0);
}

int db_requeue(struct db *db, const struct item *item, int64_t run, bool anew) {
  int r = execute(db, REQUEUE, "iittnt", item->id, run, item->dir, item->origin,
                  item->expected_bytes, sum_of(item));
  if (r == 0 && anew)
    r = execute(db, FORGET_PART, "i", item->id);
  return r;
}

int db_adopt(struct db *db, const struct item *item,
             const struct db_file *file) {
  return execute(db, ADOPT, "iintii", item->id, file->bytes,
                 item->expected_bytes, sum_of(item), db->now_ms,
                 file->mtime_ns);
}

int db_delete(struct db *db, int64_t id) {
  return execute(db, DELETE, "i", id);
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
    return sqlite_problem(db);
  int r = execute(db, REQUEUE_UNFINISHED, "i", run);
  int64_t count = sqlite3_changes(db->sqlite);
  sqlite3_create_function(db->sqlite, "run_lives", 1, SQLITE_UTF8, NULL, NULL,
                          NULL, NULL);
  return r < 0 ? r : count;
}

/* -- A run ----------------------------------------------------------------- */

int64_t db_read_queued(struct db *db, int64_t run, int64_t after, size_t max,
                       struct item *ret_items) {
  size_t count = 0;
  int r =
      max == 0 ? 0 : query(db, READ_QUEUED, "iii", run, after, (int64_t)max);
  while (r == 1 && count < max) {
    r = read_item(db, READ_QUEUED, &ret_items[count]);
    if (r == 0) {
      count++;
      r = step(db, READ_QUEUED);
    }
  }
  done(db, READ_QUEUED, 0);
  if (r >= 0)
    return (int64_t)count;
  while (count > 0)
    item_clear(&ret_items[--count]);
  return r;
}

int db_mark_downloading(struct db *db, int64_t run, int64_t first,
                        int64_t last) {
  return execute(db, MARK_DOWNLOADING, "iiii", run, first, last, db->now_ms);
}

int db_record_part(struct db *db, int64_t run,
                   const struct db_progress *progress) {
  bool has_boot = *db->boot && !progress->unsafe;
  return execute(db, RECORD_PART, "iiniitt", progress->id, run,
                 progress->size_bytes, progress->bytes,
                 (int64_t)(progress->synced && !progress->unsafe),
                 has_boot ? db->boot : NULL, progress->validator);
}

int db_record_reset(struct db *db, int64_t run, int64_t id) {
  return execute(db, RECORD_RESET, "ii", id, run);
}

int db_record_completed(struct db *db, int64_t run,
                        const struct db_progress *progress,
                        const struct db_file *file) {
  return execute(db, RECORD_COMPLETED, "iiiiiiii", progress->id, run,
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
  return execute(db, RECORD_END, "iititn", progress->id, run,
                 item_state_name(state), (int64_t)progress->attempts, error,
                 finished_ms);
}

int db_find_file(struct db *db, int64_t id, struct db_file *ret_file) {
  int r = query(db, FIND_FILE, "i", id);
  if (r == 1) {
    ret_file->bytes = sqlite3_column_int64(db->statements[FIND_FILE], 0);
    ret_file->mtime_ns = sqlite3_column_int64(db->statements[FIND_FILE], 1);
  }
  return done(db, FIND_FILE, r);
}

/* -- Reading --------------------------------------------------------------- */

int db_each(struct db *db, const char *what,
            int (*each)(const struct db_row *row, void *data), void *data) {
  int r = query(db, EACH, "t", what);
  while (r == 1) {
    struct db_row row;
    r = read_row(db, EACH, &row);
    if (r < 0)
      break;
    r = each(&row, data);
    item_clear(&row.item);
    if (r != 0)
      break;
    r = step(db, EACH);
  }
  return done(db, EACH, r);
}
