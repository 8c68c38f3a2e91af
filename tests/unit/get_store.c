/* get_store.c: what the store does with downloads while nothing goes wrong with
 * the disk: claiming, completing, failing, interrupting, resuming. */
#include <dirent.h>
#include <sys/resource.h>
#include <time.h>

#include "get_store_help.h"

#define HELLO_SUM \
  "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define OTHER_SUM \
  "0000000000000000000000000000000000000000000000000000000000000000"

static int64_t now_us(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* A store that is started with one queued download, as it was claimed. */
static struct item begin_one(struct fixture *fixture,
                             enum store_durability durability) {
  *fixture = start_with(durability, 1);
  return claim_one(fixture);
}

/* -- Completing ------------------------------------------------------------ */

static void complete_one(enum store_durability durability) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, durability);
  CHECK_EQ(item.state, ITEM_DOWNLOADING);
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  CHECK_STR(read_file(in_dir("f0")), "hello");
  CHECK(!has_part(&item));
  struct item row = read_row();
  CHECK_EQ(row.state, ITEM_COMPLETED);
  CHECK_EQ(row.size_bytes, 5);
  CHECK_EQ(row.part_bytes, 5);
  CHECK_EQ(row.durable_bytes, durability == STORE_DURABLE ? 5 : 0);
  CHECK_EQ(row.attempts, 1);
  CHECK_STR(row.validator, NULL);
  CHECK(row.added_ms > 0 && row.started_ms >= row.added_ms &&
        row.finished_ms >= row.started_ms);
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(a_download_is_completed_durably) {
  complete_one(STORE_DURABLE);
}

TEST(a_download_is_completed_without_syncing) {
  complete_one(STORE_NOT_DURABLE);
}

/* What ends one download of which `sum` and `size` were promised. */
static const char *complete_promised(const char *sum, int64_t size,
                                     int64_t announced,
                                     enum store_reply_kind kind,
                                     bool keeps_part) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  strcpy(item.sha256, sum);
  item.expected_bytes = size;
  struct store_part part = part_of(&item, "hello", "\"v\"");
  part.size_bytes = announced;
  CHECK_OK(store_complete(fixture.store, &item, &part, 1));
  const char *text = expect(&fixture, kind, item.id);
  bool failed = kind == STORE_FAILED;
  CHECK_EQ(is_there(in_dir("f0")), !failed);
  CHECK_EQ(has_part(&item), keeps_part);
  struct item row = read_row();
  CHECK_EQ(row.state, failed ? ITEM_FAILED : ITEM_COMPLETED);
  CHECK_STR(row.error, text);
  if (failed) {
    CHECK_STR(row.validator, keeps_part ? "\"v\"" : NULL);
    CHECK_EQ(row.part_bytes, keeps_part ? 5 : 0);
    CHECK_EQ(row.durable_bytes, 0);
  }
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
  return text;
}

TEST(the_promised_sum_and_size_are_right) {
  complete_promised(HELLO_SUM, 5, 5, STORE_COMPLETED, false);
}

TEST(a_wrong_sum_fails_and_starts_over) {
  CHECK_STR(complete_promised(OTHER_SUM, -1, -1, STORE_FAILED, false),
            "sha256 is " HELLO_SUM ", not " OTHER_SUM);
}

TEST(a_wrong_size_fails_and_starts_over) {
  CHECK_STR(complete_promised("", 7, -1, STORE_FAILED, false),
            "size is 5 bytes, not 7");
}

TEST(a_part_shorter_than_announced_fails_and_is_kept) {
  CHECK_STR(complete_promised("", -1, 6, STORE_FAILED, true),
            "got 5 bytes, not 6 as announced");
}

TEST(a_part_longer_than_announced_fails_and_starts_over) {
  CHECK_STR(complete_promised("", -1, 4, STORE_FAILED, false),
            "got 5 bytes, not 4 as announced");
}

TEST(a_part_that_somebody_replaced_is_not_published) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  struct store_part part = part_of(&item, "hello", NULL);
  char *path = item_part_path(&item);
  CHECK(unlink(path) == 0);
  write_file(path, "HELLO");
  CHECK_OK(store_complete(fixture.store, &item, &part, 1));
  expect(&fixture, STORE_FAILED, item.id);
  CHECK(!is_there(in_dir("f0")));
  CHECK_STR(read_file(path), "HELLO");
  free(path);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(a_part_that_somebody_else_writes_to_is_not_published) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  struct store_part part = part_of(&item, "hello!", NULL);
  part.bytes = 5;
  CHECK_OK(store_complete(fixture.store, &item, &part, 1));
  CHECK_STR(expect(&fixture, STORE_FAILED, item.id),
            "the part file was changed by somebody else");
  CHECK(!is_there(in_dir("f0")) && !has_part(&item));
  item_clear(&item);
  store_close(fixture.store);
}

