/* get_store_broken.c: the store when something is wrong with its database, its
 * disk, or other processes are at it too. */
#include <pthread.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "get_store_help.h"

/* The linker prefers this one: syncing a part file fails on demand. */
static _Atomic bool sync_fails;

int fdatasync(int fd) {
  char link[64], path[512] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (sync_fails && readlink(link, path, sizeof path - 1) > 0 &&
      strstr(path, ITEM_PART_SUFFIX)) {
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_fdatasync, fd);
}

static struct store *open_impatient(int busy_ms) {
  struct store_settings settings = {
      .db_path = DB,
      .durability = STORE_DURABLE,
      .busy_ms = busy_ms,
  };
  struct store *store;
  char *error = NULL;
  CHECK_OK(store_open_with(&settings, &store, &error));
  return store;
}

/* Opening must fail in this way, and leave the file as it was. */
static void check_refused(int error, const char *words) {
  struct store *store;
  char *line = NULL;
  CHECK_ERR(store_open(DB, STORE_DURABLE, false, &store, &line), error);
  CHECK_STR(line, text_of("%s: %s", DB, words));
  free(line);
  line = NULL;
  CHECK_ERR(store_list(DB, find_row, NULL, &line), error);
  free(line);
}

static sqlite3 *open_sqlite(const char *statement) {
  sqlite3 *sqlite;
  CHECK_EQ(sqlite3_open(DB, &sqlite), SQLITE_OK);
  CHECK_EQ(sqlite3_exec(sqlite, statement, NULL, NULL, NULL), SQLITE_OK);
  return sqlite;
}

/* -- Files that are no store ----------------------------------------------- */

TEST(a_file_that_is_no_database_is_refused_and_kept) {
  const char *garbage =
      "This is somebody's letter, certainly longer than the hundred bytes that "
      "a database has at its start, and it is not to be harmed.";
  write_file(DB, garbage);
  check_refused(-EBADMSG, "not a database; move it away to start anew");
  CHECK_STR(read_file(DB), garbage);
}

TEST(a_newer_schema_is_refused) {
  store_close(open_store(STORE_DURABLE, false));
  sqlite3_close(open_sqlite("PRAGMA user_version = 7"));
  check_refused(-ENOTSUP, "made by a newer belay (schema 7, this one knows 1)");
}

TEST(a_database_of_another_program_is_refused) {
  sqlite3_close(open_sqlite("CREATE TABLE theirs (x)"));
  check_refused(-EBADMSG, "a database of another program");
}

TEST(a_damaged_database_is_told) {
  store_close(open_store(STORE_DURABLE, false));
  int fd = open(DB, O_WRONLY | O_CLOEXEC);
  char garbage[4096];
  memset(garbage, 'x', sizeof garbage);
  CHECK_EQ(pwrite(fd, garbage, sizeof garbage, 4096), sizeof garbage);
  close(fd);
  struct store *store = open_store(STORE_DURABLE, false);
  char *error = NULL;
  struct item item = item_for("http://h/a", "a");
  enum store_added added;
  CHECK_OK(store_begin(store, &error));
  CHECK_ERR(store_add(store, &item, false, &added, &error), -EBADMSG);
  CHECK_STR(error, text_of("%s: damaged; move it away to start anew", DB));
  free(error);
  item_clear(&item);
  store_close(store);
}

TEST(a_path_that_cannot_be_is_told) {
  write_file(in_dir("file"), "");
  struct store *store;
  char *error = NULL;
  CHECK(store_open(in_dir("file/get.db"), STORE_DURABLE, false, &store,
                   &error) < 0);
  CHECK_STR(error, text_of("%s: cannot be used: Not a directory",
                           in_dir("file/get.db")));
  free(error);
}

TEST(directories_of_the_database_are_made_private) {
  struct store *store;
  char *error = NULL;
  struct stat status;
  CHECK_OK(
      store_open(in_dir("a/b/get.db"), STORE_DURABLE, false, &store, &error));
  store_close(store);
  CHECK(stat(in_dir("a/b"), &status) == 0);
  CHECK_EQ(status.st_mode & 0777, 0700);
  CHECK(stat(in_dir("a/b/get.db"), &status) == 0);
  CHECK_EQ(status.st_mode & 0777, 0600);
}

