/* get_store_add.c: what becomes of a URL that is asked for, and which names
 * downloads get; listing and forgetting. */
#include <sys/file.h>
#include <sys/time.h>

#include "get_store_help.h"

#define HELLO_SUM \
  "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER_SUM \
  "0000000000000000000000000000000000000000000000000000000000000000"

/* Adds to a store that is opened for it, and closes it: the run is over.  Where
 * `ret_target` is not NULL it is the name that the download got. */
static enum store_added add_as(const char *url, const char *name,
                               const char *sum, bool overwrite, bool may_rename,
                               const char **ret_target) {
  struct store *store = open_store(STORE_DURABLE, overwrite);
  char *error = NULL;
  struct item item = item_for(url, name);
  strcpy(item.sha256, sum);
  CHECK_OK(store_begin(store, &error));
  enum store_added added = add_item(store, &item, may_rename);
  CHECK_OK(store_commit(store, &error));
  if (ret_target)
    *ret_target = text_of("%s", item_name(&item));
  item_clear(&item);
  store_close(store);
  return added;
}

static enum store_added add_url(const char *url, const char *name) {
  return add_as(url, name, "", false, false, NULL);
}

/* Downloads whatever is queued by adding this. */
static void download(const char *url, const char *name, const char *content) {
  struct store *store = open_store(STORE_DURABLE, false);
  CHECK_EQ(add_one(store, url, name), STORE_ADDED);
  struct fixture fixture = start(store);
  struct item item = claim_one(&fixture);
  complete(&fixture, &item, content);
  expect(&fixture, STORE_COMPLETED, item.id);
  item_clear(&item);
  store_close(store);
}

static void fail_with(const char *url, const char *name, const char *content) {
  struct store *store = open_store(STORE_DURABLE, false);
  CHECK_EQ(add_one(store, url, name), STORE_ADDED);
  struct fixture fixture = start(store);
  struct item item = claim_one(&fixture);
  struct store_part part = {.fd = -1, .size_bytes = -1};
  if (content)
    part = part_of(&item, content, "\"v\"");
  CHECK_OK(store_fail(store, item.id, &part, 1, "404 Not Found"));
  expect(&fixture, STORE_FAILED, item.id);
  item_clear(&item);
  store_close(store);
}

/* -- Complete already ------------------------------------------------------ */

TEST(a_completed_download_is_not_fetched_again) {
  download("http://h/a", "a", "hello");
  CHECK_EQ(add_url("http://h/a", "a"), STORE_ALREADY_COMPLETE);
  CHECK_EQ(state_of("http://h/a"), ITEM_COMPLETED);
}

TEST(a_completed_file_that_is_gone_is_fetched_again) {
  download("http://h/a", "a", "hello");
  CHECK(unlink(in_dir("a")) == 0);
  CHECK_EQ(add_url("http://h/a", "a"), STORE_ADDED);
  struct item row = read_row();
  CHECK_EQ(row.state, ITEM_QUEUED);
  CHECK_EQ(row.part_bytes, 0);
  CHECK_EQ(row.size_bytes, -1);
  item_clear(&row);
}

TEST(a_completed_file_of_another_size_is_somebodys) {
  download("http://h/a", "a", "hello");
  write_file(in_dir("a"), "hello, world");
  CHECK_EQ(add_url("http://h/a", "a"), STORE_TARGET_EXISTS);
  CHECK_EQ(add_as("http://h/a", "a", "", true, false, NULL), STORE_ADDED);
}

TEST(a_completed_file_with_another_time_is_somebodys) {
  download("http://h/a", "a", "hello");
  struct timeval times[2] = {{1000, 0}, {1000, 0}};
  CHECK(utimes(in_dir("a"), times) == 0);
  CHECK_EQ(add_url("http://h/a", "a"), STORE_TARGET_EXISTS);
  CHECK_EQ(add_as("http://h/a", "a", HELLO_SUM, false, false, NULL),
           STORE_ALREADY_COMPLETE);
  CHECK_EQ(add_url("http://h/a", "a"), STORE_ALREADY_COMPLETE);
}