TEST(a_batch_publishes_many) {
  struct fixture fixture = start_with(STORE_DURABLE, 8);
  struct store_reply claimed = claim(&fixture, 8);
  for (size_t i = 0; i < 8; i++)
    complete(&fixture, &claimed.items[i], text_of("content %zu", i));
  for (size_t i = 0; i < 8; i++) {
    struct store_reply reply = next_reply(&fixture);
    CHECK_EQ(reply.kind, STORE_COMPLETED);
  }
  for (size_t i = 0; i < 8; i++)
    CHECK_STR(read_file(in_dir(text_of("f%zu", i))), text_of("content %zu", i));
  free_items(&claimed);
  store_close(fixture.store);
}

/* -- The target exists ----------------------------------------------------- */

TEST(a_file_that_appeared_meanwhile_is_not_replaced) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  write_file(in_dir("f0"), "mine!");
  complete(&fixture, &item, "hello");
  CHECK_STR(expect(&fixture, STORE_FAILED, item.id),
            "file exists; --force replaces it");
  CHECK_STR(read_file(in_dir("f0")), "mine!");
  CHECK(has_part(&item));
  item_clear(&item);
  store_close(fixture.store);
}

TEST(a_file_with_the_same_bytes_is_our_own) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  write_file(in_dir("f0"), "hello");
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  CHECK_STR(read_file(in_dir("f0")), "hello");
  CHECK(!has_part(&item));
  item_clear(&item);
  store_close(fixture.store);
}

TEST(force_replaces_a_file) {
  write_file(in_dir("f0"), "mine!");
  struct store *store = open_store(STORE_DURABLE, true);
  CHECK_EQ(add_one(store, "http://h/u0", "f0"), STORE_ADDED);
  struct fixture fixture = start(store);
  struct item item = claim_one(&fixture);
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  CHECK_STR(read_file(in_dir("f0")), "hello");
  item_clear(&item);
  store_close(store);
}

/* -- Claiming -------------------------------------------------------------- */

TEST(claims_are_in_order_and_end_with_nothing) {
  static const size_t expected[] = {4, 4, 2, 0};
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 10);
  int64_t last = 0;
  for (int round = 0; round < 4; round++) {
    struct store_reply claimed = claim(&fixture, 4);
    CHECK_EQ(claimed.item_count, expected[round]);
    CHECK_EQ(claimed.items == NULL, expected[round] == 0);
    for (size_t i = 0; i < claimed.item_count; i++) {
      CHECK(claimed.items[i].id > last);
      last = claimed.items[i].id;
    }
    free_items(&claimed);
  }
  store_close(fixture.store);
  CHECK_EQ(state_of("http://h/u9"), ITEM_DOWNLOADING);
}

TEST(a_claim_of_nothing_is_answered) {
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 1);
  struct store_reply none = claim(&fixture, 0);
  CHECK_EQ(none.item_count, 0);
  store_close(fixture.store);
}

TEST(what_was_added_comes_back_with_a_claim) {
  struct store *store = open_store(STORE_NOT_DURABLE, false);
  char *error = NULL;
  struct item item = item_for("http://h/a", "a");
  item.origin = strdup("list.txt:12");
  item.expected_bytes = 7;
  strcpy(item.sha256, HELLO_SUM);
  CHECK_OK(store_begin(store, &error));
  CHECK_EQ(add_item(store, &item, false), STORE_ADDED);
  CHECK_OK(store_commit(store, &error));
  struct fixture fixture = start(store);
  struct item claimed = claim_one(&fixture);
  CHECK_EQ(claimed.id, item.id);
  CHECK_STR(claimed.url, item.url);
  CHECK_STR(claimed.target, item.target);
  CHECK_STR(claimed.dir, item.dir);
  CHECK_STR(claimed.origin, "list.txt:12");
  CHECK_STR(claimed.sha256, HELLO_SUM);
  CHECK_EQ(claimed.expected_bytes, 7);
  CHECK_EQ(claimed.size_bytes, -1);
  CHECK_EQ(claimed.part_bytes, 0);
  CHECK(!claimed.same_boot);
  item_clear(&claimed);
  item_clear(&item);
  store_close(store);
}

