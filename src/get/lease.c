/*
 * One byte of the lock file for each run.  Runs are numbered at random, so
 * nothing needs to be counted and an old number does not come back.
 *
 * Open-file locks, where the system has them, belong to the open file rather
 * than to the process: a file that some other code of the process opens and
 * closes does not drop them.
 */
#include "lease.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#ifdef F_OFD_SETLK
#define SET_LOCK F_OFD_SETLK
#define GET_LOCK F_OFD_GETLK
#else
#define SET_LOCK F_SETLK
#define GET_LOCK F_GETLK
#endif

/* Fits an off_t of any width, and is never 0. */
#define RUN_MASK INT64_C(0x7ffffffe)

static struct flock lock_of(int64_t run) {
  struct flock lock;
  memset(&lock, 0, sizeof lock);
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = (off_t)run;
  lock.l_len = 1;
  return lock;
}

/* Tries numbers until one is not in use by a process that lives. */
static int take_number(struct lease *lease) {
  for (;;) {
    uint32_t random;
    if (getentropy(&random, sizeof random) < 0)
      return -errno;
    int64_t run = (random & RUN_MASK) + 1;
    struct flock lock = lock_of(run);
    if (fcntl(lease->fd, SET_LOCK, &lock) == 0) {
      lease->run = run;
      return 0;
    }
    if (errno != EAGAIN && errno != EACCES && errno != EINTR)
      return -errno;
  }
}

int lease_take(struct lease *lease, const char *path) {
  lease->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lease->fd < 0)
    return -errno;
  int r = take_number(lease);
  if (r < 0)
    lease_drop(lease);
  return r;
}

int lease_look(struct lease *lease, const char *path) {
  lease->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (lease->fd < 0 && errno != ENOENT)
    return -errno;
  return 0;
}

bool lease_lives(struct lease *lease, int64_t run) {
  if (run <= 0 || lease->fd < 0)
    return false;
  if (run == lease->run)
    return true;
  if (run != lease->asked) {
    struct flock lock = lock_of(run);
    lease->asked = run;
    /* Who cannot be asked for is taken to be alive: waiting is the error that
     * does no harm. */
    lease->lives =
        fcntl(lease->fd, GET_LOCK, &lock) < 0 || lock.l_type != F_UNLCK;
  }
  return lease->lives;
}

void lease_drop(struct lease *lease) {
  if (lease->fd >= 0)
    close(lease->fd);
  *lease = (struct lease)LEASE_INIT;
}
