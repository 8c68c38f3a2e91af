/* trap_guard_storm.c: eight threads break pipes under guards while another
 * process sends SIGPIPEs: none of the former is heard of, each of the latter.
 *
 * The sender waits until one is heard of before it sends the next, as the
 * kernel keeps but one; what is lost stops it for good. */
#include <belay/sigpipe.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "unit/signal_help.h"

enum { THREADS = 8 };

/* Shared with the sender. */
static struct {
  atomic_long heard;
  atomic_bool stop;
} * shared;

static void hear(int signo) {
  (void)signo;
  atomic_fetch_add(&shared->heard, 1);
}

static void share(void) {
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED);
}

/* At least so many, and until it is told to stop. */
static pid_t start_sender(long least) {
  pid_t child = test_fork();
  if (child != 0)
    return child;
  for (long i = 1; i <= least || !atomic_load(&shared->stop); i++) {
    kill(getppid(), SIGPIPE);
    while (atomic_load(&shared->heard) < i)
      sched_yield();
    if (atomic_load(&shared->heard) != i)
      _exit(2); /* one of the threads' own */
  }
  _exit(0);
}

static void change_mask(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

/* -- Eight threads --------------------------------------------------------- */

struct work {
  int broken, whole; /* fds to write to */
  int rounds;
};

/* Threads are started with it blocked.  ThreadSanitizer drops what reaches one
 * that it is still starting, and calls handlers at the next wait. */
static void begin_hearing(void) {
  change_mask(SIG_UNBLOCK);
}

static void end_hearing(void) {
  change_mask(SIG_BLOCK);
  poll(NULL, 0, 0);
}

static void *break_them(void *argument) {
  const struct work *work = argument;
  begin_hearing();
  for (int i = 0; i < work->rounds; i++) {
    struct belay_sigpipe_guard guard;
    belay_sigpipe_begin(&guard);
    CHECK(write(work->broken, "x", 1) < 0 && errno == EPIPE);
    belay_sigpipe_end(&guard);
  }
  end_hearing();
  return NULL;
}

/* Most writes do not break: then whatever is pending is somebody else's. */
static void *break_some(void *argument) {
  const struct work *work = argument;
  begin_hearing();
  for (int i = 0; i < work->rounds; i++) {
    struct belay_sigpipe_guard outer, inner;
    belay_sigpipe_begin(&outer);
    belay_sigpipe_begin(&inner);
    int fd = i % 5 == 0 ? work->broken : work->whole;
    CHECK_EQ(write(fd, "x", 1), fd == work->whole ? 1 : -1);
    belay_sigpipe_end(&inner);
    if (i % 7 == 0)
      CHECK(write(work->broken, "x", 1) < 0 && errno == EPIPE);
    belay_sigpipe_end(&outer);
  }
  end_hearing();
  return NULL;
}

/* By belay_write(), in whatever way it does it. */
static void *break_by_us(void *argument) {
  const struct work *work = argument;
  begin_hearing();
  for (int i = 0; i < work->rounds; i++)
    CHECK_ERR(belay_write(work->broken, "x", 1), -EPIPE);
  end_hearing();
  return NULL;
}

/* While this thread has SIGPIPE blocked, every one finds a thread that is, or
 * has just been, in a guard. */
static void check_storm(void *(*run)(void *), int rounds, bool blocked_here) {
  pthread_t threads[THREADS];
  int fds[2];
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  close(fds[0]);
  struct work work = {.broken = fds[1],
                      .whole = open("/dev/null", O_WRONLY | O_CLOEXEC),
                      .rounds = rounds};
  CHECK_OK(work.whole);
  share();
  set_handler(SIGPIPE, hear);
  struct sigaction before = disposition(SIGPIPE);
  change_mask(SIG_BLOCK);
  for (int i = 0; i < THREADS; i++)
    threads[i] = start_thread(run, &work);
  if (!blocked_here)
    change_mask(SIG_UNBLOCK);
  pid_t child = start_sender(blocked_here ? 1 : 100);
  for (int i = 0; i < THREADS; i++)
    join_thread(threads[i]);
  atomic_store(&shared->stop, true);
  change_mask(SIG_UNBLOCK);
  CHECK_EQ(test_wait_exit(child), 0);
  struct sigaction after = disposition(SIGPIPE);
  CHECK(after.sa_handler == before.sa_handler);
  CHECK_EQ(after.sa_flags, before.sa_flags);
  set_handler(SIGPIPE, SIG_DFL);
  close(work.broken);
  close(work.whole);
}

TEST_SLOW(of_writes_that_all_break_none_is_heard_of, 60) {
  check_storm(break_them, test_scale(100000), true);
}

TEST_SLOW(of_writes_that_all_break_none_is_heard_of_elsewhere, 60) {
  check_storm(break_them, test_scale(20000), false);
}

TEST_SLOW(while_some_writes_break_each_foreign_one_is_heard_of, 60) {
  check_storm(break_some, test_scale(20000), true);
}

TEST_SLOW(our_own_calls_keep_every_foreign_one, 60) {
  check_storm(break_by_us, test_scale(50000), true);
}

/* -- Handlers in the middle ------------------------------------------------ */

static struct work in_handler;
static atomic_bool over;

static void write_in_handler(int signo) {
  int saved_errno = errno;
  struct belay_sigpipe_guard guard;
  (void)signo;
  CHECK_ERR(belay_write(in_handler.broken, "x", 1), -EPIPE);
  belay_sigpipe_begin(&guard);
  CHECK(write(in_handler.broken, "x", 1) < 0 && errno == EPIPE);
  belay_sigpipe_end(&guard);
  errno = saved_errno;
}

static void *interrupt(void *thread) {
  while (!atomic_load(&over))
    CHECK_EQ(pthread_kill(*(pthread_t *)thread, SIGUSR1), 0);
  return NULL;
}

/* Wherever begin() and end() are. */
TEST_SLOW(handlers_with_guards_of_their_own_interrupt_guards_anywhere, 60) {
  int fds[2];
  pthread_t self = pthread_self();
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  close(fds[0]);
  in_handler = (struct work){.broken = fds[1],
                             .whole = open("/dev/null", O_WRONLY | O_CLOEXEC),
                             .rounds = test_scale(50000)};
  share();
  set_handler(SIGPIPE, hear);
  set_handler(SIGUSR1, write_in_handler);
  pthread_t thread = start_thread(interrupt, &self);
  break_some(&in_handler);
  break_them(&in_handler);
  begin_hearing();
  atomic_store(&over, true);
  join_thread(thread);
  CHECK_EQ(atomic_load(&shared->heard), 0);
  set_handler(SIGUSR1, SIG_DFL);
  set_handler(SIGPIPE, SIG_DFL);
  close(in_handler.broken);
  close(in_handler.whole);
}