/* -- Interrupting and resuming --------------------------------------------- */

/* Interrupts one download, opens the store anew and claims it again. */
static struct item interrupt_and_claim(struct fixture *fixture,
                                       enum store_durability durability) {
  struct item item = begin_one(fixture, durability);
  struct store_part part = part_of(&item, "hel", "\"v\"");
  part.size_bytes = 5;
  CHECK_OK(store_interrupt(fixture->store, item.id, &part, 3));
  CHECK_OK(store_hurry(fixture->store));
  expect(fixture, STORE_INTERRUPTED, item.id);
  item_clear(&item);
  store_close(fixture->store);
  CHECK_EQ(state_of("http://h/u0"), ITEM_INTERRUPTED);
  return begin_one(fixture, durability);
}

TEST(an_interrupted_download_goes_on_with_its_part) {
  struct fixture fixture;
  struct item item = interrupt_and_claim(&fixture, STORE_DURABLE);
  CHECK_EQ(item.part_bytes, 3);
  CHECK_EQ(item.durable_bytes, 3);
  CHECK_EQ(item.size_bytes, 5);
  CHECK(item.same_boot || !is_there("/proc/sys/kernel/random/boot_id"));
  CHECK_STR(item.validator, "\"v\"");
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(without_syncing_nothing_is_durable) {
  struct fixture fixture;
  struct item item = interrupt_and_claim(&fixture, STORE_NOT_DURABLE);
  CHECK_EQ(item.part_bytes, 3);
  CHECK_EQ(item.durable_bytes, 0);
  CHECK_STR(item.validator, "\"v\"");
  item_clear(&item);
  store_close(fixture.store);
}

TEST(what_was_not_begun_is_interrupted_as_it_was) {
  struct fixture fixture;
  struct item item = interrupt_and_claim(&fixture, STORE_DURABLE);
  struct store_part none = {.fd = -1, .bytes = 99, .size_bytes = -1};
  CHECK_OK(store_interrupt(fixture.store, item.id, &none, 0));
  expect(&fixture, STORE_INTERRUPTED, item.id);
  struct item row = read_row();
  CHECK_EQ(row.part_bytes, 3);
  CHECK_EQ(row.durable_bytes, 3);
  CHECK_STR(row.validator, "\"v\"");
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(a_thousand_are_interrupted_together) {
  int count = test_scale(1000);
  struct rlimit limit = {4096, 4096};
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
    SKIP("too few fds");
  struct fixture fixture = start_with(STORE_DURABLE, count);
  struct store_reply claimed = claim(&fixture, (size_t)count);
  CHECK_EQ(claimed.item_count, count);
  struct store_part *parts = calloc((size_t)count, sizeof *parts);
  for (int i = 0; i < count; i++)
    parts[i] = part_of(&claimed.items[i], "some bytes", "\"v\"");
  int64_t begun_us = now_us(CLOCK_MONOTONIC);
  for (int i = 0; i < count; i++)
    CHECK_OK(store_interrupt(fixture.store, claimed.items[i].id, &parts[i], 1));
  CHECK_OK(store_hurry(fixture.store));
  for (int i = 0; i < count; i++)
    CHECK_EQ(next_reply(&fixture).kind, STORE_INTERRUPTED);
  fprintf(stderr, "%d interrupted in %lld us\n", count,
          (long long)(now_us(CLOCK_MONOTONIC) - begun_us));
  free(parts);
  free_items(&claimed);
  store_close(fixture.store);
  CHECK_EQ(state_of(text_of("http://h/u%d", count - 1)), ITEM_INTERRUPTED);
}

TEST(unfinished_downloads_are_resumed) {
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 4);
  struct store_reply claimed = claim(&fixture, 3);
  struct store_part none = {.fd = -1, .size_bytes = -1};
  complete(&fixture, &claimed.items[0], "hello");
  expect(&fixture, STORE_COMPLETED, claimed.items[0].id);
  CHECK_OK(store_fail(fixture.store, claimed.items[1].id, &none, 1, "404"));
  expect(&fixture, STORE_FAILED, claimed.items[1].id);
  store_close(fixture.store); /* the third is under way, the fourth queued */
  free_items(&claimed);

  struct store *store = open_store(STORE_NOT_DURABLE, false);
  char *error = NULL;
  size_t count;
  CHECK_OK(store_begin(store, &error));
  CHECK_OK(store_add_unfinished(store, &count, &error));
  CHECK_OK(store_commit(store, &error));
  CHECK_EQ(count, 3);
  fixture = start(store);
  claimed = claim(&fixture, 10);
  CHECK_EQ(claimed.item_count, 3);
  CHECK_STR(claimed.items[0].url, "http://h/u1");
  CHECK_STR(claimed.items[2].url, "http://h/u3");
  free_items(&claimed);
  store_close(store);
}

/* -- Failing, checkpoints, starting over ----------------------------------- */

TEST(a_failure_is_recorded_with_its_part) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  struct store_part part = part_of(&item, "hel", "\"v\"");
  CHECK_OK(store_fail(fixture.store, item.id, &part, 5, "503 Unavailable"));
  CHECK_STR(expect(&fixture, STORE_FAILED, item.id), "503 Unavailable");
  struct item row = read_row();
  CHECK_EQ(row.state, ITEM_FAILED);
  CHECK_STR(row.error, "503 Unavailable");
  CHECK_STR(row.validator, "\"v\"");
  CHECK_EQ(row.part_bytes, 3);
  CHECK_EQ(row.durable_bytes, 0);
  CHECK_EQ(row.attempts, 5);
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
  CHECK_EQ(add_one(fixture.store = open_store(STORE_DURABLE, false),
                   "http://h/u0", "f0"),
           STORE_ADDED);
  store_close(fixture.store);
}