TEST(what_we_made_gives_way_when_another_sum_is_promised) {
  download("http://h/a", "a", "old");
  CHECK_EQ(add_as("http://h/a", "a", HELLO_SUM, false, false, NULL),
           STORE_ADDED);
  struct store *store = open_store(STORE_DURABLE, false);
  char *error = NULL;
  size_t count;
  CHECK_OK(store_begin(store, &error));
  CHECK_OK(store_add_unfinished(store, &count, &error));
  CHECK_OK(store_commit(store, &error));
  CHECK_EQ(count, 1);
  struct fixture fixture = start(store);
  struct item item = claim_one(&fixture);
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  CHECK_STR(read_file(in_dir("a")), "hello");
  item_clear(&item);
  store_close(store);
}

TEST(what_was_completed_without_a_sum_is_verified_once) {
  download("http://h/a", "a", "hello");
  CHECK_EQ(add_as("http://h/a", "a", HELLO_SUM, false, false, NULL),
           STORE_ALREADY_COMPLETE);
  struct item row = read_row();
  CHECK_STR(row.sha256, HELLO_SUM);
  CHECK_EQ(row.state, ITEM_COMPLETED);
  item_clear(&row);
}

/* -- Files of others ------------------------------------------------------- */

TEST(a_file_that_is_there_is_refused) {
  write_file(in_dir("a"), "mine!");
  CHECK_EQ(add_url("http://h/a", "a"), STORE_TARGET_EXISTS);
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 0);
  CHECK_EQ(add_as("http://h/a", "a", OTHER_SUM, false, false, NULL),
           STORE_TARGET_EXISTS);
  CHECK_EQ(add_as("http://h/a", "a", "", true, false, NULL), STORE_ADDED);
  CHECK_STR(read_file(in_dir("a")), "mine!");
}

TEST(a_file_with_the_promised_sum_is_complete) {
  write_file(in_dir("a"), "hello");
  CHECK_EQ(add_as("http://h/a", "a", HELLO_SUM, false, false, NULL),
           STORE_ALREADY_COMPLETE);
  struct item row = read_row();
  CHECK_EQ(row.state, ITEM_COMPLETED);
  CHECK_EQ(row.size_bytes, 5);
  item_clear(&row);
  CHECK_EQ(add_url("http://h/a", "a"), STORE_ALREADY_COMPLETE);
}

TEST(a_link_to_nowhere_is_a_file_that_is_there) {
  CHECK(symlink("/nonexistent/x", in_dir("a")) == 0);
  CHECK_EQ(add_url("http://h/a", "a"), STORE_TARGET_EXISTS);
}

TEST(an_unfinished_download_may_have_its_file_already) {
  fail_with("http://h/a", "a", "hel");
  write_file(in_dir("a"), "whatever");
  CHECK_EQ(add_url("http://h/a", "a"), STORE_ADDED);
  CHECK_EQ(add_as("http://h/a", "a", OTHER_SUM, false, false, NULL),
           STORE_ADDED);
  write_file(in_dir("a"), "hello");
  CHECK_EQ(add_as("http://h/a", "a", HELLO_SUM, false, false, NULL),
           STORE_ALREADY_COMPLETE);
}

/* -- Names ----------------------------------------------------------------- */

TEST(a_name_belongs_to_one_url) {
  CHECK_EQ(add_url("http://h/1", "a"), STORE_ADDED);
  CHECK_EQ(add_url("http://h/2", "a"), STORE_TARGET_TAKEN);
}

TEST(other_urls_are_numbered_and_keep_their_number) {
  const char *name;
  for (int round = 0; round < 3; round++) {
    for (int i = 2; i >= 0 && round > 0; i--) {
      CHECK_EQ(
          add_as(text_of("http://h/%d", i), "x.iso", "", false, true, &name),
          STORE_ADDED);
      CHECK_STR(name, i ? text_of("x.%d.iso", i) : "x.iso");
    }
    for (int i = 0; i < 3; i++) {
      CHECK_EQ(
          add_as(text_of("http://h/%d", i), "x.iso", "", false, true, &name),
          STORE_ADDED);
      CHECK_STR(name, i ? text_of("x.%d.iso", i) : "x.iso");
    }
  }
}

