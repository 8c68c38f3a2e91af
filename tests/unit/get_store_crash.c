/* get_store_crash.c: the store's process is killed before and after every call
 * that changes the disk, its own and SQLite's.  Whatever is left, the next run
 * must be able to bring the right files, and no row may say more than is true.
 *
 * The calls are caught by functions of the same names here, which the linker
 * prefers to libc's. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "get_store_help.h"

/* -- Catching calls -------------------------------------------------------- */

static atomic_bool armed;
static atomic_int calls;
static int die_at; /* 2n: before the nth call, 2n + 1: after it */

/* What was called, in order: "rename f0", "sync get.db-wal". */
static char journal[128][600];
static size_t journal_count;
static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static void note(const char *call, const char *path) {
  pthread_mutex_lock(&journal_lock);
  if (journal_count < 128)
    snprintf(journal[journal_count++], sizeof journal[0], "%s %s", call,
             last_part(path));
  pthread_mutex_unlock(&journal_lock);
}

static const char *path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  path[length < 0 ? 0 : length] = '\0';
  return path;
}

static void note_fd(const char *call, int fd) {
  char path[512];
  if (armed)
    note(call, path_of(fd, path, sizeof path));
}

static void maybe_die(int point) {
  if (die_at && point == die_at)
    kill(getpid(), SIGKILL);
}

static long caught(long number, long a, long b, long c, long d, long e) {
  if (!armed)
    return syscall(number, a, b, c, d, e);
  int call = atomic_fetch_add(&calls, 1) + 1;
  maybe_die(2 * call);
  long result = syscall(number, a, b, c, d, e);
  maybe_die(2 * call + 1);
  return result;
}

int fdatasync(int fd) {
  note_fd("sync", fd);
  return (int)caught(SYS_fdatasync, fd, 0, 0, 0, 0);
}

int fsync(int fd) {
  note_fd("sync", fd);
  return (int)caught(SYS_fsync, fd, 0, 0, 0, 0);
}

int syncfs(int fd) {
  note_fd("syncfs", fd);
  return (int)caught(SYS_syncfs, fd, 0, 0, 0, 0);
}

ssize_t write(int fd, const void *data, size_t size) {
  return caught(SYS_write, fd, (long)data, (long)size, 0, 0);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
  return caught(SYS_pwrite64, fd, (long)data, (long)size, offset, 0);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
              unsigned flags) {
  if (armed)
    note("rename", to);
  return (int)caught(SYS_renameat2, from_dir, (long)from, to_dir, (long)to,
                     flags);
}

int rename(const char *from, const char *to) {
  if (armed)
    note("replace", to);
  return (int)caught(SYS_renameat2, AT_FDCWD, (long)from, AT_FDCWD, (long)to,
                     0);
}

int unlink(const char *path) {
  return (int)caught(SYS_unlinkat, AT_FDCWD, (long)path, 0, 0, 0);
}

/* -- A run to be killed ---------------------------------------------------- */

#define OTHER_SUM \
  "0000000000000000000000000000000000000000000000000000000000000000"

/* Its server's file changes: what was got of the old one is given up. */
static void change_version(const struct fixture *fixture,
                           const struct item *item) {
  struct store_part part = part_of(item, "old version", "\"old\"");
  CHECK_OK(store_checkpoint(fixture->store, item->id, &part, true));
  CHECK_OK(store_reset(fixture->store, item->id));
  expect(fixture, STORE_RESET, item->id);
  close(part.fd);
  part = part_of(item, "new", "\"new\"");
  CHECK_OK(store_checkpoint(fixture->store, item->id, &part, false));
  CHECK_OK(store_interrupt(fixture->store, item->id, &part, 1));
  expect(fixture, STORE_INTERRUPTED, item->id);
}

/* One completes, one starts over, one is wrong. */
static void run_all(const struct fixture *fixture) {
  struct store_reply claimed = claim(fixture, 3);
  CHECK_OK(store_hurry(fixture->store));
  complete(fixture, &claimed.items[0], "content 0");
  expect(fixture, STORE_COMPLETED, claimed.items[0].id);
  change_version(fixture, &claimed.items[1]);
  strcpy(claimed.items[2].sha256, OTHER_SUM);
  complete(fixture, &claimed.items[2], "wrong");
  expect(fixture, STORE_FAILED, claimed.items[2].id);
  free_items(&claimed);
}

_Noreturn static void run_and_die(enum store_durability durability, int point) {
  struct fixture fixture = start_with(durability, 3);
  die_at = point;
  armed = true;
  run_all(&fixture);
  store_close(fixture.store);
  _exit(0);
}

/* -- What is left ---------------------------------------------------------- */

static void check_completed(const struct item *row) {
  if (row->state == ITEM_COMPLETED)
    CHECK(is_there(row->target));
  if (is_there(row->target)) {
    CHECK_STR(item_name(row), "f0");
    CHECK_STR(read_file(row->target), "content 0");
  }
}

/* A validator describes the bytes of the part, as many as there are. */
static void check_part(const struct item *row) {
  CHECK(row->durable_bytes <= row->part_bytes);
  if (!row->validator || row->state == ITEM_COMPLETED)
    return;
  char *path = item_part_path(row);
  const char *bytes = read_file(path);
  free(path);
  if (!bytes || !*bytes)
    return;
  if (strcmp(row->validator, "\"old\"") == 0)
    CHECK_STR(bytes, "old version");
  if (strcmp(row->validator, "\"new\"") == 0)
    CHECK_STR(bytes, "new");
  CHECK((int64_t)strlen(bytes) >= row->durable_bytes);
}

static void check_rows(void) {
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 3);
  for (size_t i = 0; i < 3; i++) {
    check_completed(&rows.items[i]);
    check_part(&rows.items[i]);
  }
  free_rows(&rows);
}