/* Waits until the row has so many durable bytes, or bytes. */
static struct item wait_for_row(int64_t bytes, int64_t durable_bytes) {
  for (;;) {
    struct item row = read_row();
    if (row.part_bytes == bytes && row.durable_bytes == durable_bytes)
      return row;
    item_clear(&row);
    sched_yield();
  }
}

TEST(a_checkpoint_is_recorded) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  struct store_part part = part_of(&item, "hel", "\"v\"");
  part.size_bytes = 5;
  CHECK_OK(store_checkpoint(fixture.store, item.id, &part, false));
  struct item row = wait_for_row(3, 0);
  CHECK_EQ(row.size_bytes, 5);
  CHECK_STR(row.validator, "\"v\"");
  item_clear(&row);
  CHECK_OK(store_checkpoint(fixture.store, item.id, &part, true));
  row = wait_for_row(3, 3);
  CHECK_EQ(row.state, ITEM_DOWNLOADING);
  item_clear(&row);
  item_clear(&item);
  close(part.fd);
  store_close(fixture.store);
}

/* Whatever checkpoints were under way: when RESET is here the row is empty, and
 * stays it. */
TEST_SLOW(after_a_reset_nothing_is_known, 60) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  struct store_part part = part_of(&item, "hel", "\"v\"");
  for (int i = 0; i < test_scale(30); i++) {
    CHECK_OK(store_checkpoint(fixture.store, item.id, &part, true));
    CHECK_OK(store_checkpoint(fixture.store, item.id, &part, i % 2));
    CHECK_OK(store_reset(fixture.store, item.id));
    expect(&fixture, STORE_RESET, item.id);
    struct item row = read_row();
    CHECK_STR(row.validator, NULL);
    CHECK_EQ(row.part_bytes, 0);
    CHECK_EQ(row.durable_bytes, 0);
    item_clear(&row);
  }
  store_close(fixture.store);
  close(part.fd);
  struct item row = read_row();
  CHECK_STR(row.validator, NULL);
  item_clear(&row);
  item_clear(&item);
}

TEST(a_reset_is_answered_without_gathering) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_NOT_DURABLE);
  int64_t best_us = INT64_MAX;
  for (int i = 0; i < 5; i++) {
    int64_t begun_us = now_us(CLOCK_MONOTONIC);
    CHECK_OK(store_reset(fixture.store, item.id));
    expect(&fixture, STORE_RESET, item.id);
    int64_t took_us = now_us(CLOCK_MONOTONIC) - begun_us;
    if (took_us < best_us)
      best_us = took_us;
  }
  fprintf(stderr, "reset in %lld us\n", (long long)best_us);
  item_clear(&item);
  store_close(fixture.store);
}

/* -- Ends ------------------------------------------------------------------ */

