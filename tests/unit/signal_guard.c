/* signal_guard.c: the guard takes the SIGPIPE of its thread and no other. */
#include <belay/sigpipe.h>
#include <fcntl.h>

#include "unit/signal_help.h"

static int broken_pipe(void) {
  int fds[2];
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  close(fds[0]);
  return fds[1];
}

/* Raises one, as a program does that knows nothing of us. */
static void break_a_pipe(void) {
  int fd = broken_pipe();
  CHECK_EQ(write(fd, "x", 1), -1);
  CHECK_EQ(errno, EPIPE);
  close(fd);
}

static void change_mask(int how) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

static bool is_blocked(void) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  return sigismember(&mask, SIGPIPE) == 1;
}

static bool is_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

static atomic_int sigpipes;

static void count_sigpipe(int signo) {
  (void)signo;
  atomic_fetch_add(&sigpipes, 1);
}

TEST(what_happens_inside_is_not_heard_of) {
  struct belay_sigpipe_guard guard;
  set_handler(SIGPIPE, count_sigpipe);
  for (int writes = 0; writes < 4; writes++) {
    errno = E2BIG;
    belay_sigpipe_begin(&guard);
    CHECK_EQ(errno, E2BIG);
    CHECK(is_blocked());
    for (int i = 0; i < writes; i++)
      break_a_pipe();
    errno = E2BIG;
    belay_sigpipe_end(&guard);
    CHECK_EQ(errno, E2BIG);
    CHECK(!is_blocked());
    CHECK_EQ(sigpipes, 0);
  }
  break_a_pipe();
  CHECK_EQ(sigpipes, 1);
  set_handler(SIGPIPE, SIG_DFL);
}

TEST(guards_nest) {
  struct belay_sigpipe_guard outer, middle, inner;
  set_handler(SIGPIPE, count_sigpipe);
  for (int where = 0; where < 32; where++) {
    belay_sigpipe_begin(&outer);
    if (where & 1)
      break_a_pipe();
    belay_sigpipe_begin(&middle);
    if (where & 2)
      break_a_pipe();
    belay_sigpipe_begin(&inner);
    if (where & 4)
      break_a_pipe();
    belay_sigpipe_end(&inner);
    CHECK(is_blocked());
    if (where & 8)
      break_a_pipe();
    belay_sigpipe_end(&middle);
    CHECK(is_blocked());
    if (where & 16)
      break_a_pipe();
    belay_sigpipe_end(&outer);
    CHECK(!is_blocked());
    CHECK(!is_pending());
  }
  CHECK_EQ(sigpipes, 0);
  set_handler(SIGPIPE, SIG_DFL);
}

/* One was pending before: it still is, and is one. */
static void check_pending_before(void (*make_pending)(void)) {
  struct belay_sigpipe_guard guard;
  set_handler(SIGPIPE, count_sigpipe);
  for (int writes = 0; writes < 3; writes++) {
    sigpipes = 0;
    change_mask(SIG_BLOCK);
    make_pending();
    belay_sigpipe_begin(&guard);
    for (int i = 0; i < writes; i++)
      break_a_pipe();
    belay_sigpipe_end(&guard);
    CHECK(is_blocked());
    CHECK(is_pending());
    CHECK_EQ(sigpipes, 0);
    change_mask(SIG_UNBLOCK);
#ifdef BELAY_TEST_PORTABLE
    CHECK(sigpipes >= 1); /* nothing tells the two apart there */
#else
    CHECK_EQ(sigpipes, 1);
#endif
  }
  set_handler(SIGPIPE, SIG_DFL);
}

static void to_thread(void) {
  raise(SIGPIPE);
}
static void to_process(void) {
  kill(getpid(), SIGPIPE);
}
static void by_write(void) {
  break_a_pipe();
}

TEST(one_that_was_pending_for_the_thread) {
  check_pending_before(to_thread);
}

TEST(one_that_was_pending_for_the_process) {
  check_pending_before(to_process);
}

TEST(one_that_an_earlier_write_left_pending) {
  check_pending_before(by_write);
}

static void *send_to_process(void *argument) {
  pid_t child = test_fork();
  (void)argument;
  if (child == 0) {
    kill(getppid(), SIGPIPE);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  return NULL;
}

TEST(one_of_another_process_comes_afterwards) {
  struct belay_sigpipe_guard guard;
  set_handler(SIGPIPE, count_sigpipe);
  for (int writes = 0; writes < 2; writes++) {
    sigpipes = 0;
    belay_sigpipe_begin(&guard);
    for (int i = 0; i < writes; i++)
      break_a_pipe();
    send_to_process(NULL);
    CHECK_EQ(sigpipes, 0);
    belay_sigpipe_end(&guard);
    CHECK_EQ(sigpipes, 1);
  }
  set_handler(SIGPIPE, SIG_DFL);
}

static void *break_outside(void *argument) {
  (void)argument;
  change_mask(SIG_UNBLOCK); /* which was inherited */
  break_a_pipe();
  return NULL;
}

TEST(other_threads_have_their_own) {
  struct belay_sigpipe_guard guard;
  set_handler(SIGPIPE, count_sigpipe);
  belay_sigpipe_begin(&guard);
  join_thread(start_thread(break_outside, NULL));
  CHECK_EQ(sigpipes, 1);
  belay_sigpipe_end(&guard);
  CHECK_EQ(sigpipes, 1);
  set_handler(SIGPIPE, SIG_DFL);
}

TEST_DIES(without_a_handler_a_foreign_one_still_kills, SIGPIPE) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  break_a_pipe();
  send_to_process(NULL);
  belay_sigpipe_end(&guard);
}

