/*
 * lib_process.c: fork, the default action, names: what concerns the process
 * as a whole.
 */
#include <belay/signal.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "harness/harness.h"

#define LIST(...) ((const int[]){__VA_ARGS__, 0})

/* -- The default action ---------------------------------------------------------- */

static void no_core(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

static void dies(int signo, bool in_handler) {
  pid_t child = test_fork();
  if (child == 0) {
    struct belay_action *action;
    no_core();
    if (in_handler && belay_action_default(signo, NULL, 0, &action) == 0)
      raise(signo);
    else
      belay_signal_default(signo);
    _exit(0);
  }
  CHECK_EQ(test_wait_killed(child), signo);
}

TEST(the_process_dies_by_the_signal_itself) {
  const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,    SIGTRAP,
                         SIGABRT, SIGBUS,  SIGFPE,  SIGKILL,   SIGUSR1,
                         SIGSEGV, SIGUSR2, SIGPIPE, SIGALRM,   SIGTERM,
                         SIGXCPU, SIGXFSZ, SIGPROF, SIGVTALRM, SIGIO};
  for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
    dies(signals[i], false);
    dies(signals[i], true);
  }
  dies(SIGRTMIN + 3, false);
  dies(SIGRTMAX, true);
}

TEST(what_is_ignored_by_default_does_nothing) {
  const int signals[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH};
  for (int i = 0; i < 4; i++)
    CHECK_OK(belay_signal_default(signals[i]));
  CHECK_ERR(belay_signal_default(0), -EINVAL);
  CHECK_ERR(belay_signal_default(1000), -EINVAL);
}

/* The group must not be an orphaned one, where the kernel drops stops: the
 * child has one of its own in the test's session. */
TEST(a_stop_stops_and_the_handler_is_back_afterwards) {
  pid_t child = test_fork();
  if (child == 0) {
    volatile sig_atomic_t flag = 0;
    struct belay_action *action;
    setpgid(0, 0);
    belay_action_flag(SIGTSTP, &flag, 1, 0, &action);
    belay_signal_default(SIGTSTP);
    raise(SIGTSTP);
    _exit(flag == 1 ? 7 : 8);
  }
  CHECK_EQ(test_wait_stopped(child), SIGTSTP);
  kill(child, SIGCONT);
  CHECK_EQ(test_wait_exit(child), 7);
}

static int be_init(void *argument) {
  (void)argument;
  belay_signal_default(SIGTERM);
  _exit(1);
}

TEST(pid_1_exits_with_128_and_the_number) {
  static char stack[65536] __attribute__((aligned(16)));
  pid_t child = clone(be_init, stack + sizeof(stack), CLONE_NEWPID | SIGCHLD,
                      NULL);
  if (child < 0)
    SKIP("no PID namespaces here");
  CHECK_EQ(test_wait_exit(child), 128 + SIGTERM);
}

/* -- Fork ------------------------------------------------------------------------- */

enum how { FORK, FORK_BARE, CLONE };

static pid_t fork_by(enum how how) {
  if (how == FORK)
    return fork();
  if (how == CLONE)
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  return (pid_t)syscall(SYS_fork);
}

/* The portable twin knows of fork() alone. */
static int ways(void) {
#ifdef BELAY_TEST_PORTABLE
  return 1;
#else
  return 3;
#endif
}

TEST(what_a_child_receives_does_not_reach_its_parent) {
  struct belay_stream *stream;
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  CHECK_OK(belay_stream_open(LIST(SIGUSR1), 0, &stream));
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &action));
  for (int how = 0; how < ways(); how++) {
    struct belay_siginfo info;
    pid_t child = fork_by((enum how)how);
    if (child == 0) {
      raise(SIGUSR1);
      _exit(flag == 1 ? 0 : 1); /* its own memory is its own */
    }
    CHECK_EQ(test_wait_exit(child), 0);
    CHECK_EQ(belay_stream_read(stream, &info), 0);
    CHECK_EQ(flag, 0);
  }
  belay_action_remove(action);
  belay_stream_free(stream);
}

TEST(a_child_without_subscribers_of_its_own_dies_as_it_should) {
  struct belay_stream *stream;
  CHECK_OK(belay_stream_open(LIST(SIGTERM), 0, &stream));
  for (int how = 0; how < ways(); how++) {
    pid_t child = fork_by((enum how)how);
    if (child == 0) {
      raise(SIGTERM);
      _exit(1);
    }
    CHECK_EQ(test_wait_killed(child), SIGTERM);
  }
  belay_stream_free(stream);
}