TEST(verifying_is_given_up) {
  struct fixture fixture;
  struct item item = begin_one(&fixture, STORE_DURABLE);
  strcpy(item.sha256, HELLO_SUM);
  CHECK_OK(store_stop_verifying(fixture.store));
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_INTERRUPTED, item.id);
  struct item row = read_row();
  CHECK_EQ(row.state, ITEM_INTERRUPTED);
  CHECK_EQ(row.part_bytes, 5);
  CHECK_EQ(row.durable_bytes, 5);
  CHECK_STR(row.validator, "\"v\"");
  CHECK(has_part(&item));
  item_clear(&row);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(closing_finishes_what_was_asked_and_drops_its_replies) {
  struct fixture fixture = start_with(STORE_DURABLE, 3);
  struct store_reply claimed = claim(&fixture, 2);
  complete(&fixture, &claimed.items[0], "hello");
  struct store_part part = part_of(&claimed.items[1], "hel", "\"v\"");
  CHECK_OK(store_interrupt(fixture.store, claimed.items[1].id, &part, 1));
  CHECK_OK(store_claim(fixture.store, 5));
  store_close(fixture.store);
  CHECK_EQ(state_of("http://h/u0"), ITEM_COMPLETED);
  CHECK_EQ(state_of("http://h/u1"), ITEM_INTERRUPTED);
  free_items(&claimed);
}

TEST(more_replies_than_the_channel_holds_do_not_block_the_close) {
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 1);
  for (int i = 0; i < 3000; i++)
    CHECK_OK(store_claim(fixture.store, 0));
  store_close(fixture.store);
}

TEST(a_store_that_was_not_started_is_closed) {
  store_close(open_store(STORE_DURABLE, false));
  store_close(NULL);
}

/* Signals must find the main thread. */

/* -- Cost ------------------------------------------------------------------ */

static void end_item(const struct fixture *fixture, const struct item *item,
                     bool with_files) {
  static const struct store_part none = {.fd = -1, .size_bytes = -1};
  if (with_files)
    complete(fixture, item, "x");
  else
    CHECK_OK(store_fail(fixture->store, item->id, &none, 1, "404 Not Found"));
}

static void end_all(const struct fixture *fixture, int count, bool with_files) {
  int ended = 0;
  CHECK_OK(store_claim(fixture->store, 64));
  while (ended < count) {
    struct store_reply reply = next_reply(fixture);
    if (reply.kind != STORE_CLAIMED) {
      CHECK_EQ(reply.kind, with_files ? STORE_COMPLETED : STORE_FAILED);
      free(reply.text);
      ended++;
      continue;
    }
    for (size_t i = 0; i < reply.item_count; i++)
      end_item(fixture, &reply.items[i], with_files);
    CHECK_OK(reply.item_count > 0 ? store_claim(fixture->store, 64)
                                  : store_hurry(fixture->store));
    free_items(&reply);
  }
}

/* Says what adding, claiming and ending many downloads costs; with files that
 * is mostly the file system's. */
static void measure(const char *what, enum store_durability durability,
                    bool with_files) {
  int count = test_scale(10000);
  struct rlimit limit = {20000, 20000};
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
    SKIP("too few fds");
  int64_t begun_us = now_us(CLOCK_MONOTONIC);
  int64_t begun_cpu_us = now_us(CLOCK_PROCESS_CPUTIME_ID);
  struct fixture fixture = start_with(durability, count);
  int64_t added_cpu_us = now_us(CLOCK_PROCESS_CPUTIME_ID);
  end_all(&fixture, count, with_files);
  store_close(fixture.store);
  fprintf(stderr, "%d %s: %lld ms of CPU to add, %lld ms to end; %lld ms\n",
          count, what, (long long)(added_cpu_us - begun_cpu_us) / 1000,
          (long long)(now_us(CLOCK_PROCESS_CPUTIME_ID) - added_cpu_us) / 1000,
          (long long)(now_us(CLOCK_MONOTONIC) - begun_us) / 1000);
  CHECK_EQ(state_of(text_of("http://h/u%d", count - 1)),
           with_files ? ITEM_COMPLETED : ITEM_FAILED);
}

TEST_SLOW(ten_thousand_rows_are_cheap, 120) {
  measure("rows", STORE_NOT_DURABLE, false);
}

TEST_SLOW(ten_thousand_files_are_cheap, 120) {
  measure("files", STORE_NOT_DURABLE, true);
}

TEST_SLOW(ten_thousand_durable_files_are_affordable, 300) {
  measure("durable files", STORE_DURABLE, true);
}
