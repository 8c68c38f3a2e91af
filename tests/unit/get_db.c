/* get_db.c: the database alone: opening, who may change a row, what a part is
 * said to be, and that the queue is read by its index. */
#include <sqlite3.h>

#include "get/db.h"
#include "get/ids.h"
#include "get/db_sql.h"
#include "harness/harness.h"

static const char *db_path(void) {
  static char path[512];
  snprintf(path, sizeof path, "%s/get.db", test_dir());
  return path;
}

static int open_as(enum db_mode mode, struct db **ret_db) {
  struct db_options options = {
      .path = db_path(), .mode = mode, .busy_ms = 50, .boot = "this boot"};
  char *error = NULL;
  int r = db_open(&options, ret_db, &error);
  if (error)
    fprintf(stderr, "%s\n", error);
  free(error);
  return r;
}

static struct db *open_new(void) {
  struct db *db;
  CHECK_OK(open_as(DB_CREATE, &db));
  return db;
}

static int64_t insert(struct db *db, const char *url, const char *target,
                      int64_t run) {
  struct item item = {
      .url = strdup(url),
      .target = strdup(target),
      .dir = strdup("/d"),
      .expected_bytes = -1,
  };
  int r = db_insert(db, &item, NULL, 0, run);
  CHECK_OK(r);
  int64_t id = item.id;
  item_clear(&item);
  return r == 1 ? id : 0;
}

static struct db_row find(struct db *db, const char *target) {
  struct db_row row;
  CHECK_EQ(db_find_target(db, target, &row), 1);
  return row;
}

TEST(what_is_not_there_is_not_made_for_reading) {
  struct db *db;
  CHECK_ERR(open_as(DB_CHANGE, &db), -ENOENT);
  CHECK_ERR(open_as(DB_READ, &db), -ENOENT);
  CHECK(access(db_path(), F_OK) < 0);
  db_close(open_new());
  CHECK_OK(open_as(DB_READ, &db));
  db_close(db);
  db_close(open_new());
}

TEST(a_target_is_inserted_once) {
  struct db *db = open_new();
  CHECK_OK(db_begin(db));
  CHECK(insert(db, "u1", "/d/a", 1) > 0);
  CHECK_EQ(insert(db, "u2", "/d/a", 1), 0);
  CHECK_OK(db_commit(db));
  struct db_row row = find(db, "/d/a");
  CHECK_STR(row.item.url, "u1");
  CHECK_EQ(row.item.state, ITEM_QUEUED);
  CHECK_EQ(row.run, 1);
  CHECK_EQ(row.file_bytes, -1);
  item_clear(&row.item);
  CHECK_EQ(db_find_target(db, "/d/b", &row), 0);
  db_close(db);
}

TEST(what_is_rolled_back_was_never_there) {
  struct db *db = open_new();
  struct db_row row;
  CHECK_OK(db_begin(db));
  insert(db, "u1", "/d/a", 1);
  db_rollback(db);
  db_rollback(db);
  CHECK_EQ(db_find_target(db, "/d/a", &row), 0);
  db_close(db);
}

static int add_id(int64_t id, void *ids) {
  return ids_add(ids, id);
}

TEST(a_run_reads_its_own_rows) {
  struct db *db = open_new();
  struct item item;
  CHECK_OK(db_begin(db));
  for (int i = 0; i < 9; i++) {
    char name[16];
    snprintf(name, sizeof name, "/d/%d", i);
    insert(db, name, name, 1 + i % 2);
  }
  struct ids ids = {.list = NULL};
  CHECK_OK(db_run_ids(db, 1, add_id, &ids));
  CHECK_EQ(ids.count, 5);
  CHECK_EQ(db_read(db, 1, ids.list[3], &item), 1);
  CHECK_STR(item.target, "/d/6");
  item_clear(&item);
  CHECK_EQ(db_read(db, 2, ids.list[3], &item), 0);
  CHECK_OK(db_mark_downloading(db, 1, ids.list[3]));
  CHECK_OK(db_mark_downloading(db, 2, ids.list[4]));
  ids_clear(&ids);
  CHECK_OK(db_commit(db));
  struct db_row row = find(db, "/d/6");
  CHECK_EQ(row.item.state, ITEM_DOWNLOADING);
  item_clear(&row.item);
  row = find(db, "/d/5");
  CHECK_EQ(row.item.state, ITEM_QUEUED);
  item_clear(&row.item);
  db_close(db);
}

TEST(only_the_run_that_has_a_row_changes_it) {
  struct db *db = open_new();
  CHECK_OK(db_begin(db));
  int64_t id = insert(db, "u", "/d/a", 1);
  struct db_progress progress = {
      .id = id, .has_part = true, .bytes = 5, .size_bytes = 9};
  struct db_file file = {5, 1};
  CHECK_OK(db_record_part(db, 2, &progress));
  CHECK_OK(db_record_completed(db, 2, &progress, &file));
  CHECK_OK(db_record_end(db, 2, &progress, ITEM_FAILED, "x", false));
  CHECK_OK(db_commit(db));
  struct db_row row = find(db, "/d/a");
  CHECK_EQ(row.item.state, ITEM_QUEUED);
  CHECK_EQ(row.item.part_bytes, 0);
  CHECK_STR(row.item.error, NULL);
  item_clear(&row.item);
  db_close(db);
}