/* -- Locks ----------------------------------------------------------------- */

TEST(a_lock_is_waited_for_and_then_told) {
  struct store *store = open_impatient(50);
  sqlite3 *other = open_sqlite("BEGIN IMMEDIATE");
  char *error = NULL;
  CHECK_ERR(store_begin(store, &error), -EBUSY);
  CHECK_STR(error, text_of("%s: locked by another process", DB));
  free(error);
  CHECK_EQ(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  CHECK_OK(store_begin(store, &error));
  store_close(store);
}

TEST(an_exclusive_lock_is_told_when_opening) {
  store_close(open_store(STORE_DURABLE, false));
  sqlite3 *other = open_sqlite(
      "PRAGMA locking_mode = EXCLUSIVE;"
      "BEGIN EXCLUSIVE");
  struct store_settings settings = {.db_path = DB, .busy_ms = 50};
  struct store *store;
  char *error = NULL;
  CHECK_ERR(store_open_with(&settings, &store, &error), -EBUSY);
  CHECK_STR(error, text_of("%s: locked by another process", DB));
  free(error);
  sqlite3_close(other);
}

TEST(a_lock_in_the_middle_breaks_the_store) {
  struct store *store = open_impatient(50);
  CHECK_EQ(add_one(store, "http://h/u0", "f0"), STORE_ADDED);
  struct fixture fixture = start(store);
  struct item item = claim_one(&fixture);
  sqlite3 *other = open_sqlite("BEGIN IMMEDIATE");
  complete(&fixture, &item, "hello");
  CHECK_STR(expect(&fixture, STORE_BROKEN, 0),
            text_of("%s: locked by another process", DB));
  expect(&fixture, STORE_FAILED, item.id);
  store_close(store);
  sqlite3_close(other);

  /* It has its name already, and is found to be ours. */
  fixture = start_with(STORE_DURABLE, 1);
  item_clear(&item);
  item = claim_one(&fixture);
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  item_clear(&item);
  store_close(fixture.store);
}

/* -- Several processes ----------------------------------------------------- */

_Noreturn static void download_some(int who, int count) {
  struct store *store = open_store(STORE_NOT_DURABLE, false);
  char *error = NULL;
  CHECK_OK(store_begin(store, &error));
  for (int i = 0; i < count; i++) {
    struct item item =
        item_for(text_of("http://h/%d/%d", who, i), text_of("%d-%d", who, i));
    CHECK_EQ(add_item(store, &item, false), STORE_ADDED);
    item_clear(&item);
  }
  CHECK_OK(store_commit(store, &error));
  struct fixture fixture = start(store);
  for (int done = 0; done < count;) {
    struct store_reply claimed = claim(&fixture, 8);
    CHECK(claimed.item_count > 0);
    for (size_t i = 0; i < claimed.item_count; i++)
      complete(&fixture, &claimed.items[i], claimed.items[i].url);
    for (size_t i = 0; i < claimed.item_count; i++, done++)
      CHECK_EQ(next_reply(&fixture).kind, STORE_COMPLETED);
    free_items(&claimed);
  }
  store_close(store);
  _exit(0);
}

static int check_file(const struct item *item, void *data) {
  CHECK_EQ(item->state, ITEM_COMPLETED);
  CHECK_STR(read_file(item->target), item->url);
  ++*(int *)data;
  return 0;
}

TEST_SLOW(processes_share_a_database_from_its_first_moment, 60) {
  enum { PROCESSES = 6 };
  int count = test_scale(50);
  pid_t pids[PROCESSES];
  test_dir();
  for (int i = 0; i < PROCESSES; i++) {
    pids[i] = test_fork();
    if (pids[i] == 0)
      download_some(i, count);
  }
  for (int i = 0; i < PROCESSES; i++)
    CHECK_EQ(test_wait_exit(pids[i]), 0);
  int rows = 0;
  char *error = NULL;
  CHECK_OK(store_list(DB, check_file, &rows, &error));
  CHECK_EQ(rows, PROCESSES * count);
}

/* -- The disk -------------------------------------------------------------- */

TEST(a_full_disk_breaks_the_store_which_still_answers) {
  struct fixture fixture = start_with(STORE_DURABLE, 4);
  struct store_reply claimed = claim(&fixture, 3);
  const struct item *items = claimed.items;
  struct rlimit limit, none = {0, RLIM_INFINITY};
  getrlimit(RLIMIT_FSIZE, &limit);
  struct store_part parts[2] = {part_of(&items[0], "hello", "\"v\""),
                                part_of(&items[1], "hel", "\"v\"")};
  signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &none);
  CHECK_OK(store_complete(fixture.store, &items[0], &parts[0], 1));
  CHECK(expect(&fixture, STORE_BROKEN, 0));
  const char *text = expect(&fixture, STORE_FAILED, items[0].id);
  CHECK(strstr(text, "complete, but not recorded: ") == text);

  CHECK_OK(store_interrupt(fixture.store, items[1].id, &parts[1], 1));
  expect(&fixture, STORE_INTERRUPTED, items[1].id);
  CHECK_OK(store_reset(fixture.store, items[2].id));
  expect(&fixture, STORE_FAILED, items[2].id);
  struct store_reply nothing = claim(&fixture, 1);
  CHECK_EQ(nothing.item_count, 0);
  store_close(fixture.store);
  free_items(&claimed);
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, SIG_DFL);
}

