/* get_sink.c: where the bytes of a part are before it has a name, and after. */
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "get/publish.h"
#include "get/sink.h"
#include "harness/harness.h"

/* A file system that has no files without a name. */
static bool no_tmpfile;

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  int mode = va_arg(arguments, int);
  va_end(arguments);
  if (no_tmpfile && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static char target[512], part[544];

/* Whoever has the lock takes the name away before we have it. */
static bool renamed_before_locked;

int flock(int fd, int operation) {
  if (renamed_before_locked)
    CHECK_OK(rename(part, target));
  renamed_before_locked = false;
  return (int)syscall(SYS_flock, fd, operation);
}

static struct item new_item(void) {
  snprintf(target, sizeof target, "%s/file", test_dir());
  snprintf(part, sizeof part, "%s" ITEM_PART_SUFFIX, target);
  return (struct item){.id = 1, .target = target, .size_bytes = -1};
}

static bool is_there(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static void check_content(int fd, const char *content) {
  char bytes[64];
  ssize_t size = pread(fd, bytes, sizeof bytes - 1, 0);
  CHECK(size >= 0);
  bytes[size] = '\0';
  CHECK_STR(bytes, content);
}

/* The part's file, and that it is locked: it is the sink's. */
static void check_part(const char *content) {
  int fd = open(part, O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  check_content(fd, content);
  CHECK_EQ(flock(fd, LOCK_SH | LOCK_NB), -1);
  close(fd);
}

TEST(a_short_part_is_in_memory_until_it_gets_a_name) {
  struct item item = new_item();
  struct sink sink;
  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK(sink_is_open(&sink) && sink.fd < 0);
  CHECK_OK(sink_write(&sink, "hello", 5));
  CHECK(!is_there(part));
  CHECK_OK(sink_name(&sink, &item));
  CHECK(sink.fd >= 0 && !sink.is_unnamed);
  check_part("hello");
  CHECK_OK(sink_write(&sink, "world", 5));
  check_part("helloworld");
  CHECK_EQ(sink.length_bytes, 10);
  sink_close(&sink);
}

TEST(memory_has_room_for_what_was_announced_alone) {
  struct item item = new_item();
  struct sink sink;
  CHECK_OK(sink_create(&sink, &item, 4));
  CHECK_ERR(sink_write(&sink, "hello", 5), -EFBIG);
  CHECK_OK(sink_write(&sink, "hell", 4));
  CHECK_ERR(sink_write(&sink, "o", 1), -EFBIG);
  sink_close(&sink);
  CHECK_OK(sink_create(&sink, &item, 0));
  CHECK(sink_is_open(&sink) && sink.fd < 0);
  sink_close(&sink);
}

TEST(a_long_part_or_one_of_unknown_size_has_no_name) {
  const int64_t sizes[] = {-1, SINK_MEMORY_BYTES + 1};
  for (int i = 0; i < 2; i++) {
    struct item item = new_item();
    struct sink sink;
    CHECK_OK(sink_create(&sink, &item, sizes[i]));
    if (!sink.is_unnamed)
      SKIP("no files without a name here");
    CHECK_OK(sink_write(&sink, "hello", 5));
    CHECK(!is_there(part));
    check_content(sink.fd, "hello");
    CHECK_OK(sink_name(&sink, &item));
    check_part("hello");
    sink_discard(&sink, &item);
    CHECK(!is_there(part));
  }
}

TEST(without_nameless_files_the_part_has_a_name_at_once) {
  struct item item = new_item();
  struct sink sink;
  no_tmpfile = true;
  CHECK_OK(sink_create(&sink, &item, -1));
  CHECK(sink.fd >= 0 && !sink.is_unnamed);
  CHECK_OK(sink_write(&sink, "hello", 5));
  check_part("hello");
  CHECK_OK(sink_name(&sink, &item));
  sink_close(&sink);
  CHECK_OK(unlink(part));

  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK_OK(sink_write(&sink, "hello", 5));
  CHECK_OK(sink_spill(&sink, &item));
  check_part("hello");
  CHECK_OK(sink_write(&sink, "world", 5));
  check_part("helloworld");
  sink_close(&sink);
}

TEST(spilling_keeps_where_the_next_byte_belongs) {
  struct item item = new_item();
  struct sink sink;
  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK_OK(sink_write(&sink, "hello", 5));
  sink_seek(&sink, 2);
  CHECK_OK(sink_spill(&sink, &item));
  CHECK_EQ(sink.offset_bytes, 2);
  CHECK_ERR(sink_write(&sink, "xx", 2), -ESTALE);
  CHECK_OK(sink_write(&sink, "lloworld", 8));
  CHECK_OK(sink_name(&sink, &item));
  check_part("helloworld");
  sink_close(&sink);
}

TEST(what_memory_holds_is_compared) {
  struct item item = new_item();
  struct sink sink;
  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK_OK(sink_write(&sink, "hello", 5));
  sink_seek(&sink, 0);
  CHECK_ERR(sink_write(&sink, "help", 4), -ESTALE);
  sink_seek(&sink, 0);
  CHECK_OK(sink_write(&sink, "hello w", 7));
  CHECK_OK(sink_restart(&sink));
  CHECK_EQ(sink.length_bytes, 0);
  CHECK_OK(sink_write(&sink, "0123456789", 10));
  sink_close(&sink);
}

static void leave_part(const char *content) {
  int fd = open(part, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, content, strlen(content)), strlen(content));
  close(fd);
}

TEST(a_part_that_nobody_holds_gives_its_name_away) {
  struct item item = new_item();
  struct sink sink;
  leave_part("of one who was killed");
  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK_OK(sink_write(&sink, "hello", 5));
  CHECK_OK(sink_name(&sink, &item));
  check_part("hello");
  sink_close(&sink);
}

TEST(a_part_that_somebody_holds_keeps_its_name) {
  struct item item = new_item();
  struct sink sink, other;
  CHECK_OK(sink_open(&other, &item));
  CHECK_OK(sink_write(&other, "theirs", 6));
  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK_OK(sink_write(&sink, "hello", 5));
  CHECK_ERR(sink_name(&sink, &item), -EBUSY);
  check_part("theirs");
  sink_discard(&sink, &item);
  check_part("theirs");
  sink_close(&other);
}

TEST(a_part_that_was_published_before_its_lock_was_had_is_not_touched) {
  struct item item = new_item();
  struct sink sink;
  leave_part("all of it");
  renamed_before_locked = true;
  CHECK_ERR(sink_open(&sink, &item), -EBUSY);
  int fd = open(target, O_RDONLY | O_CLOEXEC);
  check_content(fd, "all of it");
  close(fd);
  leave_part("all of it");
  renamed_before_locked = true;
  CHECK_ERR(sink_remove_left_over(&item), -EBUSY);
  CHECK(is_there(target));
}

TEST(a_name_that_publishing_gave_it_and_no_more_is_taken_back) {
  struct item item = new_item();
  struct sink sink;
  char validator[] = "\"v1\"";
  item.validator = validator;
  item.same_boot = true;
  leave_part("all of it");
  CHECK_OK(link(part, target));
  CHECK_OK(sink_open(&sink, &item));
  CHECK_EQ(sink.length_bytes, 9);
  CHECK(!is_there(target));
  check_part("all of it");
  sink_close(&sink);
}

TEST(a_link_in_the_parts_place_is_not_followed) {
  struct item item = new_item();
  struct sink sink;
  CHECK_OK(symlink("/dev/null", part));
  CHECK_OK(sink_create(&sink, &item, 10));
  CHECK_OK(sink_write(&sink, "hello", 5));
  CHECK_ERR(sink_name(&sink, &item), -ELOOP);
  sink_discard(&sink, &item);
  CHECK(is_there(part));
}
