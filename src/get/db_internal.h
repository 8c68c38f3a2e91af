/*
 * db_internal.h: what db.c and db_rows.c share.
 */
#ifndef GET_DB_INTERNAL_H
#define GET_DB_INTERNAL_H

#include <sqlite3.h>

#include "db.h"
#include "db_sql.h"

struct db {
  sqlite3 *sqlite;
  sqlite3_stmt *statements[STATEMENTS];
  enum db_mode mode;
  int64_t now_ms; /* when the transaction began */
  char boot[BOOT_ID_LENGTH + 1];
  char *path;
  char problem[256];
};

/* Keeps the words for db_problem(), and returns -error. */
__attribute__((format(printf, 3, 4))) int db_refuse(struct db *db, int error,
                                                    const char *format, ...);

/* The same with the words of SQLite's last error and its errno. */
int sql_problem(struct db *db);

/*
 * Runs a statement up to its first row: 1, or 0 if it has none; sql_done() it
 * afterwards.  The types are of its parameters: "i" an int64_t, "n" one that is
 * NULL when negative, "t" text or NULL, which has to live until it is done.
 */
int sql_query(struct db *db, enum statement which, const char *types, ...);

/* Goes to a statement's next row: 1, or 0 at the end. */
int sql_step(struct db *db, enum statement which);

/* Ends a statement; returns `r`, what came of it. */
int sql_done(struct db *db, enum statement which, int r);

/* Runs a statement that returns no rows. */
int sql_execute(struct db *db, enum statement which, const char *types, ...);

#endif