TEST(a_number_is_kept_when_the_name_is_free_again) {
  const char *name;
  size_t count;
  char *error = NULL;
  add_as("http://h/0", "x", "", false, true, NULL);
  add_as("http://h/1", "x", "", false, true, NULL);
  CHECK_OK(store_forget(DB, "http://h/0", 0, &count, &error));
  CHECK_EQ(count, 1);
  CHECK_EQ(add_as("http://h/1", "x", "", false, true, &name), STORE_ADDED);
  CHECK_STR(name, "x.1");
  CHECK_EQ(add_as("http://h/2", "x", "", false, true, &name), STORE_ADDED);
  CHECK_STR(name, "x");
}

TEST(numbers_pass_over_files_and_rows) {
  const char *name;
  write_file(in_dir("x.1"), "mine!");
  add_url("http://h/o", "x.2");
  add_url("http://h/0", "x");
  CHECK_EQ(add_as("http://h/1", "x", "", true, true, &name), STORE_ADDED);
  CHECK_STR(name, "x.3");
  CHECK_EQ(add_as("http://h/2", "x", "", false, true, &name), STORE_ADDED);
  CHECK_STR(name, "x.4");
}

TEST(a_renamed_download_asked_for_by_its_new_name_is_the_same) {
  const char *name;
  add_url("http://h/0", "x");
  add_as("http://h/1", "x", "", false, true, NULL);
  CHECK_EQ(add_as("http://h/1", "x.1", "", false, true, &name), STORE_ADDED);
  CHECK_STR(name, "x.1");
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 2);
  free_rows(&rows);
}

TEST(a_failure_without_bytes_does_not_keep_its_name) {
  fail_with("http://mirror1/a", "a", NULL);
  CHECK_EQ(add_url("http://mirror2/a", "a"), STORE_ADDED);
  struct item row = read_row();
  CHECK_STR(row.url, "http://mirror2/a");
  item_clear(&row);
}

TEST(a_failure_with_bytes_keeps_its_name) {
  fail_with("http://mirror1/a", "a", "hel");
  CHECK_EQ(add_url("http://mirror2/a", "a"), STORE_TARGET_TAKEN);
}

TEST(a_completed_file_keeps_its_name_while_it_is_there) {
  download("http://mirror1/a", "a", "hello");
  CHECK_EQ(add_url("http://mirror2/a", "a"), STORE_TARGET_TAKEN);
  CHECK(unlink(in_dir("a")) == 0);
  CHECK_EQ(add_url("http://mirror2/a", "a"), STORE_ADDED);
}

TEST(twice_in_one_run_is_one_download) {
  struct store *store = open_store(STORE_DURABLE, false);
  CHECK_EQ(add_one(store, "http://h/a", "a"), STORE_ADDED);
  CHECK_EQ(add_one(store, "http://h/a", "a"), STORE_ADDED_BEFORE);
  struct fixture fixture = start(store);
  struct store_reply claimed = claim(&fixture, 5);
  CHECK_EQ(claimed.item_count, 1);
  free_items(&claimed);
  store_close(store);
}

TEST(many_urls_with_one_name_are_added_fast) {
  struct store *store = open_store(STORE_DURABLE, false);
  char *error = NULL;
  CHECK_OK(store_begin(store, &error));
  for (int i = 0; i < test_scale(5000); i++) {
    struct item item = item_for(text_of("http://h/%d", i), "download");
    CHECK_EQ(add_item(store, &item, true), STORE_ADDED);
    item_clear(&item);
  }
  CHECK_OK(store_commit(store, &error));
  store_close(store);
}

TEST(nothing_is_added_without_a_commit) {
  struct store *store = open_store(STORE_DURABLE, false);
  char *error = NULL;
  struct item item = item_for("http://h/a", "a");
  CHECK_OK(store_begin(store, &error));
  CHECK_EQ(add_item(store, &item, false), STORE_ADDED);
  store_close(store);
  item_clear(&item);
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 0);
}

/* -- Other processes ------------------------------------------------------- */

/* A process that has added, started and claimed, and lives until it is let go
 * through the gate. */
static pid_t spawn_holder(const struct test_gate *ready,
                          const struct test_gate *go) {
  pid_t pid = test_fork();
  if (pid > 0) {
    test_gate_pass(ready);
    return pid;
  }
  struct fixture fixture = start_with(STORE_DURABLE, 2);
  claim(&fixture, 1);
  test_gate_open(ready);
  test_gate_pass(go);
  _exit(0);
}

