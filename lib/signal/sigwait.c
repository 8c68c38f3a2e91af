/*
 * sigwait.c: blocked signals, taken from the kernel's queue.
 *
 * Nothing is kept here but which signals they are; the kernel has the rest.
 * Invariant: a signal that open() accepted is blocked in every thread that the
 * process had then.
 */
#include <belay/sigwait.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/lock.h"
#include "base/owner.h"
#include "signal/info.h"
#include "signal/registry.h"
#include "signal/signalfd.h"
#include "signal/threads.h"

struct belay_sigwait {
  sigset_t set;
  sigset_t blocked; /* of them, those that were not blocked before */
  int fd;           /* negative: the system has none */
  unsigned generation;
};

static int collect(const int *signals, unsigned flags, sigset_t *ret_set) {
  sigemptyset(ret_set);
  for (const int *signo = signals; *signo != 0; signo++) {
    if (belay__registry_check(*signo) < 0)
      return -EINVAL;
    if (!belay__registry_is_left_ignored(*signo, flags))
      sigaddset(ret_set, *signo);
  }
  return 0;
}

static void block(struct belay_sigwait *sigwait) {
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &sigwait->set, &before);
  sigwait->blocked = sigwait->set;
  for (int signo = 1; signo < BELAY__NSIG; signo++)
    if (sigismember(&before, signo) == 1)
      sigdelset(&sigwait->blocked, signo);
}

static int prepare(struct belay_sigwait *sigwait, const int *signals,
                   unsigned flags) {
  int error = collect(signals, flags, &sigwait->set);
  if (error == 0)
    error = belay__registry_generation(&sigwait->generation);
  if (error == 0 && !belay__threads_block(&sigwait->set))
    error = -EBUSY;
  if (error < 0)
    return error;
  sigwait->fd = belay__signalfd_open(&sigwait->set);
  return sigwait->fd == -ENOSYS || sigwait->fd >= 0 ? 0 : sigwait->fd;
}

int belay_sigwait_open(const int *signals, unsigned flags,
                       struct belay_sigwait **ret_sigwait) {
  if ((flags & ~BELAY_SIGNAL_FORCE) != 0)
    return -EINVAL;
  struct belay_sigwait *sigwait = calloc(1, sizeof(*sigwait));
  if (sigwait == NULL)
    return -ENOMEM;
  int cancel_state = belay__cancel_disable();
  int error = prepare(sigwait, signals, flags);
  belay__cancel_restore(cancel_state);
  if (error < 0) {
    free(sigwait);
    return error;
  }
  block(sigwait);
  *ret_sigwait = sigwait;
  return 0;
}

int belay_sigwait_fd(const struct belay_sigwait *sigwait) {
  return sigwait->fd;
}

/* One system call: 1, 0, or -errno.  NULL waits for ever. */
static int take(const struct belay_sigwait *sigwait,
                const struct timespec *timeout,
                struct belay_siginfo *ret_info) {
  siginfo_t info;
  int saved_errno = errno;
  int signo = sigtimedwait(&sigwait->set, &info, timeout);
  int error = signo < 0 ? -errno : 0;
  errno = saved_errno;
  if (error < 0)
    return error == -EAGAIN ? 0 : error;
  *ret_info = belay__info_from(signo, &info);
  return 1;
}

int belay_sigwait_read(struct belay_sigwait *sigwait,
                       struct belay_siginfo *ret_info) {
  return belay_sigwait_wait(sigwait, 0, ret_info);
}

int belay_sigwait_wait(struct belay_sigwait *sigwait, int64_t timeout_ns,
                       struct belay_siginfo *ret_info) {
  if (sigwait->generation != belay__owner_generation())
    return -ECHILD;
  int64_t deadline =
      timeout_ns > 0 ? belay__clock_add(belay__clock_now(), timeout_ns) : 0;
  int64_t left = timeout_ns;
  for (;;) {
    struct timespec timeout = belay__clock_timespec(left > 0 ? left : 0);
    int result = take(sigwait, timeout_ns < 0 ? NULL : &timeout, ret_info);
    if (result != -EINTR)
      return result;
    if (timeout_ns > 0)
      left = deadline - belay__clock_now();
  }
}

void belay_sigwait_free(struct belay_sigwait *sigwait) {
  if (sigwait == NULL)
    return;
  if (sigwait->fd >= 0)
    belay__fd_close(sigwait->fd);
  pthread_sigmask(SIG_UNBLOCK, &sigwait->blocked, NULL);
  free(sigwait);
}
