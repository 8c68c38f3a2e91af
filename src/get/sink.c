/*
 * sink.c: bytes into the part file, in order, and nothing else.
 *
 * Invariant: the file's length is what it holds, since data only ever extends
 * it: so after SIGKILL at any moment its length can be trusted.
 */
#include "sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/write.h"
#include "publish.h"

/* -- Opening --------------------------------------------------------------- */

/*
 * What leads from the output directory to the file was named by a list, or by
 * the user: a link there would lead out of it.  0, or -ELOOP.
 */
static int check_links(const struct item *item) {
  size_t base = item->dir != NULL ? strlen(item->dir) : 0;
  if (base == 0 || strncmp(item->target, item->dir, base) != 0)
    return 0;
  const char *rest = item->target + base + strspn(item->target + base, "/");
  const char *slash = strchr(rest, '/');
  for (; slash != NULL; slash = strchr(slash + 1, '/')) {
    char path[PATH_MAX];
    struct stat st;
    size_t size = (size_t)(slash - item->target);
    if (size >= sizeof(path))
      return -ENAMETOOLONG;
    memcpy(path, item->target, size);
    path[size] = '\0';
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode))
      return -ELOOP;
  }
  return 0;
}

/* Makes the directories that lead to `path`. */
static int make_parents(const char *path) {
  char *copy = strdup(path);
  if (copy == NULL)
    return -ENOMEM;
  int error = 0;
  for (char *slash = strchr(copy + 1, '/'); slash != NULL && error == 0;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    if (mkdir(copy, 0777) != 0 && errno != EEXIST)
      error = -errno;
    *slash = '/';
  }
  free(copy);
  return error;
}

int sink_make_directory(const struct item *item) {
  int error = check_links(item);
  return error < 0 ? error : make_parents(item->target);
}

/* The usual case, a new file, is one call. */
static int open_part(const char *path, bool *ret_is_new) {
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  int fd = open(path, flags | O_CREAT | O_EXCL, 0666);
  *ret_is_new = fd >= 0;
  if (fd < 0 && errno == EEXIST)
    fd = open(path, flags);
  return fd >= 0 ? fd : -errno;
}

/* Takes the lock of a file that has this name.  -EBUSY: another process has
 * it, or had it, and the file has lost the name since. */
static int lock_named(int fd, const char *path) {
  struct stat st;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? -EBUSY : -errno;
  if (fstat(fd, &st) != 0)
    return -errno;
  return publish_is_file(path, &st) ? 0 : -EBUSY;
}

/* A link that somebody laid here would lead our data elsewhere; but for one
 * that publish_rename() had yet to take away when its process was killed. */
static int examine(int fd, const struct item *item, int64_t *ret_size) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return -errno;
  if (st.st_nlink == 2 && publish_is_file(item->target, &st) &&
      unlink(item->target) == 0)
    st.st_nlink = 1;
  if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
    return -ELOOP;
  *ret_size = st.st_size;
  return 0;
}

static int64_t trusted(const struct item *item, int64_t size) {
  if (item->validator == NULL)
    return 0;
  if (item->same_boot || size < item->durable_bytes)
    return size;
  return item->durable_bytes;
}

/* Cuts an old file to what may be trusted. */
static int adopt(struct sink *sink, const struct item *item) {
  int64_t size = 0;
  int error = examine(sink->fd, item, &size);
  if (error < 0)
    return error;
  sink->length_bytes = trusted(item, size);
  if (sink->length_bytes < size && ftruncate(sink->fd, sink->length_bytes) != 0)
    return -errno;
  return lseek(sink->fd, sink->length_bytes, SEEK_SET) < 0 ? -errno : 0;
}

int sink_open(struct sink *sink, const struct item *item) {
  *sink = (struct sink){.fd = -1};
  int error = check_links(item);
  if (error < 0)
    return error;
  char *path = item_part_path(item);
  if (path == NULL)
    return -ENOMEM;
  bool is_new;
  int fd = open_part(path, &is_new);
  if (fd == -ENOENT) {
    int made = make_parents(path);
    fd = made < 0 ? made : open_part(path, &is_new);
  }
  sink->fd = fd;
  error = fd < 0 ? fd : lock_named(fd, path);
  free(path);
  if (error == 0 && !is_new)
    error = adopt(sink, item);
  if (error < 0)
    sink_close(sink);
  return error;
}

/* -- Bytes ----------------------------------------------------------------- */

