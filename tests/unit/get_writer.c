/* get_writer.c: what is taken is in the file, in order, or the error is told. */
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "get/sink.h"
#include "get/writer.h"
#include "harness/harness.h"

static char target[64][512];

/* A part with a name at once, and somebody to write to it. */
static void open_part(struct sink *sink, struct item *item, int number,
                      struct writer *writer) {
  snprintf(target[number], sizeof target[number], "%s/file%d", test_dir(),
           number);
  *item = (struct item){.id = number, .target = target[number]};
  CHECK_OK(sink_open(sink, item));
  sink->writer = writer;
}

/* Byte i of file f. */
static char byte_at(int f, size_t i) {
  return (char)(i * 31 + i / 251 + (size_t)f * 7);
}

static void fill(char *bytes, size_t size, int f, size_t offset) {
  for (size_t i = 0; i < size; i++)
    bytes[i] = byte_at(f, offset + i);
}

static void check_content(int fd, size_t size, int f) {
  static char bytes[65536];
  struct stat status;
  CHECK_OK(fstat(fd, &status));
  CHECK_EQ(status.st_size, size);
  for (size_t at = 0; at < size;) {
    ssize_t n = pread(fd, bytes, sizeof bytes, (off_t)at);
    CHECK(n > 0);
    for (ssize_t i = 0; i < n; i++)
      CHECK_EQ(bytes[i], byte_at(f, at + (size_t)i));
    at += (size_t)n;
  }
}

TEST(blocks_of_many_files_are_each_in_order) {
  enum { FILES = 16 };
  static struct sink sinks[FILES];
  static struct item items[FILES];
  static char bytes[50000];
  size_t total = (size_t)test_scale(40) * sizeof bytes;
  struct writer *writer;
  CHECK_OK(writer_open(&writer));
  for (int f = 0; f < FILES; f++)
    open_part(&sinks[f], &items[f], f, writer);
  for (size_t at = 0; at < total; at += sizeof bytes)
    for (int f = 0; f < FILES; f++) {
      fill(bytes, sizeof bytes, f, at);
      CHECK_OK(sink_write(&sinks[f], bytes, sizeof bytes));
    }
  for (int f = 0; f < FILES; f++) {
    CHECK_OK(sink_flush(&sinks[f]));
    CHECK_EQ(sinks[f].length_bytes, total);
    check_content(sinks[f].fd, total, f);
    sink_close(&sinks[f]);
  }
  writer_close(writer);
}

TEST(without_a_block_the_caller_writes_in_order) {
  struct writer_block *all[1024];
  size_t count = 0;
  static char bytes[50000];
  struct sink sink;
  struct item item;
  struct writer *writer;
  CHECK_OK(writer_open(&writer));
  open_part(&sink, &item, 0, writer);
  fill(bytes, sizeof bytes, 0, 0);
  CHECK_OK(sink_write(&sink, bytes, 20000)); /* into a block */
  while ((all[count] = writer_take(writer)) != NULL)
    CHECK(++count < 1024);
  CHECK_OK(sink_write(&sink, bytes + 20000, 20000)); /* into it, or by us */
  CHECK_OK(sink_flush(&sink));
  while ((all[count] = writer_take(writer)) != NULL)
    CHECK(++count < 1024);
  CHECK_OK(sink_write(&sink, bytes + 40000, 10000)); /* by us */
  check_content(sink.fd, sizeof bytes, 0);
  while (count > 0)
    free(all[--count]);
  sink_close(&sink);
  writer_close(writer);
}

TEST(what_is_pushed_arrives) {
  struct sink sink;
  struct item item;
  struct writer *writer;
  struct stat status = {.st_size = 0};
  CHECK_OK(writer_open(&writer));
  open_part(&sink, &item, 0, writer);
  CHECK_OK(sink_write(&sink, "hello", 5));
  sink_push(&sink);
  while (status.st_size < 5)
    CHECK_OK(fstat(sink.fd, &status));
  sink_close(&sink);
  writer_close(writer);
}

TEST(what_is_behind_is_compared_too) {
  struct sink sink;
  struct item item;
  struct writer *writer;
  CHECK_OK(writer_open(&writer));
  open_part(&sink, &item, 0, writer);
  CHECK_OK(sink_write(&sink, "hello", 5));
  sink_seek(&sink, 0);
  CHECK_ERR(sink_write(&sink, "help", 4), -ESTALE);
  sink_seek(&sink, 0);
  CHECK_OK(sink_write(&sink, "hello world", 11));
  CHECK_OK(sink_flush(&sink));
  CHECK_EQ(sink.length_bytes, 11);
  CHECK_OK(sink_restart(&sink));
  CHECK_OK(sink_write(&sink, "anew", 4));
  CHECK_OK(sink_flush(&sink));
  struct stat status;
  CHECK_OK(fstat(sink.fd, &status));
  CHECK_EQ(status.st_size, 4);
  sink_close(&sink);
  writer_close(writer);
}

/* Files may not grow beyond so many bytes. */
static void limit_files(rlim_t bytes) {
  struct rlimit limit;
  signal(SIGXFSZ, SIG_IGN);
  CHECK_OK(getrlimit(RLIMIT_FSIZE, &limit));
  limit.rlim_cur = bytes;
  CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
}

TEST(after_an_error_the_length_is_what_the_file_holds) {
  static char bytes[50000];
  struct sink sink;
  struct item item;
  struct writer *writer;
  CHECK_OK(writer_open(&writer));
  open_part(&sink, &item, 0, writer);
  limit_files(600000);
  int error = 0;
  for (size_t at = 0; error == 0 && at < 100 * sizeof bytes;
       at += sizeof bytes) {
    fill(bytes, sizeof bytes, 0, at);
    error = sink_write(&sink, bytes, sizeof bytes);
  }
  if (error == 0)
    error = sink_flush(&sink);
  limit_files(RLIM_INFINITY);
  signal(SIGXFSZ, SIG_DFL);
  CHECK_EQ(error, -EFBIG);
  CHECK_EQ(sink.length_bytes, 600000);
  check_content(sink.fd, 600000, 0);
  /* What comes now does not belong behind it. */
  CHECK_ERR(sink_write(&sink, "more", 4), -EFBIG);
  CHECK_ERR(sink_flush(&sink), -EFBIG);
  check_content(sink.fd, 600000, 0);
  CHECK_OK(sink_restart(&sink));
  CHECK_OK(sink_write(&sink, "anew", 4));
  CHECK_OK(sink_flush(&sink));
  CHECK_EQ(sink.length_bytes, 4);
  sink_close(&sink);
  writer_close(writer);
}

TEST(an_error_of_one_file_is_not_anothers) {
  struct sink good, bad;
  struct item items[2];
  struct writer *writer;
  CHECK_OK(writer_open(&writer));
  open_part(&good, &items[0], 0, writer);
  open_part(&bad, &items[1], 1, writer);
  int fd = bad.fd;
  char *part = item_part_path(&items[1]);
  bad.fd = open(part, O_RDONLY | O_CLOEXEC);
  CHECK(bad.fd >= 0);
  free(part);
  for (int i = 0; i < 1000; i++) {
    CHECK_OK(sink_write(&good, "x", 1));
    sink_push(&good);
    if (sink_write(&bad, "x", 1) == 0)
      sink_push(&bad);
  }
  CHECK_ERR(sink_flush(&bad), -EBADF);
  CHECK_OK(sink_flush(&good));
  CHECK_EQ(good.length_bytes, 1000);
  CHECK_EQ(bad.length_bytes, 0);
  close(fd);
  sink_close(&good);
  sink_close(&bad);
  writer_close(writer);
}
