/* get_store_help.h: what the tests of the store have in common: a store in the
 * test's directory, items, part files, and waiting for replies.  Each test
 * program includes it once. */
#ifndef TESTS_UNIT_GET_STORE_HELP_H
#define TESTS_UNIT_GET_STORE_HELP_H

#include <belay/channel.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "get/store.h"
#include "get/store_internal.h"
#include "harness/harness.h"

#define UNUSED __attribute__((unused))

/* A string that lives until the test ends, and is never freed. */
UNUSED __attribute__((format(printf, 1, 2))) static const char *text_of(
    const char *format, ...) {
  static char texts[16][512];
  static unsigned next;
  char *text = texts[next++ % 16];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof texts[0], format, arguments);
  va_end(arguments);
  return text;
}

UNUSED static const char *in_dir(const char *name) {
  return text_of("%s/%s", test_dir(), name);
}

#define DB in_dir("get.db")

/* -- Files ------------------------------------------------------------- */

UNUSED static void write_file(const char *path, const char *content) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, content, strlen(content)), strlen(content));
  CHECK(close(fd) == 0);
}

UNUSED static const char *read_file(const char *path) {
  char content[400] = "";
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return NULL;
  CHECK(read(fd, content, sizeof content - 1) >= 0);
  close(fd);
  return text_of("%s", content);
}

UNUSED static bool is_there(const char *path) {
  return access(path, F_OK) == 0;
}

/* -- The store ----------------------------------------------------------- */

struct fixture {
  struct store *store;
  struct belay_channel *replies;
};

UNUSED static struct store *open_store(enum store_durability durability,
                                       bool overwrite) {
  struct store *store;
  char *error = NULL;
  int r = store_open(DB, durability, overwrite, &store, &error);
  if (error)
    fprintf(stderr, "%s\n", error);
  CHECK_OK(r);
  return store;
}

UNUSED static struct item item_for(const char *url, const char *name) {
  return (struct item){
      .url = strdup(url),
      .target = strdup(in_dir(name)),
      .dir = strdup(test_dir()),
      .size_bytes = -1,
      .expected_bytes = -1,
  };
}

/* Adds within a transaction; the item is the caller's. */
UNUSED static enum store_added add_item(struct store *store, struct item *item,
                                        bool may_rename) {
  enum store_added added;
  char *error = NULL;
  int r = store_add(store, item, may_rename, &added, &error);
  if (error)
    fprintf(stderr, "%s\n", error);
  CHECK_OK(r);
  return added;
}

/* Adds one download in a transaction of its own. */
UNUSED static enum store_added add_one(struct store *store, const char *url,
                                       const char *name) {
  char *error = NULL;
  struct item item = item_for(url, name);
  CHECK_OK(store_begin(store, &error));
  enum store_added added = add_item(store, &item, false);
  CHECK_OK(store_commit(store, &error));
  item_clear(&item);
  return added;
}

UNUSED static struct fixture start(struct store *store) {
  struct fixture fixture = {.store = store};
  CHECK_OK(store_start(store, NULL, &fixture.replies));
  return fixture;
}

/* A store in which URLs u0, u1, ... are queued for files f0, f1, ... */
UNUSED static struct fixture start_with(enum store_durability durability,
                                        int count) {
  struct store *store = open_store(durability, false);
  char *error = NULL;
  CHECK_OK(store_begin(store, &error));
  for (int i = 0; i < count; i++) {
    struct item item = item_for(text_of("http://h/u%d", i), text_of("f%d", i));
    add_item(store, &item, false);
    item_clear(&item);
  }
  CHECK_OK(store_commit(store, &error));
  return start(store);
}

/* -- Replies --------------------------------------------------------------- */

UNUSED static struct store_reply next_reply(const struct fixture *fixture) {
  struct store_reply reply;
  while (belay_channel_receive(fixture->replies, &reply) == 0) {
    struct pollfd wait = {
        .fd = belay_channel_fd(fixture->replies),
        .events = POLLIN,
    };
    CHECK(poll(&wait, 1, 8000 * (test_scale(100) < 100 ? 10 : 1)) == 1);
  }
  return reply;
}