int64_t sink_resume_offset(const struct sink *sink) {
  return sink->length_bytes > SINK_OVERLAP_BYTES
             ? sink->length_bytes - SINK_OVERLAP_BYTES
             : 0;
}

void sink_seek(struct sink *sink, int64_t offset_bytes) {
  sink->offset_bytes = offset_bytes;
}

int sink_restart(struct sink *sink) {
  sink_flush(sink); /* what became of it does not matter any more */
  if (sink->memory == NULL &&
      (ftruncate(sink->fd, 0) != 0 || lseek(sink->fd, 0, SEEK_SET) < 0))
    return -errno;
  sink->length_bytes = sink->offset_bytes = 0;
  sink->error = 0;
  return 0;
}

/* Compares with what the file holds from the offset on. */
static int compare(struct sink *sink, const char *data, size_t size) {
  char held[4096];
  int error = sink_flush(sink);
  if (error < 0)
    return error;
  if (sink->memory != NULL)
    return memcmp(sink->memory + sink->offset_bytes, data, size) == 0 ? 0
                                                                      : -ESTALE;
  int64_t at = sink->offset_bytes;
  while (size > 0) {
    size_t part = size < sizeof(held) ? size : sizeof(held);
    ssize_t n = pread(sink->fd, held, part, at);
    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0)
      return -errno;
    if (n == 0 || memcmp(held, data, (size_t)n) != 0)
      return -ESTALE;
    data += n;
    at += n;
    size -= (size_t)n;
  }
  return 0;
}

/* The file is less than was taken: what comes now does not belong behind it. */
static int fall_back(struct sink *sink, int error) {
  struct stat st;
  if (fstat(sink->fd, &st) == 0)
    sink->length_bytes = sink->offset_bytes = st.st_size;
  sink->error = error;
  return error;
}

static int give_block(struct sink *sink) {
  struct writer_block *block = sink->block;
  block->fd = sink->fd;
  block->file = &sink->behind;
  sink->block = NULL;
  return writer_give(sink->writer, block);
}

void sink_push(struct sink *sink) {
  if (sink->block != NULL)
    give_block(sink);
}

int sink_flush(struct sink *sink) {
  if (sink->writer == NULL)
    return sink->error;
  sink_push(sink);
  int error = writer_wait(sink->writer, &sink->behind);
  return error < 0 ? fall_back(sink, error) : sink->error;
}

static int append_to_memory(struct sink *sink, const char *data, size_t size) {
  if (size > sink->memory_bytes - (size_t)sink->length_bytes)
    return -EFBIG;
  memcpy(sink->memory + sink->length_bytes, data, size);
  return 0;
}

/* Without a block, as all are under way, the caller writes, and in order. */
static int append_to_file(struct sink *sink, const char *data, size_t size) {
  while (size > 0) {
    struct writer_block *block = sink->block;
    if (block == NULL && sink->writer != NULL)
      block = sink->block = writer_take(sink->writer);
    if (block == NULL) {
      int error = sink_flush(sink);
      return error < 0 ? error : write_all(sink->fd, data, size);
    }
    size_t part = sizeof(block->bytes) - block->size;
    if (part > size)
      part = size;
    memcpy(block->bytes + block->size, data, part);
    block->size += part;
    if (block->size == sizeof(block->bytes) && give_block(sink) < 0)
      return sink_flush(sink);
    data += part;
    size -= part;
  }
  /* No more is kept back, and lost by a SIGKILL, than there has to be. */
  if (sink->block != NULL && writer_is_idle(sink->writer, &sink->behind))
    give_block(sink);
  return 0;
}

static int append(struct sink *sink, const char *data, size_t size) {
  bool is_in_memory = sink->memory != NULL;
  if (sink->error < 0)
    return sink->error;
  int error = is_in_memory ? append_to_memory(sink, data, size)
                           : append_to_file(sink, data, size);
  if (error < 0)
    return is_in_memory ? error : fall_back(sink, error);
  sink->length_bytes += (int64_t)size;
  sink->offset_bytes += (int64_t)size;
  return 0;
}

int sink_write(struct sink *sink, const void *data, size_t size_bytes) {
  const char *bytes = data;
  size_t held = 0;
  if (sink->offset_bytes < sink->length_bytes) {
    int64_t left = sink->length_bytes - sink->offset_bytes;
    held = (int64_t)size_bytes < left ? size_bytes : (size_t)left;
    int error = compare(sink, bytes, held);
    if (error < 0)
      return error;
    sink->offset_bytes += (int64_t)held;
  }
  return append(sink, bytes + held, size_bytes - held);
}

