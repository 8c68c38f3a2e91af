/*
 * A file that is there is never lost: the rename itself refuses to replace it,
 * so there is no moment between looking and renaming.
 */
#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sync.h"

/* -- Renaming -------------------------------------------------------------- */

#ifdef __linux__

/* Before Linux 6.10 linking by an fd alone took a privilege; then there is
 * /proc, or not. */
int publish_link(int fd, const char *path) {
  if (linkat(fd, "", AT_FDCWD, path, AT_EMPTY_PATH) == 0)
    return 0;
  if (errno != ENOENT && errno != EPERM && errno != EINVAL)
    return -errno;
  char name[32];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, name, AT_FDCWD, path, AT_SYMLINK_FOLLOW) < 0 ? -errno
                                                                       : 0;
}

bool publish_can_link(void) {
  static atomic_int can = -1;
  if (can < 0)
    can = access("/proc/self/fd", F_OK) == 0;
  return can == 1;
}

#else

int publish_link(int fd, const char *path) {
  (void)fd, (void)path;
  return -ENOSYS;
}

bool publish_can_link(void) {
  return false;
}

#endif

/* For file systems without a rename that refuses: a second link is refused
 * too.  Without links either, looking first is the best that can be done. */
static int rename_by_link(const char *part, const char *target) {
  if (link(part, target) == 0)
    return unlink(part) < 0 ? -errno : 0;
  if (errno != EPERM && errno != ENOTSUP && errno != ENOSYS)
    return -errno;
  struct stat status;
  if (lstat(target, &status) == 0)
    return -EEXIST;
  return rename(part, target) < 0 ? -errno : 0;
}

static int rename_new(const char *part, const char *target) {
#ifdef RENAME_NOREPLACE
  if (renameat2(AT_FDCWD, part, AT_FDCWD, target, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return -errno;
#endif
  return rename_by_link(part, target);
}

static bool same_file(const char *a, const char *b) {
  struct stat first, second;
  return lstat(a, &first) == 0 && lstat(b, &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int publish_rename(const char *part, const char *target, bool replace) {
  if (!replace)
    return rename_new(part, target);
  /* Two links to one file, left by rename_by_link(), are not changed by a
   * rename. */
  int r = same_file(part, target) ? unlink(part) : rename(part, target);
  return r < 0 ? -errno : 0;
}

/* -- Comparing ------------------------------------------------------------- */

bool publish_is_file(const char *path, const struct stat *file) {
  struct stat named;
  return lstat(path, &named) == 0 && named.st_dev == file->st_dev &&
         named.st_ino == file->st_ino;
}

/* Reads until the buffer is full or the file ends; a short count is the end,
 * -1 an error. */
static ssize_t read_at(int fd, char *buffer, size_t size, off_t offset) {
  size_t done = 0;
  while (done < size) {
    ssize_t n = pread(fd, buffer + done, size - done, offset + (off_t)done);
    if (n == 0)
      break;
    if (n > 0)
      done += (size_t)n;
    else if (errno != EINTR)
      return -1;
  }
  return (ssize_t)done;
}

#define COMPARE_BYTES ((size_t)65536)

static int same_bytes(int a, int b) {
  char *buffer = malloc(2 * COMPARE_BYTES);
  if (!buffer)
    return 0;
  int same = 1;
  ssize_t n = (ssize_t)COMPARE_BYTES;
  for (off_t offset = 0; same && n == (ssize_t)COMPARE_BYTES; offset += n) {
    n = read_at(a, buffer, COMPARE_BYTES, offset);
    ssize_t m = read_at(b, buffer + COMPARE_BYTES, COMPARE_BYTES, offset);
    same = n >= 0 && n == m &&
           memcmp(buffer, buffer + COMPARE_BYTES, (size_t)n) == 0;
  }
  free(buffer);
  return same;
}

int publish_same_content(int fd, const char *path) {
  int other = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (other < 0)
    return 0;
  struct stat ours, theirs;
  int same = fstat(fd, &ours) == 0 && fstat(other, &theirs) == 0 &&
             S_ISREG(theirs.st_mode) && ours.st_size == theirs.st_size &&
             same_bytes(fd, other);
  close(other);
  return same;
}

/* -- Directories ----------------------------------------------------------- */

struct directory {
  char *path;
  size_t length;
  bool known;  /* synced before, and those above it */
  bool wanted; /* by the next directories_sync() */
  int error;
};

/* The length of the directory's part of a path; "/" for those at the root. */
static size_t directory_length(const char *path, size_t length) {
  while (length > 0 && path[length - 1] != '/')
    length--;
  while (length > 1 && path[length - 1] == '/')
    length--;
  return length;
}

static bool is_directory(const struct directory *directory, const char *path,
                         size_t length) {
  return directory->length == length &&
         memcmp(directory->path, path, length) == 0;
}

static int find(const struct directories *directories, const char *path,
                size_t length) {
  const struct directory *list = directories->list;
  size_t last = directories->last;
  if (last < directories->count && is_directory(&list[last], path, length))
    return (int)last;
  for (size_t i = 0; i < directories->count; i++) {
    if (is_directory(&list[i], path, length))
      return (int)i;
  }
  return -1;
}

static int append(struct directories *directories, const char *path,
                  size_t length) {
  if (directories->count == directories->capacity) {
    size_t capacity = directories->capacity ? 2 * directories->capacity : 8;
    struct directory *list =
        realloc(directories->list, capacity * sizeof *list);
    if (!list)
      return -ENOMEM;
    directories->list = list;
    directories->capacity = capacity;
  }
  char *copy = strndup(path, length);
  if (!copy)
    return -ENOMEM;
  directories->list[directories->count] =
      (struct directory){.path = copy, .length = length};
  return (int)directories->count++;
}

int directories_add(struct directories *directories, const char *path) {
  size_t length = directory_length(path, strlen(path));
  const char *name = path;
  if (length == 0) {
    name = ".";
    length = 1;
  }
  int index = find(directories, name, length);
  if (index < 0)
    index = append(directories, name, length);
  if (index >= 0) {
    directories->last = (size_t)index;
    directories->list[index].wanted = true;
  }
  return index;
}

/* Those above may belong to others: what cannot be synced was not made by
 * us. */
static void sync_above(const struct directories *directories,
                       const char *path) {
  char *above = strdup(path);
  if (!above)
    return;
  size_t length = strlen(above);
  for (;;) {
    size_t next = directory_length(above, length);
    if (next == 0 || next == length)
      break;
    length = next;
    above[length] = '\0';
    sync_path(above);
    int index = find(directories, above, length);
    if (index >= 0 && directories->list[index].known)
      break;
  }
  free(above);
}

void directories_sync(struct directories *directories) {
  for (size_t i = 0; i < directories->count; i++) {
    struct directory *directory = &directories->list[i];
    if (!directory->wanted)
      continue;
    directory->error = sync_path(directory->path);
    if (!directory->known)
      sync_above(directories, directory->path);
    directory->known = true;
    directory->wanted = false;
  }
}

int directories_error(const struct directories *directories, int index) {
  return directories->list[index].error;
}

void directories_clear(struct directories *directories) {
  for (size_t i = 0; i < directories->count; i++)
    free(directories->list[i].path);
  free(directories->list);
  *directories = (struct directories){0};
}
