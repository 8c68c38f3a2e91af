/*
 * fdatasync() for few files, syncfs() for many, and a small pool of threads
 * that call them.  The pool owns a piece of work from workers_do() until it
 * posts it; nothing else is shared with it.
 */
#include "sync.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- Syncing --------------------------------------------------------------- */

/* Pipes, some network and user-space file systems do not know syncing. */
static int meaning_of(int error) {
  bool unknown =
      error == EINVAL || error == ENOSYS || error == ENOTSUP || error == EROFS;
  return unknown ? 0 : -error;
}

int sync_file(int fd) {
  while (fdatasync(fd) < 0) {
    if (errno != EINTR)
      return meaning_of(errno);
  }
  return 0;
}

int sync_path(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return -errno;
  int r = 0;
  while (fsync(fd) < 0) {
    if (errno != EINTR) {
      r = meaning_of(errno);
      break;
    }
  }
  close(fd);
  return r;
}

#ifdef __linux__

static int sync_file_system(int fd) {
  return syncfs(fd) < 0 ? meaning_of(errno) : 0;
}

/* The error of the files before `count` that are on the same file system as
 * this one; 1 if there is none such. */
static int known_error(const dev_t *devices, const int *errors, size_t count,
                       dev_t device) {
  for (size_t i = 0; i < count; i++) {
    if (devices[i] == device)
      return errors[i];
  }
  return 1;
}

static void sync_file_systems(const int *fds, size_t count, int *ret_errors,
                              dev_t *devices) {
  for (size_t i = 0; i < count; i++) {
    struct stat status;
    devices[i] = 0;
    if (fstat(fds[i], &status) < 0) {
      ret_errors[i] = -errno;
      continue;
    }
    int r = known_error(devices, ret_errors, i, status.st_dev);
    ret_errors[i] = r <= 0 ? r : sync_file_system(fds[i]);
    devices[i] = status.st_dev;
  }
}

void sync_many(const int *fds, size_t count, int *ret_errors) {
  dev_t *devices =
      count > SYNC_MAX_SINGLE ? malloc(count * sizeof *devices) : NULL;
  if (devices) {
    sync_file_systems(fds, count, ret_errors, devices);
  } else {
    for (size_t i = 0; i < count; i++)
      ret_errors[i] = sync_file(fds[i]);
  }
  free(devices);
}

#else

void sync_many(const int *fds, size_t count, int *ret_errors) {
  for (size_t i = 0; i < count; i++)
    ret_errors[i] = sync_file(fds[i]);
}

#endif

/* -- Workers --------------------------------------------------------------- */

static void *worker_main(void *argument) {
  struct workers *workers = argument;
  pthread_mutex_lock(&workers->lock);
  for (;;) {
    struct mail *mail = mail_take(&workers->todo);
    if (mail) {
      workers->waiting--;
      pthread_mutex_unlock(&workers->lock);
      struct work *work = (struct work *)mail;
      work->run(work);
      mailbox_post(workers->done, mail);
      pthread_mutex_lock(&workers->lock);
    } else if (workers->closing) {
      break;
    } else {
      workers->idle++;
      pthread_cond_wait(&workers->wanted, &workers->lock);
      workers->idle--;
    }
  }
  pthread_mutex_unlock(&workers->lock);
  return NULL;
}

static void start_worker(struct workers *workers) {
  pthread_t *thread = &workers->threads[workers->count];
  if (pthread_create(thread, NULL, worker_main, workers) == 0)
    workers->count++;
}

void workers_init(struct workers *workers, struct mailbox *done) {
  *workers = (struct workers){
      .lock = PTHREAD_MUTEX_INITIALIZER,
      .wanted = PTHREAD_COND_INITIALIZER,
      .done = done,
  };
}

void workers_do(struct workers *workers, struct work *work) {
  pthread_mutex_lock(&workers->lock);
  if (workers->waiting >= workers->idle && workers->count < SYNC_WORKERS)
    start_worker(workers);
  bool anybody = workers->count > 0;
  if (anybody) {
    mail_append(&workers->todo, &work->mail);
    workers->waiting++;
    pthread_cond_signal(&workers->wanted);
  }
  pthread_mutex_unlock(&workers->lock);
  if (!anybody) {
    work->run(work);
    mailbox_post(workers->done, &work->mail);
  }
}

void workers_close(struct workers *workers) {
  pthread_mutex_lock(&workers->lock);
  workers->closing = true;
  pthread_cond_broadcast(&workers->wanted);
  pthread_mutex_unlock(&workers->lock);
  for (size_t i = 0; i < workers->count; i++)
    pthread_join(workers->threads[i], NULL);
  workers->count = 0;
  pthread_cond_destroy(&workers->wanted);
  pthread_mutex_destroy(&workers->lock);
}
