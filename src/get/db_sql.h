/*
 * db_sql.h: the tables, version 1, and the names of all statements.
 *
 * A row belongs to a run (lease.h) while it is queued or under way, and to
 * nobody otherwise.  Only a download whose wanted name was taken has
 * `asked` (the path that it wanted) and `number` (what was put in its name).
 * Times are Unix milliseconds; `file_mtime` is in nanoseconds.
 *
 * `IN` with a list would have each write of a row build a table of it anew,
 * which more than doubles its price; hence the ORs.
 *
 * Part of db.h, whose files alone include it.
 */
#ifndef GET_DB_SQL_H
#define GET_DB_SQL_H

#define SCHEMA_APPLICATION_ID 0x62656c79 /* "bely" */
#define SCHEMA_VERSION 1

#define SCHEMA_TEXT                                            \
  "CREATE TABLE download ("                                    \
  "  id INTEGER PRIMARY KEY,"                                  \
  "  url TEXT NOT NULL,"                                       \
  "  target TEXT NOT NULL UNIQUE,"                             \
  "  dir TEXT NOT NULL,"                                       \
  "  asked TEXT,"                                              \
  "  number INTEGER,"                                          \
  "  origin TEXT,"                                             \
  "  state TEXT NOT NULL CHECK (state = 'queued'"              \
  "    OR state = 'downloading' OR state = 'completed'"        \
  "    OR state = 'failed' OR state = 'interrupted'),"         \
  "  run INTEGER CHECK ((run IS NOT NULL) ="                   \
  "    (state = 'queued' OR state = 'downloading')),"          \
  "  size INTEGER,"                                            \
  "  expected_size INTEGER,"                                   \
  "  sha256 TEXT,"                                             \
  "  bytes INTEGER NOT NULL DEFAULT 0,"                        \
  "  durable_bytes INTEGER NOT NULL DEFAULT 0"                 \
  "    CHECK (durable_bytes BETWEEN 0 AND bytes),"             \
  "  boot TEXT,"                                               \
  "  validator TEXT,"                                          \
  "  attempts INTEGER NOT NULL DEFAULT 0,"                     \
  "  error TEXT,"                                              \
  "  added INTEGER NOT NULL,"                                  \
  "  started INTEGER,"                                         \
  "  finished INTEGER,"                                        \
  "  file_size INTEGER,"                                       \
  "  file_mtime INTEGER"                                       \
  ") STRICT;"                                                  \
  "CREATE UNIQUE INDEX download_asked ON download(asked, url)" \
  "  WHERE asked IS NOT NULL;"                                 \
  "CREATE INDEX download_number ON download(asked, number)"    \
  "  WHERE asked IS NOT NULL;"

enum statement {
  BEGIN,
  BEGIN_READING,
  COMMIT,
  ROLLBACK,
  INSERT,
  FIND_TARGET,
  FIND_RENAMED,
  HAS_RENAMED,
  LAST_NUMBER,
  REQUEUE,
  FORGET_PART,
  ADOPT,
  DELETE,
  REQUEUE_UNFINISHED,
  RUN_IDS,
  READ,
  MARK_DOWNLOADING,
  RECORD_PART,
  RECORD_RESET,
  RECORD_COMPLETED,
  RECORD_END,
  FIND_FILE,
  EACH,
  STATEMENTS
};

/* In order of the COLUMNS that db_sql.c reads. */
enum column {
  ID,
  URL,
  TARGET,
  DIR,
  ORIGIN,
  STATE,
  SIZE,
  EXPECTED_SIZE,
  SHA256,
  BYTES,
  DURABLE_BYTES,
  BOOT,
  VALIDATOR,
  ATTEMPTS,
  ERROR,
  ADDED,
  STARTED,
  FINISHED,
  RUN,
  FILE_SIZE,
  FILE_MTIME
};

extern const char *const statement_texts[STATEMENTS];

#endif