/* The next reply must be of this kind and for this download; its text. */
UNUSED static const char *expect(const struct fixture *fixture,
                                 enum store_reply_kind kind, int64_t id) {
  struct store_reply reply = next_reply(fixture);
  if (reply.text)
    fprintf(stderr, "reply: %s\n", reply.text);
  CHECK_EQ(reply.kind, kind);
  CHECK_EQ(reply.id, id);
  const char *text = reply.text ? text_of("%s", reply.text) : NULL;
  free(reply.text);
  return text;
}

/* Claims; the items are the caller's to clear and free. */
UNUSED static struct store_reply claim(const struct fixture *fixture,
                                       size_t max) {
  CHECK_OK(store_claim(fixture->store, max));
  struct store_reply reply = next_reply(fixture);
  CHECK_EQ(reply.kind, STORE_CLAIMED);
  return reply;
}

UNUSED static void free_items(struct store_reply *reply) {
  while (reply->item_count > 0)
    item_clear(&reply->items[--reply->item_count]);
  free(reply->items);
}

/* The one item that is queued. */
UNUSED static struct item claim_one(const struct fixture *fixture) {
  struct store_reply reply = claim(fixture, 1);
  CHECK_EQ(reply.item_count, 1);
  struct item item = reply.items[0];
  free(reply.items);
  return item;
}

/* -- Parts ----------------------------------------------------------------- */

/* Writes the item's part file anew. */
UNUSED static struct store_part part_of(const struct item *item,
                                        const char *content,
                                        const char *validator) {
  char *path = item_part_path(item);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHECK(fd >= 0);
  free(path);
  CHECK_EQ(write(fd, content, strlen(content)), strlen(content));
  return (struct store_part){
      .fd = fd,
      .bytes = (int64_t)strlen(content),
      .size_bytes = -1,
      .validator = validator,
  };
}

UNUSED static bool has_part(const struct item *item) {
  char *path = item_part_path(item);
  bool there = is_there(path);
  free(path);
  return there;
}

UNUSED static void complete(const struct fixture *fixture,
                            const struct item *item, const char *content) {
  struct store_part part = part_of(item, content, "\"v\"");
  CHECK_OK(store_complete(fixture->store, item, &part, 1));
}

/* -- Rows -------------------------------------------------------------------
 */

struct rows {
  struct item items[16];
  size_t count;
};

UNUSED static int copy_row(const struct item *item, void *data) {
  struct rows *rows = data;
  CHECK(rows->count < 16);
  struct item copy = *item;
  copy.url = strdup(item->url);
  copy.target = strdup(item->target);
  copy.dir = strdup(item->dir);
  copy.origin = item->origin ? strdup(item->origin) : NULL;
  copy.validator = item->validator ? strdup(item->validator) : NULL;
  copy.error = item->error ? strdup(item->error) : NULL;
  rows->items[rows->count++] = copy;
  return 0;
}

UNUSED static struct rows read_rows(void) {
  struct rows rows = {.count = 0};
  char *error = NULL;
  CHECK_OK(store_list(DB, copy_row, &rows, &error));
  return rows;
}

UNUSED static void free_rows(struct rows *rows) {
  while (rows->count > 0)
    item_clear(&rows->items[--rows->count]);
}

/* The row of the only download that there is. */
UNUSED static struct item read_row(void) {
  struct rows rows = read_rows();
  CHECK_EQ(rows.count, 1);
  return rows.items[0];
}

struct wanted_row {
  const char *url;
  int state;
};

UNUSED static int find_row(const struct item *item, void *data) {
  struct wanted_row *wanted = data;
  if (strcmp(item->url, wanted->url) != 0)
    return 0;
  wanted->state = (int)item->state;
  return 1;
}

UNUSED static enum item_state state_of(const char *url) {
  struct wanted_row wanted = {url, -1};
  char *error = NULL;
  CHECK_OK(store_list(DB, find_row, &wanted, &error));
  CHECK(wanted.state >= 0);
  return (enum item_state)wanted.state;
}

#endif
