/* trap_guard.c: a guard takes what its own thread caused and nothing else, also
 * if it is within another, or left by a way that is not its end. */
#include <belay/sigpipe.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sys/syscall.h>

#include "unit/signal_help.h"

/* -- Writing, and hearing of it -------------------------------------------- */

static int broken_pipe(void) {
  int fds[2];
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  close(fds[0]);
  return fds[1];
}

/* Raises one, as code does that knows nothing of us. */
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

static bool is_pending(void) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, SIGPIPE) == 1;
}

static atomic_int sigpipes;
static volatile pid_t last_sender;

static void count_sigpipe(int signo, siginfo_t *info, void *context) {
  (void)signo, (void)context;
  last_sender = info->si_pid;
  atomic_fetch_add(&sigpipes, 1);
}

static void count_them(void) {
  struct sigaction action = {.sa_sigaction = count_sigpipe,
                             .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  atomic_store(&sigpipes, 0);
  CHECK_OK(sigaction(SIGPIPE, &action, NULL));
}

static void count_no_more(void) {
  set_handler(SIGPIPE, SIG_DFL);
}

/* From another process, to this one or, if it is not 0, to one thread: which
 * process it was. */
static pid_t send_from_outside(pid_t tid) {
  pid_t child = test_fork();
  if (child == 0) {
    if (tid != 0)
      syscall(SYS_tgkill, getppid(), tid, SIGPIPE);
    else
      kill(getppid(), SIGPIPE);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  return child;
}

/* Nests so many guards, with a broken write on each level that is in `where`,
 * on the way in and on the way out. */
static void nest(int levels, unsigned where, void (*inmost)(void)) {
  struct belay_sigpipe_guard guard;
  if (levels == 0) {
    inmost();
    return;
  }
  belay_sigpipe_begin(&guard);
  if (where & 1)
    break_a_pipe();
  nest(levels - 1, where >> 2, inmost);
  if (where & 2)
    break_a_pipe();
  belay_sigpipe_end(&guard);
}

static void do_nothing(void) {
}

/* -- What was pending before ----------------------------------------------- */

/* The kernel keeps one of each, and gives both. */
TEST(one_for_the_thread_and_one_for_the_process_are_both_left) {
  count_them();
  for (unsigned where = 0; where < 16; where++) {
    atomic_store(&sigpipes, 0);
    change_mask(SIG_BLOCK);
    CHECK_OK(kill(getpid(), SIGPIPE));
    CHECK_EQ(pthread_kill(pthread_self(), SIGPIPE), 0);
    nest(2, where, do_nothing);
    CHECK(is_pending());
    change_mask(SIG_UNBLOCK);
    poll(NULL, 0, 0); /* ThreadSanitizer calls handlers at the next wait */
    if (!UNDER_TSAN)  /* and one of them for both */
      CHECK_EQ(sigpipes, 2);
    CHECK(sigpipes >= 1);
  }
  count_no_more();
}

static void check_nested_with(void (*make_pending)(void)) {
  count_them();
  for (unsigned where = 0; where < 64; where++) {
    atomic_store(&sigpipes, 0);
    change_mask(SIG_BLOCK);
    make_pending();
    nest(3, where, do_nothing);
    CHECK(is_pending());
    change_mask(SIG_UNBLOCK);
    poll(NULL, 0, 0);
#ifdef BELAY_TEST_PORTABLE
    CHECK(sigpipes >= 1); /* nothing tells the two apart there */
#else
    CHECK_EQ(sigpipes, 1);
#endif
  }
  count_no_more();
}

static void to_thread(void) {
  CHECK_EQ(pthread_kill(pthread_self(), SIGPIPE), 0);
}

static void to_process(void) {
  CHECK_OK(kill(getpid(), SIGPIPE));
}

TEST(one_that_was_pending_outlasts_every_level_of_guards) {
  check_nested_with(to_thread);
  check_nested_with(to_process);
  check_nested_with(break_a_pipe);
}

/* -- What others send meanwhile -------------------------------------------- */

static pid_t sender;

static void be_sent_one(void) {
  sender = send_from_outside(0);
}

static void be_sent_one_for_the_thread(void) {
  sender = send_from_outside((pid_t)syscall(SYS_gettid));
}

TEST(one_of_another_process_passes_every_level_of_guards) {
  count_them();
  for (int levels = 1; levels <= 4; levels++)
    for (unsigned where = 0; where < 4; where++) {
      atomic_store(&sigpipes, 0);
      nest(levels, where, be_sent_one);
      CHECK_EQ(sigpipes, 1);
      CHECK(!is_pending());
    }
  count_no_more();
}

/* The kernel tells a thread's own first, which is taken for ours at first. */
TEST(one_of_another_process_for_this_thread_passes_them_too) {
  count_them();
  for (int levels = 1; levels <= 4; levels++) {
    atomic_store(&sigpipes, 0);
    nest(levels, 0, be_sent_one_for_the_thread);
    CHECK_EQ(sigpipes, 1);
    CHECK(!is_pending());
  }
  count_no_more();
}

#ifndef BELAY_TEST_PORTABLE
TEST(one_that_passed_a_guard_still_tells_who_sent_it) {
  count_them();
  nest(1, 0, be_sent_one);
  CHECK_EQ(sigpipes, 1);
  CHECK_EQ(last_sender, sender);
  count_no_more();
}
#endif

/* Another thread is in a guard at the same time, and has broken nothing. */
static struct test_gate sent, gone;

static void *end_after_it_came(void *argument) {
  struct belay_sigpipe_guard guard;
  (void)argument;
  belay_sigpipe_begin(&guard);
  test_gate_open(&sent);
  test_gate_pass(&gone);
  belay_sigpipe_end(&guard);
  return NULL;
}

TEST(what_one_guard_hands_back_no_other_thread_takes) {
  struct belay_sigpipe_guard guard;
  sent = test_gate_make();
  gone = test_gate_make();
  count_them();
  change_mask(SIG_BLOCK);
  pthread_t thread = start_thread(end_after_it_came, NULL);
  test_gate_pass(&sent);
  belay_sigpipe_begin(&guard);
  send_from_outside(0);
  test_gate_open(&gone);
  join_thread(thread);
  belay_sigpipe_end(&guard);
  CHECK(is_pending());
  change_mask(SIG_UNBLOCK);
  poll(NULL, 0, 0);
  CHECK_EQ(sigpipes, 1);
  count_no_more();
  test_gate_free(&sent);
  test_gate_free(&gone);
}

/* -- Handlers -------------------------------------------------------------- */

static void break_in_every_way(int signo) {
  int saved_errno = errno, fd = broken_pipe();
  (void)signo;
  CHECK_ERR(belay_write(fd, "x", 1), -EPIPE);
  break_a_pipe();
  nest(2, 15, do_nothing);
  CHECK_ERR(belay_write(fd, "x", 1), -EPIPE);
  close(fd);
  errno = saved_errno;
}

static void be_interrupted(void) {
  raise(SIGUSR1);
}

TEST(a_handler_that_breaks_a_pipe_inside_is_not_heard_of) {
  count_them();
  set_handler(SIGUSR1, break_in_every_way);
  for (int levels = 1; levels <= 3; levels++)
    for (unsigned where = 0; where < 4; where++) {
      nest(levels, where, be_interrupted);
      CHECK_EQ(sigpipes, 0);
      CHECK(!is_pending());
    }
  set_handler(SIGUSR1, SIG_DFL);
  count_no_more();
}

/* -- Other ways out -------------------------------------------------------- */

static sigjmp_buf back;

static void break_and_jump(void) {
  break_a_pipe();
  siglongjmp(back, 1);
}

/* Foreign code that ends by a jump; the mask is saved inside, or not at all. */
TEST(code_that_jumps_out_is_covered_if_the_end_is_reached) {
  count_them();
  for (volatile int save = 0; save < 2; save++) {
    struct belay_sigpipe_guard guard;
    belay_sigpipe_begin(&guard);
    if (sigsetjmp(back, save) == 0)
      break_and_jump();
    belay_sigpipe_end(&guard);
    CHECK_EQ(sigpipes, 0);
    CHECK(!is_pending());
    break_a_pipe(); /* as before, for the mask is */
    CHECK_EQ(sigpipes, 1);
    atomic_store(&sigpipes, 0);
  }
  count_no_more();
}

/* A guard that is left by a jump over its end, to within another. */
TEST(an_inner_guard_that_is_jumped_over_is_made_good_by_the_outer) {
  count_them();
  for (volatile int save = 0; save < 2; save++) {
    struct belay_sigpipe_guard guard;
    belay_sigpipe_begin(&guard);
    if (sigsetjmp(back, save) == 0)
      nest(2, 1, break_and_jump);
    belay_sigpipe_end(&guard);
    CHECK_EQ(sigpipes, 0);
    CHECK(!is_pending());
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    CHECK_EQ(sigismember(&mask, SIGPIPE), 0);
  }
  count_no_more();
}

static void end_guard(void *guard) {
  belay_sigpipe_end(guard);
}

static bool cleans_up;

static void *be_cancelled(void *argument) {
  struct belay_sigpipe_guard guard;
  (void)argument;
  belay_sigpipe_begin(&guard);
  pthread_cleanup_push(end_guard, &guard);
  break_a_pipe();
  pthread_cancel(pthread_self());
  if (cleans_up)
    pthread_testcancel();
  pthread_cleanup_pop(0);
  pthread_testcancel(); /* no cleaning up: the guard goes with the thread */
  return NULL;
}

TEST(a_thread_that_is_cancelled_inside_takes_its_sigpipe_along) {
  if (UNDER_TSAN || UNDER_ASAN)
    SKIP("the sanitizers do not know cancelled threads");
  count_them();
  for (int i = 0; i < 100; i++) {
    void *result;
    cleans_up = i % 2;
    pthread_t thread = start_thread(be_cancelled, NULL);
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
    CHECK_EQ(sigpipes, 0);
    CHECK(!is_pending());
  }
  count_no_more();
}

/* -- Children -------------------------------------------------------------- */

/* What is pending is not inherited, but what the guard knows of it is. */
static void check_child_of(void (*make_pending)(void)) {
  struct belay_sigpipe_guard guard;
  change_mask(SIG_BLOCK);
  make_pending();
  belay_sigpipe_begin(&guard);
  pid_t child = test_fork();
  if (child == 0) {
    break_a_pipe();
    belay_sigpipe_end(&guard);
    _exit(is_pending());
  }
  CHECK_EQ(test_wait_exit(child), 0);
  belay_sigpipe_end(&guard);
  CHECK_EQ(is_pending(), make_pending != do_nothing);
  change_mask(SIG_UNBLOCK);
  poll(NULL, 0, 0);
}

TEST(a_child_that_ends_its_copy_of_a_guard_takes_its_own) {
  count_them();
  check_child_of(do_nothing);
  CHECK_EQ(sigpipes, 0);
  check_child_of(to_process);
  CHECK_EQ(sigpipes, 1);
  check_child_of(to_thread);
  CHECK_EQ(sigpipes, 2);
  count_no_more();
}
