/* get_publish.c: a finished part gets its name, and nobody else's file is lost,
 * whatever the file system can do. */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "get/publish.h"
#include "harness/harness.h"

/* What the file system cannot do, and which directories were synced. */
static bool no_renameat2, no_link;
static char synced[16][512];
static size_t synced_count;

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
              unsigned flags) {
  if (no_renameat2) {
    errno = EINVAL;
    return -1;
  }
  return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

int link(const char *from, const char *to) {
  if (no_link) {
    errno = EPERM;
    return -1;
  }
  return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int fsync(int fd) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  CHECK(synced_count < 16);
  ssize_t length = readlink(path, synced[synced_count], sizeof synced[0] - 1);
  synced[synced_count++][length < 0 ? 0 : length] = '\0';
  return 0;
}

static const char *in_dir(const char *name) {
  static char paths[8][512];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
  return path;
}

static int make(const char *name, const char *content) {
  int fd = open(in_dir(name), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  CHECK(fd >= 0);
  CHECK_EQ(write(fd, content, strlen(content)), strlen(content));
  return fd;
}

static void check_content(const char *name, const char *content) {
  char bytes[64] = "";
  int fd = open(in_dir(name), O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  CHECK(read(fd, bytes, sizeof bytes - 1) >= 0);
  close(fd);
  CHECK_STR(bytes, content);
}

static bool is_there(const char *name) {
  return access(in_dir(name), F_OK) == 0;
}

/* -- Renaming -------------------------------------------------------------- */

static void check_renaming(void) {
  close(make("part", "new"));
  CHECK_OK(publish_rename(in_dir("part"), in_dir("target"), false));
  check_content("target", "new");
  CHECK(!is_there("part"));

  close(make("part", "newer"));
  CHECK_ERR(publish_rename(in_dir("part"), in_dir("target"), false), -EEXIST);
  check_content("target", "new");
  check_content("part", "newer");

  CHECK_OK(publish_rename(in_dir("part"), in_dir("target"), true));
  check_content("target", "newer");
  CHECK(!is_there("part"));
  CHECK_ERR(publish_rename(in_dir("part"), in_dir("none"), false), -ENOENT);
}

TEST(a_rename_does_not_replace) {
  check_renaming();
}

TEST(a_rename_by_link_does_not_replace) {
  no_renameat2 = true;
  check_renaming();
}

TEST(a_rename_without_links_does_not_replace) {
  no_renameat2 = no_link = true;
  check_renaming();
}

/* As it is after a death between linking and unlinking. */
TEST(a_second_link_to_the_part_is_the_target) {
  close(make("part", "new"));
  CHECK(link(in_dir("part"), in_dir("target")) == 0);
  CHECK_OK(publish_rename(in_dir("part"), in_dir("target"), true));
  check_content("target", "new");
  CHECK(!is_there("part"));
}

TEST(a_link_to_nowhere_is_not_replaced) {
  close(make("part", "new"));
  CHECK(symlink("/nonexistent/x", in_dir("target")) == 0);
  CHECK_ERR(publish_rename(in_dir("part"), in_dir("target"), false), -EEXIST);
}

/* -- Comparing ------------------------------------------------------------- */

TEST(a_path_is_the_file_or_it_is_not) {
  struct stat file;
  int fd = make("a", "x");
  CHECK(fstat(fd, &file) == 0);
  close(make("b", "x"));
  CHECK(symlink("a", in_dir("link")) == 0);
  CHECK(publish_is_file(in_dir("a"), &file));
  CHECK(!publish_is_file(in_dir("b"), &file));
  CHECK(!publish_is_file(in_dir("link"), &file));
  CHECK(!publish_is_file(in_dir("none"), &file));
  close(fd);
}

/* Writes `size` bytes of which the one at `other` is different. */
static int make_big(const char *name, size_t size, size_t other) {
  int fd = make(name, "");
  char *bytes = malloc(size + 1);
  for (size_t i = 0; i < size; i++)
    bytes[i] = (char)(i * 7 + (i == other));
  CHECK_EQ(write(fd, bytes, size), size);
  free(bytes);
  return fd;
}

TEST(contents_are_compared_to_the_last_byte) {
  static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
  for (size_t i = 0; i < 6; i++) {
    int fd = make_big("a", sizes[i], SIZE_MAX);
    close(make_big("same", sizes[i], SIZE_MAX));
    close(make_big("last", sizes[i], sizes[i] - 1));
    close(make_big("longer", sizes[i] + 1, SIZE_MAX));
    CHECK_EQ(publish_same_content(fd, in_dir("same")), 1);
    CHECK_EQ(publish_same_content(fd, in_dir("last")), sizes[i] == 0);
    CHECK_EQ(publish_same_content(fd, in_dir("longer")), 0);
    close(fd);
  }
}

TEST(only_a_plain_file_has_content) {
  int fd = make("empty", "");
  CHECK(mkdir(in_dir("dir"), 0700) == 0);
  CHECK(mkfifo(in_dir("fifo"), 0600) == 0);
  CHECK_EQ(publish_same_content(fd, in_dir("dir")), 0);
  CHECK_EQ(publish_same_content(fd, in_dir("fifo")), 0);
  CHECK_EQ(publish_same_content(fd, in_dir("none")), 0);
  close(fd);
}

/* -- Directories ----------------------------------------------------------- */

static bool was_synced(const char *path) {
  for (size_t i = 0; i < synced_count; i++) {
    if (strcmp(synced[i], path) == 0)
      return true;
  }
  return false;
}

TEST(a_directory_is_synced_once_for_a_batch) {
  struct directories directories = {0};
  int a = directories_add(&directories, in_dir("a"));
  CHECK_OK(a);
  CHECK_EQ(directories_add(&directories, in_dir("b")), a);
  directories_sync(&directories);
  CHECK_EQ(directories_error(&directories, a), 0);
  CHECK(was_synced(test_dir()));
  CHECK(was_synced("/"));
  synced_count = 0;
  directories_sync(&directories);
  CHECK_EQ(synced_count, 0);
  directories_add(&directories, in_dir("c"));
  directories_sync(&directories);
  CHECK_EQ(synced_count, 1);
  CHECK(was_synced(test_dir()));
  directories_clear(&directories);
}

/* A new directory is an entry in the one above it, known or not. */
TEST(a_new_directory_is_synced_with_the_one_above) {
  struct directories directories = {0};
  directories_add(&directories, in_dir("a"));
  directories_sync(&directories);
  synced_count = 0;
  CHECK(mkdir(in_dir("x"), 0700) == 0);
  CHECK(mkdir(in_dir("x/y"), 0700) == 0);
  directories_add(&directories, in_dir("x/y/file"));
  directories_sync(&directories);
  CHECK(was_synced(in_dir("x/y")));
  CHECK(was_synced(in_dir("x")));
  CHECK(was_synced(test_dir()));
  CHECK(!was_synced("/"));
  directories_clear(&directories);
}

TEST(a_directory_that_is_gone_is_told) {
  struct directories directories = {0};
  int index = directories_add(&directories, in_dir("gone/file"));
  CHECK_OK(index);
  directories_sync(&directories);
  CHECK_EQ(directories_error(&directories, index), -ENOENT);
  directories_clear(&directories);
}

TEST(paths_have_their_directories) {
  struct directories directories = {0};
  CHECK(chdir(test_dir()) == 0);
  directories_add(&directories, "file");
  directories_sync(&directories);
  CHECK(was_synced(test_dir()));
  synced_count = 0;
  directories_add(&directories, "/file");
  directories_sync(&directories);
  CHECK_EQ(synced_count, 1);
  CHECK(was_synced("/"));
  directories_clear(&directories);
  CHECK(chdir("/") == 0);
}