static void check_part(struct db *db, struct db_progress progress,
                       int64_t durable_bytes, bool same_boot) {
  CHECK_OK(db_begin(db));
  CHECK_OK(db_record_part(db, 1, &progress));
  CHECK_OK(db_commit(db));
  struct db_row row = find(db, "/d/a");
  CHECK_EQ(row.item.part_bytes, progress.bytes);
  CHECK_EQ(row.item.size_bytes, progress.size_bytes);
  CHECK_EQ(row.item.durable_bytes, durable_bytes);
  CHECK_EQ(row.item.same_boot, same_boot);
  CHECK_STR(row.item.validator, progress.validator);
  item_clear(&row.item);
}

TEST(what_is_durable_stays_until_the_part_is_shorter) {
  struct db *db = open_new();
  CHECK_OK(db_begin(db));
  struct db_progress progress = {
      .id = insert(db, "u", "/d/a", 1), .validator = "\"v\"", .size_bytes = -1};
  CHECK_OK(db_commit(db));
  progress.bytes = 5;
  check_part(db, progress, 0, true);
  progress.synced = true;
  check_part(db, progress, 5, true);
  progress.synced = false;
  progress.bytes = 8;
  check_part(db, progress, 5, true);
  progress.synced = progress.unsafe = true;
  check_part(db, progress, 5, false);
  progress.synced = progress.unsafe = false;
  progress.bytes = 3;
  check_part(db, progress, 3, true);
  db_close(db);
}

TEST(numbers_are_found_by_the_name_asked_for) {
  struct db *db = open_new();
  unsigned number = 99;
  CHECK_OK(db_begin(db));
  CHECK_OK(db_last_number(db, "/d/x", &number));
  CHECK_EQ(number, 0);
  struct item item = {.url = strdup("u"),
                      .target = strdup("/d/x.7"),
                      .dir = strdup("/d"),
                      .expected_bytes = -1};
  CHECK_EQ(db_insert(db, &item, "/d/x", 7, 1), 1);
  CHECK_OK(db_last_number(db, "/d/x", &number));
  CHECK_EQ(number, 7);
  struct db_row row;
  CHECK_EQ(db_find_renamed(db, "/d/x", "u", &row), 1);
  CHECK_EQ(row.item.id, item.id);
  item_clear(&row.item);
  CHECK_EQ(db_find_renamed(db, "/d/x", "other", &row), 0);
  item_clear(&item);
  db_close(db);
}

TEST(a_second_writer_waits_as_long_as_was_said) {
  struct db *a = open_new(), *b = open_new();
  CHECK_OK(db_begin(a));
  CHECK_ERR(db_begin(b), -EBUSY);
  char *problem = db_problem(b);
  CHECK(strstr(problem, "get.db: locked by another process"));
  free(problem);
  db_rollback(b);
  CHECK_OK(db_commit(a));
  CHECK_OK(db_begin(b));
  CHECK_OK(db_commit(b));
  db_close(a);
  db_close(b);
}

/* The plans of the statements that run once for each download or claim. */
static void check_plan(sqlite3 *sqlite, enum statement which,
                       const char *wanted) {
  char explain[1024], plan[1024] = "";
  sqlite3_stmt *statement;
  snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s",
           statement_texts[which]);
  CHECK_EQ(sqlite3_prepare_v2(sqlite, explain, -1, &statement, NULL),
           SQLITE_OK);
  while (sqlite3_step(statement) == SQLITE_ROW)
    strncat(plan, (const char *)sqlite3_column_text(statement, 3),
            sizeof plan - strlen(plan) - 1);
  sqlite3_finalize(statement);
  fprintf(stderr, "%s\n", plan);
  CHECK(strstr(plan, wanted));
  CHECK(!strstr(plan, "SCAN"));
  CHECK(!strstr(plan, "TEMP"));
}

TEST(nothing_frequent_scans_the_table) {
  db_close(open_new());
  sqlite3 *sqlite;
  CHECK_EQ(sqlite3_open(db_path(), &sqlite), SQLITE_OK);
  check_plan(sqlite, READ, "INTEGER PRIMARY KEY (rowid=?)");
  check_plan(sqlite, MARK_DOWNLOADING, "INTEGER PRIMARY KEY (rowid=?)");
  check_plan(sqlite, FIND_RENAMED, "download_asked (asked=? AND url=?)");
  check_plan(sqlite, LAST_NUMBER, "download_number (asked=?)");
  check_plan(sqlite, FIND_TARGET, "(target=?)");
  check_plan(sqlite, RECORD_COMPLETED, "INTEGER PRIMARY KEY (rowid=?)");
  sqlite3_close(sqlite);
}
