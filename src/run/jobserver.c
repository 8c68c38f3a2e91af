/*
 * jobserver.c: tokens are bytes in a pipe that all of a make's descendants
 * share, flags included: whoever made it non-blocking would do so for all, and
 * whoever reads it when another was faster waits.  So a byte is moved by
 * splice(), which need not wait, into a pipe of our own.
 *
 * Invariant: every byte that was taken is in `held`, and goes back as it is.
 */
#include "jobserver.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/refuse.h"
#include "cli/write.h"

struct jobserver {
  int reading, writing; /* -1: make has no other token than ours */
  int own[2];
  char *fifo; /* NULL: the fds were given to us, and are not closed */
  unsigned char *held;
  size_t count, capacity;
};

/* -- What make says -------------------------------------------------------- */

/* The value of an option of MAKEFLAGS, the last of its name, up to a blank;
 * what follows "--" are variables.  NULL: there is none. */
static const char *find_flag(const char *flags, const char *name) {
  const char *found = NULL;
  size_t size = strlen(name);
  for (const char *word = flags; *word != '\0'; word += strcspn(word, " ")) {
    word += strspn(word, " ");
    if (strncmp(word, "-- ", 3) == 0)
      break;
    if (strncmp(word, name, size) == 0)
      found = word + size;
  }
  return found;
}

static const char *make_flags(void) {
  const char *flags = getenv("MAKEFLAGS");
  return flags != NULL ? flags : "";
}

/* "3,4", "fifo:/tmp/GMfifo17"; NULL */
static const char *find_auth(void) {
  const char *found = find_flag(make_flags(), "--jobserver-auth=");
  return found != NULL ? found : find_flag(make_flags(), "--jobserver-fds=");
}

/* "-j" alone: as many as there are.  In the first word letters have no dash. */
static bool is_unlimited(void) {
  const char *found = find_flag(make_flags(), "-j");
  return found != NULL && (*found == ' ' || *found == '\0');
}

/* An end of a pipe that we were started with: what we opened ourselves closes
 * on exec, and only seems to be make's because it has the number. */
static bool is_end(int fd, int mode, struct stat *status) {
  int flags = fcntl(fd, F_GETFL), closes = fcntl(fd, F_GETFD);
  return flags >= 0 && closes >= 0 && (closes & FD_CLOEXEC) == 0 &&
         ((flags & O_ACCMODE) == mode || (flags & O_ACCMODE) == O_RDWR) &&
         fstat(fd, status) == 0 && S_ISFIFO(status->st_mode);
}

/* "3,4" */
static bool read_fds(const char *auth, int fds[2]) {
  char *end;
  fds[0] = (int)strtol(auth, &end, 10);
  if (end == auth || *end != ',')
    return false;
  const char *second = end + 1;
  fds[1] = (int)strtol(second, &end, 10);
  return end != second;
}

bool jobserver_has_fds(int fds[2]) {
  const char *auth = find_auth();
  struct stat reading, writing;
  return auth != NULL && read_fds(auth, fds) &&
         is_end(fds[0], O_RDONLY, &reading) &&
         is_end(fds[1], O_WRONLY, &writing) && reading.st_ino == writing.st_ino;
}

/* -- Beginning ------------------------------------------------------------- */

/* Opened for both, so that it never has lost its last writer. */
static int open_fifo(struct jobserver *jobserver, const char *path,
                     char **ret_error) {
  struct stat status;
  int error = 0;
  jobserver->fifo = strndup(path, strcspn(path, " "));
  if (jobserver->fifo == NULL)
    return -ENOMEM;
  int fd = open(jobserver->fifo, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  jobserver->reading = jobserver->writing = fd;
  if (fd < 0 || fstat(fd, &status) != 0)
    error = -errno;
  else if (!S_ISFIFO(status.st_mode))
    error = -EINVAL;
  if (error < 0)
    refuse(ret_error, "make's jobserver %s: %s", jobserver->fifo,
           error == -EINVAL ? "is no fifo" : strerror(-error));
  return error;
}

static int open_ends(struct jobserver *jobserver, const char *auth,
                     char **ret_error) {
  int fds[2];
  if (strncmp(auth, "fifo:", 5) == 0)
    return open_fifo(jobserver, auth + 5, ret_error);
  if (!jobserver_has_fds(fds)) {
    refuse(ret_error,
           "make gave us no jobserver; put + before the rule's command");
    return -ENOENT;
  }
  jobserver->reading = fds[0];
  jobserver->writing = fds[1];
  return 0;
}

int jobserver_open(struct jobserver **ret_jobserver, char **ret_error) {
  const char *auth = find_auth();
  if (auth == NULL && getenv("MAKELEVEL") == NULL) {
    refuse(ret_error,
           "--jobs-from-make: no make has started us; -j N sets how "
           "many run at once");
    return -ENOENT;
  }
  if (auth == NULL && is_unlimited())
    return 0;
  struct jobserver *jobserver = calloc(1, sizeof(*jobserver));
  if (jobserver == NULL)
    return -ENOMEM;
  jobserver->reading = jobserver->writing = -1;
  jobserver->own[0] = jobserver->own[1] = -1;
  int error = auth != NULL ? open_ends(jobserver, auth, ret_error) : 0;
  if (error == 0 && pipe2(jobserver->own, O_CLOEXEC | O_NONBLOCK) != 0)
    error = -errno;
  if (error < 0)
    jobserver_close(jobserver);
  else
    *ret_jobserver = jobserver;
  return error;
}

/* -- Tokens ---------------------------------------------------------------- */

/* Before it is taken there is a place for it. */
static int make_room(struct jobserver *jobserver) {
  if (jobserver->count < jobserver->capacity)
    return 0;
  size_t capacity = jobserver->capacity * 2 + 16;
  unsigned char *larger = realloc(jobserver->held, capacity);
  if (larger == NULL)
    return -ENOMEM;
  jobserver->held = larger;
  jobserver->capacity = capacity;
  return 0;
}

int jobserver_take(struct jobserver *jobserver) {
  if (jobserver->reading < 0)
    return 0;
  int error = make_room(jobserver);
  if (error < 0)
    return error;
  ssize_t n;
  do
    n = splice(jobserver->reading, NULL, jobserver->own[1], NULL, 1,
               SPLICE_F_NONBLOCK);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return n == 0 || errno == EAGAIN ? 0 : -errno;
  if (read(jobserver->own[0], jobserver->held + jobserver->count, 1) != 1)
    return -EIO;
  jobserver->count++;
  return 1;
}

void jobserver_give(struct jobserver *jobserver) {
  if (jobserver == NULL || jobserver->count == 0)
    return;
  jobserver->count--;
  write_all(jobserver->writing, jobserver->held + jobserver->count, 1);
}

int jobserver_fd(const struct jobserver *jobserver) {
  return jobserver->reading;
}

void jobserver_close(struct jobserver *jobserver) {
  if (jobserver == NULL)
    return;
  while (jobserver->count > 0)
    jobserver_give(jobserver);
  if (jobserver->fifo != NULL && jobserver->reading >= 0)
    close(jobserver->reading);
  for (int i = 0; i < 2; i++)
    if (jobserver->own[i] >= 0)
      close(jobserver->own[i]);
  free(jobserver->fifo);
  free(jobserver->held);
  free(jobserver);
}