/* -- Without a name -------------------------------------------------------- */

#ifdef O_TMPFILE

static int open_unnamed(const char *target) {
  char *directory = strdup(target);
  if (directory == NULL)
    return -ENOMEM;
  *strrchr(directory, '/') = '\0';
  int fd = open(*directory != '\0' ? directory : "/",
                O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  int error = -errno;
  free(directory);
  return fd >= 0 ? fd : error;
}

/* What hinders it, if it is not that there are no such files, hinders
 * sink_open() too, which is for the caller to try. */
static bool create_unnamed(struct sink *sink, const struct item *item) {
  sink->fd = -1;
  if (check_links(item) == 0 && publish_can_link())
    sink->fd = open_unnamed(item->target);
  sink->is_unnamed = sink->fd >= 0;
  return sink->is_unnamed;
}

#else

static bool create_unnamed(struct sink *sink, const struct item *item) {
  (void)sink, (void)item;
  return false;
}

#endif

int sink_create(struct sink *sink, const struct item *item,
                int64_t size_bytes) {
  *sink = (struct sink){.fd = -1};
  if (size_bytes >= 0 && size_bytes <= SINK_MEMORY_BYTES) {
    sink->memory_bytes = size_bytes > 0 ? (size_t)size_bytes : 1;
    sink->memory = malloc(sink->memory_bytes);
  }
  if (sink->memory != NULL || create_unnamed(sink, item))
    return 0;
  return sink_open(sink, item);
}

int sink_spill(struct sink *sink, const struct item *item) {
  struct sink file = {.fd = -1};
  if (sink->memory == NULL)
    return 0;
  int error = create_unnamed(&file, item) ? 0 : sink_open(&file, item);
  if (error == 0 && file.length_bytes > 0)
    error = sink_restart(&file);
  if (error == 0)
    error = append(&file, sink->memory, (size_t)sink->length_bytes);
  if (error < 0) {
    sink_discard(&file, item);
    return error;
  }
  free(sink->memory);
  file.offset_bytes = sink->offset_bytes;
  file.writer = sink->writer;
  *sink = file;
  return 0;
}

/* A part that nobody holds was left by a process that was killed. */
static int remove_left_over(const char *path, const struct item *item) {
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0)
    return -errno;
  int64_t size;
  int error = lock_named(fd, path);
  if (error == 0)
    error = examine(fd, item, &size);
  if (error == 0 && unlink(path) != 0)
    error = -errno;
  close(fd);
  return error;
}

int sink_remove_left_over(const struct item *item) {
  char *path = item_part_path(item);
  if (path == NULL)
    return -ENOMEM;
  int error = remove_left_over(path, item);
  free(path);
  return error == -ENOENT ? 0 : error;
}

int sink_name(struct sink *sink, const struct item *item) {
  int error = sink_spill(sink, item);
  if (error < 0 || !sink->is_unnamed)
    return error;
  char *path = item_part_path(item);
  if (path == NULL)
    return -ENOMEM;
  flock(sink->fd, LOCK_EX | LOCK_NB); /* nobody else knows it */
  error = publish_link(sink->fd, path);
  if (error == -EEXIST && (error = remove_left_over(path, item)) == 0)
    error = publish_link(sink->fd, path);
  free(path);
  sink->is_unnamed = error < 0;
  return error;
}

/* -- Closing --------------------------------------------------------------- */

int sink_release(struct sink *sink) {
  sink_flush(sink);
  int fd = sink->fd;
  sink->fd = -1;
  return fd;
}

char *sink_release_memory(struct sink *sink) {
  char *memory = sink->memory;
  sink->memory = NULL;
  return memory;
}

bool sink_is_open(const struct sink *sink) {
  return sink->fd >= 0 || sink->memory != NULL;
}

const char *sink_problem(int error) {
  if (error == -EBUSY)
    return "another process is downloading this file";
  return strerror(-error);
}

/* Under the lock, so that the part is still ours. */
void sink_discard(struct sink *sink, const struct item *item) {
  char *path = sink->fd >= 0 && !sink->is_unnamed ? item_part_path(item) : NULL;
  if (path != NULL)
    unlink(path);
  free(path);
  sink_close(sink);
  sink->length_bytes = 0;
}

void sink_close(struct sink *sink) {
  int saved_errno = errno;
  sink_flush(sink);
  if (sink->fd >= 0)
    close(sink->fd);
  sink->fd = -1;
  free(sink->memory);
  sink->memory = NULL;
  errno = saved_errno;
}
