/*
 * writer.c: a C library that writes on a thread of its own, guarded by one of
 * belay's scopes or by none.
 */
#include <belay/sigpipe.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

struct job {
  int fd;
  char scope; /* 'p'lain, 'c'all or 't'hread */
  int error;
};

static ssize_t write_plainly(int fd) {
  ssize_t n = write(fd, "hello", 5);
  return n < 0 ? -errno : n;
}

static ssize_t write_guarded(int fd) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  ssize_t n = write_plainly(fd);
  belay_sigpipe_end(&guard);
  return n;
}

static ssize_t write_once(const struct job *job) {
  switch (job->scope) {
    case 'c':
      return belay_write(job->fd, "hello", 5);
    case 't':
      return write_guarded(job->fd);
    default:
      return write_plainly(job->fd);
  }
}

/* TCP takes what comes before the reset that it provokes. */
static void *write_until_it_fails(void *data) {
  struct job *job = data;
  ssize_t n;
  do {
    n = write_once(job);
  } while (n > 0);
  job->error = (int)-n;
  return NULL;
}

/* Returns the errno of the write that failed. */
int c_write(int fd, char scope);
int c_write(int fd, char scope) {
  struct job job = {.fd = fd, .scope = scope};
  pthread_t thread;
  int error = pthread_create(&thread, NULL, write_until_it_fails, &job);
  if (error == 0)
    error = pthread_join(thread, NULL);
  return error != 0 ? error : job.error;
}