TEST(a_part_that_cannot_be_synced_is_given_up) {
  struct fixture fixture = start_with(STORE_DURABLE, 1);
  struct item item = claim_one(&fixture);
  sync_fails = true;
  complete(&fixture, &item, "hello");
  CHECK_STR(expect(&fixture, STORE_FAILED, item.id),
            "cannot be synced to disk: Input/output error");
  CHECK(!has_part(&item));
  CHECK(!is_there(item.target));
  struct item row = read_row();
  CHECK_STR(row.validator, NULL);
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(what_cannot_be_synced_when_interrupted_is_not_trusted) {
  struct fixture fixture = start_with(STORE_DURABLE, 1);
  struct item item = claim_one(&fixture);
  struct store_part part = part_of(&item, "hel", "\"v\"");
  sync_fails = true;
  CHECK_OK(store_interrupt(fixture.store, item.id, &part, 1));
  expect(&fixture, STORE_INTERRUPTED, item.id);
  struct item row = read_row();
  CHECK_EQ(row.part_bytes, 3);
  CHECK_EQ(row.durable_bytes, 0);
  CHECK(!row.same_boot);
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(a_checkpoint_that_cannot_be_synced_breaks_the_store) {
  struct fixture fixture = start_with(STORE_DURABLE, 2);
  struct store_reply claimed = claim(&fixture, 2);
  struct store_part part = part_of(&claimed.items[0], "hel", "\"v\"");
  sync_fails = true;
  CHECK_OK(store_checkpoint(fixture.store, claimed.items[0].id, &part, true));
  CHECK_STR(expect(&fixture, STORE_BROKEN, 0),
            "a part file cannot be synced to disk: Input/output error");
  sync_fails = false; /* as the system says it but once */
  CHECK_OK(store_interrupt(fixture.store, claimed.items[0].id, &part, 1));
  expect(&fixture, STORE_INTERRUPTED, claimed.items[0].id);
  complete(&fixture, &claimed.items[1], "hello");
  expect(&fixture, STORE_FAILED, claimed.items[1].id);
  struct rows rows = read_rows();
  CHECK_EQ(rows.items[0].state, ITEM_INTERRUPTED);
  CHECK_EQ(rows.items[0].durable_bytes, 0);
  CHECK(!rows.items[0].same_boot);
  free_rows(&rows);
  free_items(&claimed);
  store_close(fixture.store);
}

TEST(a_complete_download_without_a_part_fails) {
  struct fixture fixture = start_with(STORE_DURABLE, 1);
  struct item item = claim_one(&fixture);
  struct store_part none = {.fd = -1, .size_bytes = -1};
  CHECK_OK(store_complete(fixture.store, &item, &none, 1));
  CHECK_STR(expect(&fixture, STORE_FAILED, item.id), "there is no part file");
  item_clear(&item);
  store_close(fixture.store);
}