TEST(what_a_living_process_has_is_left_to_it) {
  test_dir();
  struct test_gate ready = test_gate_make(), go = test_gate_make();
  pid_t pid = spawn_holder(&ready, &go);
  size_t count;
  char *error = NULL;
  struct store *store = open_store(STORE_DURABLE, false);
  CHECK_EQ(add_one(store, "http://h/u0", "f0"), STORE_TARGET_BUSY);
  CHECK_EQ(add_one(store, "http://h/u1", "f1"), STORE_TARGET_BUSY);
  CHECK_OK(store_begin(store, &error));
  CHECK_OK(store_add_unfinished(store, &count, &error));
  CHECK_OK(store_commit(store, &error));
  CHECK_EQ(count, 0);
  for (int i = 0; i < 2; i++) {
    const char *url = i == 0 ? "http://h/u0" : "http://h/u1";
    CHECK_ERR(store_forget(DB, url, 0, &count, &error), -EBUSY);
    CHECK_STR(error, "1 being downloaded by another belay get");
    CHECK_EQ(count, 0);
    free(error);
  }
  store_close(store);

  test_gate_open(&go);
  CHECK_EQ(test_wait_exit(pid), 0);
  store = open_store(STORE_DURABLE, false);
  CHECK_EQ(add_one(store, "http://h/u0", "f0"), STORE_ADDED);
  CHECK_OK(store_begin(store, &error));
  CHECK_OK(store_add_unfinished(store, &count, &error));
  CHECK_OK(store_commit(store, &error));
  CHECK_EQ(count, 1);
  store_close(store);
  test_gate_free(&ready);
  test_gate_free(&go);
}

/* -- Listing and forgetting ------------------------------------------------ */

TEST(a_database_that_is_not_there_is_empty) {
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 0);
  size_t count = 1;
  char *error = NULL;
  CHECK_OK(store_forget(DB, "x", 0, &count, &error));
  CHECK_EQ(count, 0);
  CHECK(!is_there(DB));
  write_file(DB, "");
  rows = read_rows();
  CHECK_EQ(rows.count, 0);
}

TEST(rows_are_listed_in_order_until_told_to_stop) {
  add_url("http://h/b", "b");
  add_url("http://h/a", "a");
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 2);
  CHECK_STR(rows.items[0].url, "http://h/b");
  CHECK_STR(rows.items[1].url, "http://h/a");
  free_rows(&rows);
  CHECK_EQ(state_of("http://h/b"), ITEM_QUEUED);
}

TEST(the_store_is_read_while_it_is_written) {
  struct store *store = open_store(STORE_DURABLE, false);
  char *error = NULL;
  CHECK_EQ(add_one(store, "http://h/a", "a"), STORE_ADDED);
  CHECK_OK(store_begin(store, &error));
  struct item item = item_for("http://h/b", "b");
  CHECK_EQ(add_item(store, &item, false), STORE_ADDED);
  item_clear(&item);
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 1);
  free_rows(&rows);
  CHECK_OK(store_commit(store, &error));
  store_close(store);
}

TEST(forgetting_removes_parts_and_never_files) {
  size_t count;
  char *error = NULL;
  download("http://h/done", "done", "hello");
  fail_with("http://h/failed", "failed", "hel");
  add_url("http://h/queued", "queued");
  CHECK_OK(store_forget(DB, NULL, ITEM_COMPLETED, &count, &error));
  CHECK_EQ(count, 1);
  CHECK(is_there(in_dir("done")));
  CHECK(is_there(in_dir("failed" ITEM_PART_SUFFIX)));
  int held = open(in_dir("failed" ITEM_PART_SUFFIX), O_RDONLY | O_CLOEXEC);
  CHECK_OK(flock(held, LOCK_EX));
  CHECK_ERR(store_forget(DB, in_dir("failed"), 0, &count, &error), -EBUSY);
  free(error);
  CHECK_EQ(count, 0);
  CHECK(is_there(in_dir("failed" ITEM_PART_SUFFIX)));
  close(held);
  CHECK_OK(store_forget(DB, in_dir("failed"), 0, &count, &error));
  CHECK_EQ(count, 1);
  CHECK(!is_there(in_dir("failed" ITEM_PART_SUFFIX)));
  CHECK_OK(store_forget(DB, "nothing like it", 0, &count, &error));
  CHECK_EQ(count, 0);
  struct item row = read_row();
  CHECK_STR(row.url, "http://h/queued");
  item_clear(&row);
}
