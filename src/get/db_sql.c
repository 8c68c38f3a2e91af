/*
 * db_sql.c: what each statement says.
 */
#include "db_sql.h"

#define COLUMNS                                                       \
  "id, url, target, dir, origin, state, size, expected_size, sha256," \
  " bytes, durable_bytes, boot, validator, attempts, error, added,"   \
  " started, finished, run, file_size, file_mtime"

const char *const statement_texts[STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [BEGIN_READING] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [INSERT] =
        "INSERT INTO download (url, target, dir, asked, number, origin,"
        " state, run, expected_size, sha256, added)"
        " VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, ?, ?, ?)"
        " ON CONFLICT (target) DO NOTHING",
    [FIND_TARGET] = "SELECT " COLUMNS " FROM download WHERE target = ?",
    [FIND_RENAMED] = "SELECT " COLUMNS
                     " FROM download"
                     " WHERE asked IS NOT NULL AND asked = ? AND url = ?",
    [HAS_RENAMED] =
        "SELECT EXISTS"
        " (SELECT 1 FROM download WHERE asked IS NOT NULL)",
    [LAST_NUMBER] =
        "SELECT max(number) FROM download"
        " WHERE asked IS NOT NULL AND asked = ?",
    [REQUEUE] =
        "UPDATE download SET state = 'queued', run = ?2, dir = ?3,"
        " origin = ?4, expected_size = ?5, sha256 = ?6, attempts = 0,"
        " error = NULL, finished = NULL WHERE id = ?1",
    [FORGET_PART] =
        "UPDATE download SET size = NULL, bytes = 0,"
        " durable_bytes = 0, boot = NULL, validator = NULL,"
        " started = NULL WHERE id = ?",
    [ADOPT] =
        "UPDATE download SET state = 'completed', run = NULL,"
        " size = ?2, bytes = ?2, durable_bytes = 0, boot = NULL,"
        " validator = NULL, expected_size = ?3, sha256 = ?4,"
        " error = NULL, finished = ?5, file_size = ?2, file_mtime = ?6"
        " WHERE id = ?1",
    [DELETE] = "DELETE FROM download WHERE id = ?",
    [REQUEUE_UNFINISHED] =
        "UPDATE download SET state = 'queued', run = ?, attempts = 0,"
        " error = NULL, finished = NULL"
        " WHERE state <> 'completed' AND (run IS NULL OR NOT run_lives(run))",
    [RUN_IDS] = "SELECT id FROM download WHERE run = ? ORDER BY id",
    [READ] = "SELECT " COLUMNS " FROM download WHERE id = ? AND run = ?",
    [MARK_DOWNLOADING] =
        "UPDATE download SET state = 'downloading',"
        " started = coalesce(started, ?3)"
        " WHERE id = ?1 AND run = ?2",
    [RECORD_PART] =
        "UPDATE download SET size = ?3, bytes = ?4,"
        " durable_bytes = iif(?5, ?4, min(durable_bytes, ?4)),"
        " boot = ?6, validator = ?7 WHERE id = ?1 AND run = ?2",
    [RECORD_RESET] =
        "UPDATE download SET size = NULL, bytes = 0,"
        " durable_bytes = 0, boot = NULL, validator = NULL"
        " WHERE id = ?1 AND run = ?2",
    [RECORD_COMPLETED] =
        "UPDATE download SET state = 'completed', run = NULL, size = ?3,"
        " bytes = ?3, durable_bytes = iif(?4, ?3, 0), boot = NULL,"
        " validator = NULL, attempts = ?5, error = NULL,"
        " started = coalesce(started, ?6), finished = ?6,"
        " file_size = ?7, file_mtime = ?8 WHERE id = ?1 AND run = ?2",
    [RECORD_END] =
        "UPDATE download SET state = ?3, run = NULL, attempts = ?4,"
        " error = ?5, started = iif(?4 > 0, coalesce(started, ?7),"
        " started), finished = ?6 WHERE id = ?1 AND run = ?2",
    [FIND_FILE] =
        "SELECT file_size, file_mtime FROM download"
        " WHERE id = ? AND file_size IS NOT NULL",
    [EACH] = "SELECT " COLUMNS
             " FROM download"
             " WHERE ?1 IS NULL OR url = ?1 OR target = ?1 ORDER BY id",
};
