/*
 * report_file.c: a report is written to as it goes along, or whole.
 *
 * What is to be whole is gathered in a file without a name, which goes away
 * with us however we end, in the directory where it will be needed; so it is
 * known before anything starts whether one may write there.  At the end it is
 * copied to a file beside the path, which is then renamed.  Only where the path
 * is no plain file (a device, a fifo, standard output), or may be written
 * although its directory may not, it is copied into what is there.
 */
#include "report_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "cli/refuse.h"
#include "print.h"
#include "report_path.h"
#include "signals.h"

/* -- Opening --------------------------------------------------------------- */

static bool is_stdout(const struct report_file *file) {
  return strcmp(file->path, "-") == 0;
}

/* A fifo's reader is waited for, but not for ever. */
static int open_there(const char *path, int flags) {
  struct stat status;
  flags |= O_WRONLY | O_CLOEXEC | O_NOCTTY;
  bool is_fifo = stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
  int fd = open(path, flags | (is_fifo ? O_NONBLOCK : 0), 0666);
  while (is_fifo && fd < 0 && errno == ENXIO) {
    if (signals_end_is_pending())
      return -EINTR;
    poll(NULL, 0, 10);
    fd = open(path, flags | O_NONBLOCK, 0666);
  }
  if (fd < 0)
    return -errno;
  if (is_fifo)
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  return fd;
}

/* A new file beside the path: its fd, with its name. */
static int create_beside(const char *path, char ret_name[PATH_MAX]) {
  for (int i = 0; i < 100; i++) {
    int n = snprintf(ret_name, PATH_MAX, "%s.%ld-%d", path, (long)getpid(), i);
    if (n < 0 || n >= PATH_MAX)
      return -ENAMETOOLONG;
    int fd = open(ret_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST)
      return fd >= 0 ? fd : -errno;
  }
  return -EEXIST;
}

/* Sets `target` if the path cannot be replaced: an error of the directory, or
 * 0 with `fd`. */
static int open_beside(struct report_file *file) {
  char name[PATH_MAX];
  file->fd = create_beside(file->path, name);
  if (file->fd >= 0) {
    unlink(name);
    return 0;
  }
  if (file->fd == -EACCES || file->fd == -EPERM || file->fd == -EROFS)
    file->target = open_there(file->path, 0);
  return file->target >= 0 ? 0 : file->fd;
}

static int open_whole(struct report_file *file) {
  struct stat status;
  int error = 0;
  if (is_stdout(file)) {
    file->target = STDOUT_FILENO;
  } else if (stat(file->path, &status) == 0 && !S_ISREG(status.st_mode)) {
    file->target = open_there(file->path, 0);
    error = file->target < 0 ? file->target : 0;
  } else {
    error = open_beside(file);
  }
  if (error == 0 && file->target >= 0)
    file->fd = capture_open();
  return error < 0 ? error : file->fd < 0 ? file->fd : 0;
}

static int open_stream(struct report_file *file) {
  file->fd = is_stdout(file) ? STDOUT_FILENO
                             : open_there(file->path, O_CREAT | O_TRUNC);
  return file->fd < 0 ? file->fd : 0;
}

/* -- Writing --------------------------------------------------------------- */

/* Without SIGPIPE, which would wait until our signals are unblocked. */
static ssize_t put(void *cookie, const char *data, size_t size) {
  struct report_file *file = cookie;
  if (file->error == 0)
    file->error = print_all(file->fd, data, size);
  return (ssize_t)size;
}

static int open_out(struct report_file *file) {
  static const cookie_io_functions_t functions = {.write = put};
  file->out = fopencookie(file, "w", functions);
  if (file->out == NULL)
    return -ENOMEM;
  setvbuf(file->out, file->buffer, _IOFBF, sizeof(file->buffer));
  return 0;
}

void report_file_flush(struct report_file *file) {
  fflush(file->out);
}

/* -- The whole of it ------------------------------------------------------- */

static int copy(const struct report_file *file, int to) {
  int error =
      file->head != NULL ? print_all(to, file->head, strlen(file->head)) : 0;
  return error == 0 ? capture_copy(file->fd, capture_size(file->fd), to)
                    : error;
}

static int copy_and_close(const struct report_file *file, int to) {
  int error = copy(file, to);
  if (close(to) < 0 && error == 0)
    error = -errno;
  return error;
}

static int copy_into(struct report_file *file) {
  struct stat status;
  if (file->target == STDOUT_FILENO)
    return copy(file, STDOUT_FILENO);
  if (fstat(file->target, &status) == 0 && S_ISREG(status.st_mode) &&
      ftruncate(file->target, 0) < 0)
    return -errno;
  int to = file->target;
  file->target = -1;
  return copy_and_close(file, to);
}

/* A path that is mounted by itself cannot be replaced, but written. */
static int replace(struct report_file *file) {
  char name[PATH_MAX];
  int to = create_beside(file->path, name);
  if (to < 0)
    return to;
  int error = copy_and_close(file, to);
  if (error == 0 && rename(name, file->path) == 0)
    return 0;
  if (error == 0)
    error = -errno;
  unlink(name);
  if (error != -EBUSY)
    return error;
  file->target = open_there(file->path, 0);
  return file->target >= 0 ? copy_into(file) : file->target;
}

static void release(struct report_file *file) {
  if (file->out != NULL)
    fclose(file->out);
  if (file->fd > STDOUT_FILENO)
    close(file->fd);
  if (file->target > STDOUT_FILENO)
    close(file->target);
  free(file->path);
  free(file->head);
  free(file);
}

int report_file_end(struct report_file *file) {
  fflush(file->out);
  int error = file->error;
  if (error == 0 && file->way == REPORT_WHOLE)
    error = file->target >= 0 ? copy_into(file) : replace(file);
  release(file);
  return error;
}

void report_file_drop(struct report_file *file) {
  release(file);
}

int report_file_open(const char *option, const char *path, enum report_way way,
                     struct report_file **ret_file, char **ret_error) {
  struct report_file *file = malloc(sizeof(*file));
  if (file == NULL)
    return -ENOMEM;
  file->out = NULL;
  file->head = NULL;
  file->path = report_path_follow(path);
  file->fd = file->target = -1;
  file->error = 0;
  file->way = way;
  int error = file->path == NULL    ? -ENOMEM
              : way == REPORT_WHOLE ? open_whole(file)
                                    : open_stream(file);
  if (error == 0)
    error = open_out(file);
  if (error == 0) {
    *ret_file = file;
    return 0;
  }
  release(file);
  refuse(ret_error, "--%s: %s: %s", option, path, strerror(-error));
  return error;
}
