/*
 * wait_epoll.c (Linux): epoll_pwait2() (Linux 5.11) waits in nanoseconds;
 * where it is missing, epoll_wait() in milliseconds, rounded up.
 *
 * It is called by number, as C libraries got a function for it late; that a
 * thread can be cancelled in it, but not when it only looks, is for us to
 * arrange, as they do.  Under
 * ThreadSanitizer only epoll_wait() will do: signal handlers run in the calls
 * that it knows, and it knows no system call by number.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/clock.h"
#include "base/nap.h"
#include "base/wait.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#endif

#if defined(SYS_epoll_pwait2) && !defined(UNDER_TSAN) && \
    defined(__SIZEOF_POINTER__) && __SIZEOF_POINTER__ == 8
/* True until the kernel says that it does not know it. */
static atomic_bool has_nanoseconds = true;

static long call(int fd, struct epoll_event *events, int count,
                 const struct timespec *timeout, const void *napper) {
  if (napper != NULL && belay__nap_is_possible())
    return belay__nap(fd, events, count, timeout, napper);
  long n = syscall(SYS_epoll_pwait2, fd, events, count, timeout, NULL, 0);
  return n < 0 ? -errno : n;
}

static long call_to_be_cancelled(int fd, struct epoll_event *events, int count,
                                 const struct timespec *timeout,
                                 const void *napper) {
  int cancel_type;
  pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &cancel_type);
  long n = call(fd, events, count, timeout, napper);
  pthread_setcanceltype(cancel_type, &cancel_type);
  return n;
}

static bool wait_nanoseconds(int fd, struct epoll_event *events, int count,
                             int64_t timeout_ns, const void *napper, int *ret) {
  if (!atomic_load_explicit(&has_nanoseconds, memory_order_relaxed))
    return false;
  struct timespec timeout =
      belay__clock_timespec(timeout_ns > 0 ? timeout_ns : 0);
  const struct timespec *at_most = timeout_ns < 0 ? NULL : &timeout;
  *ret = (int)(timeout_ns == 0
                   ? call(fd, events, count, at_most, NULL)
                   : call_to_be_cancelled(fd, events, count, at_most, napper));
  if (*ret != -ENOSYS && *ret != -EPERM) /* so say some filters */
    return true;
  atomic_store(&has_nanoseconds, false);
  return false;
}
#else
static bool wait_nanoseconds(int fd, struct epoll_event *events, int count,
                             int64_t timeout_ns, const void *napper, int *ret) {
  (void)fd, (void)events, (void)count, (void)timeout_ns, (void)napper;
  (void)ret;
  return false;
}
#endif

/* -1 for ever; a day at most, after which the caller looks again anyway. */
static int milliseconds(int64_t timeout_ns) {
  const int64_t day_ns = 86400 * BELAY__NS_PER_S;
  if (timeout_ns < 0)
    return -1;
  if (timeout_ns > day_ns)
    timeout_ns = day_ns;
  return (int)((timeout_ns + BELAY__NS_PER_MS - 1) / BELAY__NS_PER_MS);
}

int belay__wait_epoll(int fd, struct epoll_event *events, int count,
                      int64_t timeout_ns, const void *napper) {
  int n;
  if (wait_nanoseconds(fd, events, count, timeout_ns, napper, &n))
    return n;
  n = epoll_wait(fd, events, count, milliseconds(timeout_ns));
  return n < 0 ? -errno : n;
}
