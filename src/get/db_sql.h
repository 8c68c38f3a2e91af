/*
 * sql.h: every word of SQL: the tables, version 1, and the statements.
 *
 * A row belongs to a run (lease.h) while it is queued or under way, and to
 * nobody otherwise; a run reads its rows once, in order of id, so what it has
 * left to claim is a range.  Only a download whose wanted name was taken has
 * `asked` (the path that it wanted) and `number` (what was put in its name).
 * Times are Unix milliseconds; `file_mtime` is in nanoseconds.
 *
 * Part of db.c, which alone includes it.
 */
#ifndef GET_SQL_H
#define GET_SQL_H

#define SCHEMA_APPLICATION_ID 0x62656c79 /* "bely" */
#define SCHEMA_VERSION        1

#define SCHEMA_TEXT                                                    \
  "CREATE TABLE download ("                                            \
  "  id INTEGER PRIMARY KEY,"                                          \
  "  url TEXT NOT NULL,"                                               \
  "  target TEXT NOT NULL UNIQUE,"                                     \
  "  dir TEXT NOT NULL,"                                               \
  "  asked TEXT,"                                                      \
  "  number INTEGER,"                                                  \
  "  origin TEXT,"                                                     \
  "  state TEXT NOT NULL CHECK (state IN ('queued', 'downloading',"    \
  "    'completed', 'failed', 'interrupted')),"                        \
  "  run INTEGER"                                                      \
  "    CHECK ((run IS NOT NULL) = (state IN ('queued', 'downloading')))," \
  "  size INTEGER,"                                                    \
  "  expected_size INTEGER,"                                           \
  "  sha256 TEXT,"                                                     \
  "  bytes INTEGER NOT NULL DEFAULT 0,"                                \
  "  durable_bytes INTEGER NOT NULL DEFAULT 0"                         \
  "    CHECK (durable_bytes BETWEEN 0 AND bytes),"                     \
  "  boot TEXT,"                                                       \
  "  validator TEXT,"                                                  \
  "  attempts INTEGER NOT NULL DEFAULT 0,"                             \
  "  error TEXT,"                                                      \
  "  added INTEGER NOT NULL,"                                          \
  "  started INTEGER,"                                                 \
  "  finished INTEGER,"                                                \
  "  file_size INTEGER,"                                               \
  "  file_mtime INTEGER"                                               \
  ") STRICT;"                                                          \
  "CREATE INDEX download_run ON download(run) WHERE run IS NOT NULL;"  \
  "CREATE UNIQUE INDEX download_asked ON download(asked, url)"         \
  "  WHERE asked IS NOT NULL;"                                         \
  "CREATE INDEX download_number ON download(asked, number)"            \
  "  WHERE asked IS NOT NULL;"

enum statement {
  BEGIN,
  COMMIT,
  ROLLBACK,
  INSERT,
  FIND_TARGET,
  FIND_RENAMED,
  LAST_NUMBER,
  REQUEUE,
  FORGET_PART,
  ADOPT,
  DELETE,
  REQUEUE_UNFINISHED,
  READ_QUEUED,
  MARK_DOWNLOADING,
  RECORD_PART,
  RECORD_RESET,
  RECORD_COMPLETED,
  RECORD_END,
  FIND_FILE,
  EACH,
  STATEMENTS
};

#define COLUMNS                                                       \
  "id, url, target, dir, origin, state, size, expected_size, sha256," \
  " bytes, durable_bytes, boot, validator, attempts, error, added,"   \
  " started, finished, run, file_size, file_mtime"

/* In order of COLUMNS. */
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

static const char *const statement_texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [INSERT] = "INSERT INTO download (url, target, dir, asked, number, origin,"
               " state, run, expected_size, sha256, added)"
               " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)"
               " ON CONFLICT (target) DO NOTHING",
    [FIND_TARGET] = "SELECT " COLUMNS " FROM download WHERE target = ?",
    [FIND_RENAMED] = "SELECT " COLUMNS " FROM download"
                     " WHERE asked IS NOT NULL AND asked = ? AND url = ?",
    [LAST_NUMBER] = "SELECT max(number) FROM download"
                    " WHERE asked IS NOT NULL AND asked = ?",
    [REQUEUE] = "UPDATE download SET state = 'queued', run = ?2, dir = ?3,"
                " origin = ?4, expected_size = ?5, sha256 = ?6, attempts = 0,"
                " error = NULL, finished = NULL WHERE id = ?1",
    [FORGET_PART] = "UPDATE download SET size = NULL, bytes = 0,"
                    " durable_bytes = 0, boot = NULL, validator = NULL"
                    " WHERE id = ?",
    [ADOPT] = "UPDATE download SET state = 'completed', run = NULL,"
              " size = ?2, bytes = ?2, durable_bytes = 0, boot = NULL,"
              " validator = NULL, expected_size = ?3, sha256 = ?4,"
              " error = NULL, finished = ?5, file_size = ?2, file_mtime = ?6"
              " WHERE id = ?1",
    [DELETE] = "DELETE FROM download WHERE id = ?",
    [REQUEUE_UNFINISHED] =
        "UPDATE download SET state = 'queued', run = ?, attempts = 0,"
        " error = NULL, finished = NULL"
        " WHERE state <> 'completed' AND (run IS NULL OR NOT run_lives(run))",
    [READ_QUEUED] = "SELECT " COLUMNS " FROM download"
                    " WHERE run = ? AND id > ? ORDER BY id LIMIT ?",
    [MARK_DOWNLOADING] =
        "UPDATE download SET state = 'downloading', started = ?4"
        " WHERE run = ?1 AND id BETWEEN ?2 AND ?3",
    [RECORD_PART] = "UPDATE download SET size = ?3, bytes = ?4,"
                    " durable_bytes = iif(?5, ?4, min(durable_bytes, ?4)),"
                    " boot = ?6, validator = ?7 WHERE id = ?1 AND run = ?2",
    [RECORD_RESET] = "UPDATE download SET size = NULL, bytes = 0,"
                     " durable_bytes = 0, boot = NULL, validator = NULL"
                     " WHERE id = ?1 AND run = ?2",
    [RECORD_COMPLETED] =
        "UPDATE download SET state = 'completed', run = NULL, size = ?3,"
        " bytes = ?3, durable_bytes = iif(?4, ?3, 0), boot = NULL,"
        " validator = NULL, attempts = ?5, error = NULL, finished = ?6,"
        " file_size = ?7, file_mtime = ?8 WHERE id = ?1 AND run = ?2",
    [RECORD_END] = "UPDATE download SET state = ?3, run = NULL, attempts = ?4,"
                   " error = ?5, finished = ?6 WHERE id = ?1 AND run = ?2",
    [FIND_FILE] = "SELECT file_size, file_mtime FROM download"
                  " WHERE id = ? AND file_size IS NOT NULL",
    [EACH] = "SELECT " COLUMNS " FROM download"
             " WHERE ?1 IS NULL OR url = ?1 OR target = ?1 ORDER BY id",
};

#endif
