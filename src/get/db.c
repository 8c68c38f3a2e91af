/*
 * db.c: opening the database, its transactions, and running its statements.
 *
 * A statement is prepared when it is first used, and kept.  What it is given is
 * described by a few letters, so that each function of db_rows.c is little more
 * than its arguments.
 *
 * The write lock is taken when a transaction begins, never in the middle of
 * one, so two processes wait for each other but cannot block each other.
 */
#include "db_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

int db_refuse(struct db *db, int error, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(db->problem, sizeof db->problem, format, arguments);
  va_end(arguments);
  return -error;
}

int sql_problem(struct db *db) {
  if (!db->sqlite)
    return db_refuse(db, ENOMEM, "out of memory");
  int code = sqlite3_errcode(db->sqlite) & 0xff;
  int system_error = sqlite3_system_errno(db->sqlite);
  for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
    if (problems[i].code == code)
      return db_refuse(db, problems[i].error, "%s", problems[i].words);
  }
  if ((code == SQLITE_CANTOPEN || code == SQLITE_IOERR) && system_error)
    return db_refuse(db, system_error, "cannot be used: %s",
                     strerror(system_error));
  return db_refuse(db, EIO, "cannot be used: %s", sqlite3_errmsg(db->sqlite));
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

/* Prepares it, or takes it as it is, and binds its parameters. */
static int bind(struct db *db, enum statement which, const char *types,
                va_list *arguments) {
  sqlite3_stmt **statement = &db->statements[which];
  if (!*statement && sqlite3_prepare_v3(db->sqlite, statement_texts[which], -1,
                                        SQLITE_PREPARE_PERSISTENT, statement,
                                        NULL) != SQLITE_OK)
    return sql_problem(db);
  for (int i = 0; types[i]; i++) {
    if (bind_one(*statement, i + 1, types[i], arguments) != SQLITE_OK)
      return sql_problem(db);
  }
  return 0;
}

int sql_done(struct db *db, enum statement which, int r) {
  sqlite3_reset(db->statements[which]);
  return r;
}

int sql_step(struct db *db, enum statement which) {
  int rc = sqlite3_step(db->statements[which]);
  if (rc == SQLITE_ROW)
    return 1;
  return rc == SQLITE_DONE ? 0 : sql_problem(db);
}

int sql_query(struct db *db, enum statement which, const char *types, ...) {
  va_list arguments;
  va_start(arguments, types);
  int r = bind(db, which, types, &arguments);
  va_end(arguments);
  return r < 0 ? r : sql_step(db, which);
}

int sql_execute(struct db *db, enum statement which, const char *types, ...) {
  va_list arguments;
  va_start(arguments, types);
  int r = bind(db, which, types, &arguments);
  va_end(arguments);
  return sql_done(db, which, r < 0 ? r : sql_step(db, which));
}

/* -- Opening --------------------------------------------------------------- */

static int run_text(struct db *db, const char *text) {
  int rc = sqlite3_exec(db->sqlite, text, NULL, NULL, NULL);
  return rc == SQLITE_OK ? 0 : sql_problem(db);
}

static int read_number(struct db *db, const char *text, int64_t *ret_number) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db->sqlite, text, -1, &statement, NULL) != SQLITE_OK)
    return sql_problem(db);
  int r = 0;
  if (sqlite3_step(statement) == SQLITE_ROW)
    *ret_number = sqlite3_column_int64(statement, 0);
  else
    r = sql_problem(db);
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
    return db_refuse(db, EBADMSG, "a database of another program");
  if (version > SCHEMA_VERSION)
    return db_refuse(db, ENOTSUP,
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
    return db_refuse(db, ENOENT, "nothing is in it");
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
    return sql_problem(db);
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
  return sql_execute(db, BEGIN, "");
}

int db_begin_reading(struct db *db) {
  return sql_execute(db, BEGIN_READING, "");
}

int db_commit(struct db *db) {
  return sql_execute(db, COMMIT, "");
}

void db_rollback(struct db *db) {
  if (!sqlite3_get_autocommit(db->sqlite))
    sql_execute(db, ROLLBACK, "");
}

/* Not even the other mode leaves syncing to chance when SQLite moves pages from
 * its log to the database: that alone keeps it whole. */
int db_sync_commits(struct db *db, bool always) {
  if (always || db->mode == DB_CREATE_SYNC || db->mode == DB_CHANGE)
    return run_text(db, "PRAGMA synchronous = FULL");
  return run_text(db, "PRAGMA synchronous = NORMAL");
}