TEST(a_childs_copy_of_a_stream_is_inert) {
  struct belay_stream *stream;
  struct belay_siginfo info;
  CHECK_OK(belay_stream_open(LIST(SIGUSR1), 0, &stream));
  for (int i = 0; i < 50; i++) {
    pid_t child = test_fork();
    if (child == 0) {
      CHECK_ERR(belay_stream_read(stream, &info), -ECHILD);
      CHECK_ERR(belay_stream_wait(stream, -1, &info), -ECHILD);
      CHECK_ERR(belay_stream_add(stream, SIGUSR2), -ECHILD);
      belay_stream_free(stream);
      _exit(0);
    }
    raise(SIGUSR1);
    CHECK_EQ(belay_stream_wait(stream, INT64_C(5000000000), &info), 1);
    CHECK_EQ(test_wait_exit(child), 0);
  }
  belay_stream_free(stream);
}

static int own_stream_works(int depth) {
  struct belay_stream *own;
  struct belay_siginfo info;
  if (belay_stream_open(LIST(SIGUSR1), 0, &own) < 0)
    return 1;
  raise(SIGUSR1);
  if (belay_stream_read(own, &info) != 1 || info.pid != getpid())
    return 2;
  if (depth > 0) {
    pid_t child = fork();
    if (child == 0)
      _exit(own_stream_works(depth - 1));
    int status;
    waitpid(child, &status, 0);
    if (status != 0 || belay_stream_read(own, &info) != 0)
      return 3;
  }
  belay_stream_free(own);
  return 0;
}

TEST(children_and_their_children_have_streams_of_their_own) {
  struct belay_stream *stream;
  struct belay_siginfo info;
  CHECK_OK(belay_stream_open(LIST(SIGUSR1), 0, &stream));
  pid_t child = test_fork();
  if (child == 0)
    _exit(own_stream_works(3));
  CHECK_EQ(test_wait_exit(child), 0);
  raise(SIGUSR1);
  CHECK_EQ(belay_stream_read(stream, &info), 1);
  CHECK_EQ(belay_stream_read(stream, &info), 0);
  belay_stream_free(stream);
}

TEST(a_program_that_is_executed_finds_nothing_of_ours) {
  struct belay_stream *stream;
  CHECK_OK(belay_stream_open(LIST(SIGUSR1, SIGTERM, SIGRTMIN), 0, &stream));
  pid_t child = test_fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c",
          "set -e; for f in Blk Ign; do"
          " grep -q \"^Sig$f:\t0000000000000000$\" /proc/self/status; done;"
          " test \"$(ls /proc/self/fd | wc -l)\" -le 5", (char *)NULL);
    _exit(127);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  belay_stream_free(stream);
}

/* -- Names -------------------------------------------------------------------------- */

TEST(names_and_numbers_agree) {
  for (int signo = 1; signo <= SIGRTMAX; signo++) {
    const char *name = belay_signal_name(signo);
    if (name == NULL)
      continue;
    CHECK_EQ(belay_signal_number(name), signo);
    CHECK_EQ(belay_signal_number(name + 3), signo);
  }
  CHECK_STR(belay_signal_name(SIGTERM), "SIGTERM");
  CHECK_STR(belay_signal_name(SIGRTMIN), "SIGRTMIN");
  CHECK_STR(belay_signal_name(SIGRTMIN + 3), "SIGRTMIN+3");
  CHECK(belay_signal_name(0) == NULL);
  CHECK(belay_signal_name(-1) == NULL);
  CHECK(belay_signal_name(65) == NULL);
}

TEST(names_are_read_as_people_write_them) {
  CHECK_EQ(belay_signal_number("term"), SIGTERM);
  CHECK_EQ(belay_signal_number("SigHup"), SIGHUP);
  CHECK_EQ(belay_signal_number("15"), SIGTERM);
  CHECK_EQ(belay_signal_number("RTMIN+3"), SIGRTMIN + 3);
  CHECK_EQ(belay_signal_number("SIGRTMAX-1"), SIGRTMAX - 1);
  CHECK_EQ(belay_signal_number("CLD"), SIGCHLD);
  const char *wrong[] = {"",        "SIG",     "TERMS",   "0",
                         "-1",      "65",      "15x",     "RTMIN-1",
                         "RTMIN+",  "RTMAX+1", "RTMIN+99", "999999999999"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
    CHECK_ERR(belay_signal_number(wrong[i]), -EINVAL);
}