/* Everything that is not complete is fetched again, and is right then. */
static void check_next_run(void) {
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 3);
  struct store_reply claimed = claim(&fixture, 10);
  CHECK_OK(store_hurry(fixture.store));
  for (size_t i = 0; i < claimed.item_count; i++) {
    const struct item *item = &claimed.items[i];
    complete(&fixture, item, text_of("content %c", item_name(item)[1]));
    expect(&fixture, STORE_COMPLETED, item->id);
  }
  free_items(&claimed);
  store_close(fixture.store);
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 3);
  for (size_t i = 0; i < 3; i++) {
    CHECK_EQ(rows.items[i].state, ITEM_COMPLETED);
    CHECK_STR(read_file(rows.items[i].target), text_of("content %zu", i));
    CHECK(!has_part(&rows.items[i]));
  }
  free_rows(&rows);
}

static void clean_up(void) {
  static const char *const names[] = {
      "f0",
      "f1",
      "f2",
      "f0" ITEM_PART_SUFFIX,
      "f1" ITEM_PART_SUFFIX,
      "f2" ITEM_PART_SUFFIX,
      "get.db",
      "get.db-wal",
      "get.db-shm",
      "get.db-lock",
  };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    unlink(in_dir(names[i]));
}

static void kill_everywhere(enum store_durability durability) {
  bool ended = false;
  int point;
  for (point = 2; !ended; point++) {
    pid_t pid = test_fork();
    if (pid == 0)
      run_and_die(durability, point);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    CHECK(ended || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    fprintf(stderr, "killed at point %d\n", point);
    check_rows();
    check_next_run();
    clean_up();
  }
  CHECK(point > 40);
}

TEST_SLOW(death_at_any_call_leaves_the_truth, 120) {
  test_dir();
  kill_everywhere(STORE_DURABLE);
}

TEST_SLOW(death_at_any_call_without_syncing_leaves_the_truth, 120) {
  test_dir();
  kill_everywhere(STORE_NOT_DURABLE);
}

/* -- The order on disk ----------------------------------------------------- */

static size_t place_of(const char *entry, size_t from) {
  for (size_t i = from; i < journal_count; i++) {
    if (strcmp(journal[i], entry) == 0)
      return i;
  }
  for (size_t i = 0; i < journal_count; i++)
    fprintf(stderr, "%zu %s\n", i, journal[i]);
  fprintf(stderr, "no \"%s\" after %zu\n", entry, from);
  CHECK(!"in the journal");
  return 0;
}

TEST(data_then_name_then_directory_then_record) {
  struct fixture fixture = start_with(STORE_DURABLE, 1);
  struct item item = claim_one(&fixture);
  armed = true;
  complete(&fixture, &item, "hello");
  expect(&fixture, STORE_COMPLETED, item.id);
  armed = false;
  size_t at = place_of("sync f0" ITEM_PART_SUFFIX, 0);
  at = place_of("rename f0", at);
  at = place_of(text_of("sync %s", last_part(test_dir())), at);
  place_of("sync get.db-wal", at);
  item_clear(&item);
  store_close(fixture.store);
}

TEST(without_durability_nothing_is_synced) {
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 2);
  struct store_reply claimed = claim(&fixture, 2);
  armed = true;
  complete(&fixture, &claimed.items[0], "hello");
  expect(&fixture, STORE_COMPLETED, claimed.items[0].id);
  struct store_part part = part_of(&claimed.items[1], "hel", "\"v\"");
  CHECK_OK(store_checkpoint(fixture.store, claimed.items[1].id, &part, true));
  CHECK_OK(store_interrupt(fixture.store, claimed.items[1].id, &part, 1));
  expect(&fixture, STORE_INTERRUPTED, claimed.items[1].id);
  armed = false;
  for (size_t i = 0; i < journal_count; i++)
    CHECK(strncmp(journal[i], "sync", 4) != 0);
  free_items(&claimed);
  store_close(fixture.store);
}

/* Bytes of another version follow a reset: it may not be lost. */
TEST(a_reset_is_synced_in_any_mode) {
  struct fixture fixture = start_with(STORE_NOT_DURABLE, 1);
  struct item item = claim_one(&fixture);
  struct store_part part = part_of(&item, "hel", "\"v\"");
  CHECK_OK(store_checkpoint(fixture.store, item.id, &part, false));
  armed = true;
  CHECK_OK(store_reset(fixture.store, item.id));
  expect(&fixture, STORE_RESET, item.id);
  armed = false;
  place_of("sync get.db-wal", 0);
  item_clear(&item);
  close(part.fd);
  store_close(fixture.store);
}

TEST(many_interrupted_parts_are_synced_by_one_call) {
  struct fixture fixture = start_with(STORE_DURABLE, 40);
  struct store_reply claimed = claim(&fixture, 40);
  struct store_part parts[40];
  for (int i = 0; i < 40; i++)
    parts[i] = part_of(&claimed.items[i], "x", "\"v\"");
  armed = true;
  for (int i = 0; i < 40; i++)
    CHECK_OK(store_interrupt(fixture.store, claimed.items[i].id, &parts[i], 1));
  for (int i = 0; i < 40; i++)
    CHECK_EQ(next_reply(&fixture).kind, STORE_INTERRUPTED);
  armed = false;
  size_t whole = 0, commits = 0;
  for (size_t i = 0; i < journal_count; i++) {
    whole += strncmp(journal[i], "syncfs ", 7) == 0;
    commits += strcmp(journal[i], "sync get.db-wal") == 0;
  }
  CHECK_EQ(whole, 1);
  CHECK(commits < 10); /* two, if nothing holds us up */
  free_items(&claimed);
  store_close(fixture.store);
}