static void *write_for_a_lifetime(void *arg) {
  (void)arg;
  belay_sigpipe_block();
  int fds[2];
  CHECK_OK(pipe(fds));
  close(fds[0]);
  for (int i = 0; i < 3; i++)
    CHECK(write(fds[1], "x", 1) < 0 && errno == EPIPE);
  close(fds[1]);
  return NULL;
}

TEST(a_thread_that_blocks_it_writes_in_peace_and_leaves_nothing) {
  pthread_t thread;
  CHECK_OK(-pthread_create(&thread, NULL, write_for_a_lifetime, NULL));
  pthread_join(thread, NULL);
  sigset_t pending;
  sigpending(&pending);
  CHECK_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST(a_child_ends_the_guard_that_its_parent_began) {
  struct belay_sigpipe_guard guard;
  belay_sigpipe_begin(&guard);
  break_a_pipe();
  pid_t child = test_fork();
  if (child == 0) {
    break_a_pipe();
    belay_sigpipe_end(&guard);
    _exit(is_blocked());
  }
  CHECK_EQ(test_wait_exit(child), 0);
  belay_sigpipe_end(&guard);
}

/* -- A pipe that breaks in the middle of a write --------------------------- */

static void *read_a_little_and_leave(void *argument) {
  char buffer[4096];
  int fd = *(int *)argument;
  change_mask(SIG_BLOCK);
  CHECK(read(fd, buffer, sizeof buffer) > 0);
  close(fd);
  return NULL;
}

static char megabyte[1 << 20];

TEST(a_count_may_come_with_a_signal) {
  set_handler(SIGPIPE, count_sigpipe);
  for (int i = 0; i < 20; i++) {
    struct belay_sigpipe_guard guard;
    int fds[2];
    CHECK_OK(pipe2(fds, O_CLOEXEC));
    pthread_t thread = start_thread(read_a_little_and_leave, &fds[0]);
    ssize_t n;
    if (i % 2 == 0) {
      n = belay_write(fds[1], megabyte, sizeof megabyte);
    } else {
      belay_sigpipe_begin(&guard);
      n = write(fds[1], megabyte, sizeof megabyte);
      belay_sigpipe_end(&guard);
    }
    CHECK(n > 0 && n < (ssize_t)sizeof megabyte);
    join_thread(thread);
    close(fds[1]);
    CHECK_EQ(sigpipes, 0);
  }
  set_handler(SIGPIPE, SIG_DFL);
}

/* -- The process ----------------------------------------------------------- */

TEST(the_process_scope_touches_nothing_of_others) {
  set_handler(SIGPIPE, count_sigpipe);
  CHECK_ERR(belay_sigpipe_ignore(), -EBUSY);
  CHECK(disposition(SIGPIPE).sa_handler == count_sigpipe);
  CHECK_EQ(belay_sigpipe_restore(), 1);
  set_handler(SIGPIPE, SIG_IGN);
  CHECK_EQ(belay_sigpipe_ignore(), 1);
  CHECK_EQ(belay_sigpipe_restore(), 1);
  CHECK(disposition(SIGPIPE).sa_handler == SIG_IGN);
  set_handler(SIGPIPE, SIG_DFL);
  CHECK_EQ(belay_sigpipe_ignore(), 0);
  CHECK_EQ(belay_sigpipe_ignore(), 1); /* ignored already, by us */
  break_a_pipe();
  set_handler(SIGPIPE, count_sigpipe); /* somebody changed it since */
  CHECK_EQ(belay_sigpipe_restore(), 1);
  CHECK(disposition(SIGPIPE).sa_handler == count_sigpipe);
  set_handler(SIGPIPE, SIG_DFL);
  CHECK_EQ(belay_sigpipe_restore(), 1);
}

TEST(a_stream_of_sigpipe_and_the_process_scope) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGPIPE));
  CHECK_ERR(belay_sigpipe_ignore(), -EBUSY);
  break_a_pipe();
  CHECK_EQ(drain(stream, SIGPIPE), 1);
  belay_stream_free(stream);
  CHECK_EQ(belay_sigpipe_ignore(), 0);
  CHECK_EQ(belay_sigpipe_restore(), 0);
  CHECK(disposition(SIGPIPE).sa_handler == SIG_DFL);
}

TEST(restoring_beneath_a_stream_is_done_when_it_leaves) {
  CHECK_EQ(belay_sigpipe_ignore(), 0);
  struct belay_stream *stream = open_stream(SIGNALS(SIGPIPE));
  CHECK_EQ(belay_sigpipe_restore(), 0);
  belay_stream_free(stream);
  CHECK(disposition(SIGPIPE).sa_handler == SIG_DFL);
}
