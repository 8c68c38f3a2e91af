/* signal_default.c: the default action, as those who wait for us see it. */
#include <belay/signal.h>
#include <sched.h>
#include <sys/resource.h>

#include "unit/signal_help.h"

static bool ends(int signo) {
  const int spare[] = {SIGCHLD, SIGCONT, SIGURG,  SIGWINCH,
                       SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof spare / sizeof *spare; i++)
    if (signo == spare[i])
      return false;
  return belay_signal_name(signo) != NULL;
}

static bool dumps_core(int signo) {
  const int cores[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,
                       SIGFPE,  SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS};
  for (size_t i = 0; i < sizeof cores / sizeof *cores; i++)
    if (signo == cores[i])
      return true;
  return false;
}

/* Cores, of a size that nobody minds, go into the test's directory. */
static bool allow_cores(void) {
  struct rlimit limit;
  CHECK_OK(chdir(test_dir()));
  CHECK_OK(getrlimit(RLIMIT_CORE, &limit));
  limit.rlim_cur = limit.rlim_max;
  if (limit.rlim_cur > 1 << 16)
    limit.rlim_cur = 1 << 16;
  return setrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur >= 1 << 16;
}

static int status_of(pid_t child) {
  int status;
  CHECK_EQ(waitpid(child, &status, 0), child);
  return status;
}

static void check_death(void (*die)(int signo), int signo, bool cores) {
  pid_t child = test_fork();
  if (child == 0) {
    die(signo);
    _exit(1);
  }
  int status = status_of(child);
  CHECK(WIFSIGNALED(status));
  CHECK_EQ(WTERMSIG(status), signo);
  if (cores)
    CHECK_EQ(!!WCOREDUMP(status), dumps_core(signo));
}

static void die_in_main(int signo) {
  belay_signal_default(signo);
}

static void die_though_blocked_and_ignored(int signo) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  signal(signo, SIG_IGN);
  belay_signal_default(signo);
}

static void in_handler(int signo) {
  belay_signal_default(signo);
}

static void die_in_handler(int signo) {
  if (signo == SIGKILL)
    belay_signal_default(signo);
  set_handler(signo, in_handler);
  raise(signo);
}

static void die_in_action(int signo) {
  struct belay_action *action;
  if (belay_action_default(signo, NULL, 0, &action) < 0)
    belay_signal_default(signo); /* refused: no action for it */
  raise(signo);
}

static void check_all_deaths(void (*die)(int signo)) {
  if (under_valgrind())
    SKIP("valgrind does not die as the kernel does");
  bool cores = allow_cores();
  for (int signo = 1; signo < NSIG; signo++)
    if (ends(signo))
      check_death(die, signo, cores);
}

TEST_SLOW(death_from_main, 20) {
  check_all_deaths(die_in_main);
}

TEST_SLOW(death_though_blocked_and_ignored, 20) {
  check_all_deaths(die_though_blocked_and_ignored);
}

TEST_SLOW(death_from_a_handler, 20) {
  check_all_deaths(die_in_handler);
}

TEST_SLOW(death_from_an_action, 20) {
  check_all_deaths(die_in_action);
}

TEST(what_is_ignored_by_default_does_nothing) {
  const int ignored[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
  errno = E2BIG;
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
    CHECK_EQ(belay_signal_default(ignored[i]), 0);
  CHECK_EQ(errno, E2BIG);
}

TEST(what_is_no_signal) {
  const int none[] = {0, -1, 32, SIGRTMIN - 1, SIGRTMAX + 1, NSIG, 1000};
  for (size_t i = 0; i < sizeof none / sizeof *none; i++)
    CHECK_ERR(belay_signal_default(none[i]), -EINVAL);
}

/* -- Stopping -------------------------------------------------------------- */

/* In a process group that is not orphaned: its parent is in another one of the
 * same session. */
static pid_t fork_group(void) {
  pid_t child = test_fork();
  if (child == 0)
    setpgid(0, 0);
  else
    setpgid(child, child);
  return child;
}

static void check_stop(int signo) {
  if (under_valgrind())
    SKIP("valgrind does not stop as the kernel does");
  pid_t child = fork_group();
  if (child == 0) {
    struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGCONT));
    if (signo != SIGSTOP)
      CHECK_OK(belay_stream_add(stream, signo));
    errno = E2BIG;
    CHECK_EQ(belay_signal_default(signo), 0);
    CHECK_EQ(errno, E2BIG);
    expect_signal(stream, SIGCONT);
    if (signo != SIGSTOP) { /* our handler is back */
      raise(signo);
      expect_signal(stream, signo);
    }
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    CHECK_EQ(sigismember(&mask, signo), 0);
    belay_stream_free(stream);
    _exit(0);
  }
  CHECK_EQ(test_wait_stopped(child), signo);
  kill(child, SIGCONT);
  CHECK_EQ(test_wait_exit(child), 0);
}

TEST(a_stop_is_the_one_that_it_was_and_ends) {
  check_stop(SIGTSTP);
  check_stop(SIGTTIN);
  check_stop(SIGTTOU);
  check_stop(SIGSTOP);
}

TEST(a_stop_from_an_action_and_again) {
  if (under_valgrind())
    SKIP("valgrind does not stop as the kernel does");
  pid_t child = fork_group();
  if (child == 0) {
    struct belay_action *action;
    CHECK_OK(belay_action_default(SIGTSTP, NULL, 0, &action));
    raise(SIGTSTP);
    raise(SIGTSTP);
    belay_action_remove(action);
    _exit(0);
  }
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(test_wait_stopped(child), SIGTSTP);
    kill(child, SIGCONT);
  }
  CHECK_EQ(test_wait_exit(child), 0);
}

TEST(in_an_orphaned_group_the_kernel_drops_the_stop) {
  setpgid(0, 0); /* a session of its own: orphaned from the start */
  CHECK_EQ(belay_signal_default(SIGTSTP), 0);
}

/* -- PID 1 ----------------------------------------------------------------- */

#ifdef __linux__
/* Runs `in_pid_1` in a new namespace: its exit status.  The namespace is a
 * child's, so that this process can go on as ever. */
static int status_of_pid_1(void (*in_pid_1)(void)) {
  pid_t outside = test_fork();
  if (outside == 0) {
    if (unshare(CLONE_NEWPID) != 0)
      _exit(255);
    pid_t inside = test_fork();
    if (inside == 0) {
      CHECK_EQ(getpid(), 1);
      in_pid_1();
      _exit(0);
    }
    _exit(test_wait_exit(inside));
  }
  int status = test_wait_exit(outside);
  if (status == 255)
    SKIP("no new PID namespace is permitted");
  return status;
}

static void end_at_once(void) {
  belay_signal_default(SIGTERM);
}

static void end_by_an_action(void) {
  struct belay_action *action;
  CHECK_OK(belay_action_default(SIGABRT, NULL, 0, &action));
  raise(SIGABRT);
}

static void try_to_stop(void) {
  CHECK_EQ(belay_signal_default(SIGTSTP), 0);
}

TEST(pid_1_exits_with_128_and_the_signal) {
  CHECK_EQ(status_of_pid_1(end_at_once), 128 + SIGTERM);
}

TEST(pid_1_ends_by_an_action) {
  CHECK_EQ(status_of_pid_1(end_by_an_action), 128 + SIGABRT);
}

TEST(pid_1_is_not_stopped) {
  CHECK_EQ(status_of_pid_1(try_to_stop), 0);
}
#endif
