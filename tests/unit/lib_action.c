/* lib_action.c: what is done inside the handler, and what was there before. */
#include <belay/signal.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "harness/harness.h"

#define LIST(...) ((const int[]){__VA_ARGS__, 0})

static volatile sig_atomic_t calls, other_calls;

static void count(int signo) {
  (void)signo;
  calls++;
}

static void count_info(int signo, siginfo_t *info, void *context) {
  if (info->si_signo == signo && context != NULL)
    calls++;
}

static void clobber(const struct belay_siginfo *info, void *context,
                    void *data) {
  (void)context;
  *(int *)data = info->signo;
  errno = EDOM;
}

TEST(a_flag_is_set) {
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 7, 0, &action));
  raise(SIGUSR1);
  CHECK_EQ(flag, 7);
  belay_action_remove(action);
  belay_action_remove(NULL);
}

TEST(errno_survives_whatever_the_handler_does) {
  int got = 0, fds[2];
  struct belay_action *call, *wake;
  CHECK_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
  while (write(fds[1], "x", 1) == 1) /* full: the handler's write fails */
    continue;
  CHECK_OK(belay_action_call(SIGUSR1, clobber, &got, 0, &call));
  CHECK_OK(belay_action_wake(SIGUSR1, fds[1], 0, &wake));
  errno = 12345;
  raise(SIGUSR1);
  CHECK_EQ(errno, 12345);
  CHECK_EQ(got, SIGUSR1);
  belay_action_remove(call);
  belay_action_remove(wake);
  close(fds[0]);
  close(fds[1]);
}

static void wakes(int read_fd, int write_fd) {
  struct pollfd poll_fd = {.fd = read_fd, .events = POLLIN};
  struct belay_action *action;
  CHECK_OK(belay_action_wake(SIGUSR1, write_fd, 0, &action));
  CHECK_EQ(poll(&poll_fd, 1, 0), 0);
  raise(SIGUSR1);
  CHECK_EQ(poll(&poll_fd, 1, 0), 1);
  belay_action_remove(action);
}

TEST(pipes_sockets_and_eventfds_are_woken) {
  int fds[2], event = eventfd(0, EFD_CLOEXEC);
  CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  wakes(fds[0], fds[1]);
  close(fds[0]);
  close(fds[1]);
  CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  wakes(fds[0], fds[1]);
  close(fds[0]);
  close(fds[1]);
  wakes(event, event);
  close(event);
}

TEST(an_fd_that_cannot_be_written_to_is_refused) {
  struct belay_action *action;
  CHECK_ERR(belay_action_wake(SIGUSR1, -1, 0, &action), -EBADF);
  CHECK_ERR(belay_action_wake(SIGUSR1, STDIN_FILENO, 0, &action), -EBADF);
  CHECK_ERR(belay_action_wake(SIGKILL, STDOUT_FILENO, 0, &action), -EINVAL);
}

static char order[8];
static void note(const struct belay_siginfo *info, void *context, void *data) {
  (void)info, (void)context;
  strcat(order, data);
}

TEST(actions_run_in_order_and_are_removed_alone) {
  struct belay_action *a, *b, *c;
  CHECK_OK(belay_action_call(SIGUSR1, note, (char[]){"a"}, 0, &a));
  char second[] = "b", third[] = "c";
  CHECK_OK(belay_action_call(SIGUSR1, note, second, 0, &b));
  CHECK_OK(belay_action_call(SIGUSR1, note, third, 0, &c));
  raise(SIGUSR1);
  CHECK_STR(order, "abc");
  belay_action_remove(b);
  raise(SIGUSR1);
  CHECK_STR(order, "abcac");
  belay_action_remove(a);
  belay_action_remove(c);
}

TEST_EXITS(exit_if_armed, 33) {
  static volatile sig_atomic_t armed;
  struct belay_action *leave, *arm;
  CHECK_OK(belay_action_exit(SIGINT, &armed, 33, 0, &leave));
  CHECK_OK(belay_action_flag(SIGINT, &armed, 1, 0, &arm));
  raise(SIGINT);
  CHECK_EQ(armed, 1);
  raise(SIGINT);
}

TEST_DIES(a_double_ctrl_c_dies_by_it, SIGINT) {
  static volatile sig_atomic_t armed;
  struct belay_action *die, *arm;
  CHECK_OK(belay_action_default(SIGINT, &armed, 0, &die));
  CHECK_OK(belay_action_flag(SIGINT, &armed, 1, 0, &arm));
  raise(SIGINT);
  raise(SIGINT);
}

/* -- What was there before ---------------------------------------------------- */

static void previous_runs(const struct sigaction *before) {
  struct sigaction after;
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  calls = 0;
  CHECK_EQ(sigaction(SIGUSR1, before, NULL), 0);
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &action));
  raise(SIGUSR1);
  CHECK_EQ(flag, 1);
  CHECK_EQ(calls, before->sa_handler == SIG_IGN ? 0 : 1);
  belay_action_remove(action);
  CHECK_EQ(sigaction(SIGUSR1, NULL, &after), 0);
  CHECK(after.sa_handler == before->sa_handler);
  CHECK_EQ(after.sa_flags & ~0x04000000, before->sa_flags);
  CHECK_EQ(sigismember(&after.sa_mask, SIGHUP),
           sigismember(&before->sa_mask, SIGHUP));
  signal(SIGUSR1, SIG_DFL);
}

TEST(the_previous_handler_runs_and_comes_back_whole) {
  struct sigaction plain = {.sa_handler = count, .sa_flags = SA_NODEFER};
  sigaddset(&plain.sa_mask, SIGHUP);
  previous_runs(&plain);
  struct sigaction with_info = {.sa_flags = SA_SIGINFO | SA_RESTART};
  with_info.sa_sigaction = count_info;
  previous_runs(&with_info);
  struct sigaction ignored = {.sa_handler = SIG_IGN};
  previous_runs(&ignored);
  struct sigaction odd = {.sa_handler = SIG_IGN, .sa_flags = SA_SIGINFO};
  previous_runs(&odd);
}

static struct sigaction beneath;
static void on_top(int signo, siginfo_t *info, void *context) {
  other_calls++;
  beneath.sa_sigaction(signo, info, context);
}

TEST(a_handler_put_on_top_of_ours_keeps_working) {
  struct sigaction top = {.sa_flags = SA_SIGINFO};
  struct sigaction before = {.sa_handler = count};
  top.sa_sigaction = on_top;
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  test_leaves(TEST_LEAVES_DISPOSITIONS);
  sigaction(SIGUSR1, &before, NULL);
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &action));
  sigaction(SIGUSR1, &top, &beneath);
  raise(SIGUSR1);
  CHECK_EQ(flag, 1);
  belay_action_remove(action);
  raise(SIGUSR1); /* ours forwards to what was there before */
  CHECK_EQ(other_calls, 2);
  CHECK_EQ(calls, 2);
}

TEST_DIES(beneath_another_handler_the_default_is_not_swallowed, SIGUSR1) {
  struct sigaction top = {.sa_flags = SA_SIGINFO};
  top.sa_sigaction = on_top;
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &action));
  sigaction(SIGUSR1, &top, &beneath);
  belay_action_remove(action);
  raise(SIGUSR1);
}

TEST(an_inherited_ignore_is_respected_unless_forced) {
  const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < 6; i++) {
    volatile sig_atomic_t flag = 0;
    struct belay_action *action;
    signal(signals[i], SIG_IGN);
    CHECK_OK(belay_action_flag(signals[i], &flag, 1, 0, &action));
    raise(signals[i]);
    CHECK_EQ(flag, 0);
    belay_action_remove(action);
    CHECK_OK(belay_action_flag(signals[i], &flag, 1, BELAY_SIGNAL_FORCE,
                               &action));
    raise(signals[i]);
    CHECK_EQ(flag, 1);
    belay_action_remove(action);
    CHECK(signal(signals[i], SIG_DFL) == SIG_IGN);
  }
}

TEST(an_ignored_sigchld_is_an_accident_and_caught) {
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  signal(SIGCHLD, SIG_IGN);
  CHECK_OK(belay_action_flag(SIGCHLD, &flag, 1, 0, &action));
  raise(SIGCHLD);
  CHECK_EQ(flag, 1);
  belay_action_remove(action);
  CHECK(signal(SIGCHLD, SIG_DFL) == SIG_IGN);
}

TEST(handlers_run_on_the_alternate_stack) {
  stack_t stack = {.ss_size = 16384, .ss_sp = malloc(16384)}, old;
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  struct sigaction installed;
  CHECK_EQ(sigaltstack(&stack, &old), 0);
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &action));
  sigaction(SIGUSR1, NULL, &installed);
  CHECK(installed.sa_flags & SA_ONSTACK);
  CHECK(installed.sa_flags & SA_RESTART);
  raise(SIGUSR1);
  CHECK_EQ(flag, 1);
  belay_action_remove(action);
  CHECK_EQ(sigaltstack(&old, NULL), 0);
  free(stack.ss_sp);
}

/* -- Removing while handlers run ----------------------------------------------- */

static void touch(const struct belay_siginfo *info, void *context, void *data) {
  (void)info, (void)context;
  ++*(volatile long *)data; /* freed memory, if removal did not wait */
}

static volatile sig_atomic_t done;
static void *bombard(void *argument) {
  (void)argument;
  while (!__atomic_load_n(&done, __ATOMIC_RELAXED))
    raise(SIGUSR1);
  return NULL;
}

TEST_SLOW(after_removal_the_action_runs_nowhere, 60) {
  pthread_t threads[2];
  signal(SIGUSR1, SIG_IGN);
  for (int i = 0; i < 2; i++)
    pthread_create(&threads[i], NULL, bombard, NULL);
  for (int i = 0; i < test_scale(5000); i++) {
    long *data = calloc(1, sizeof(*data));
    struct belay_action *action;
    CHECK_OK(belay_action_call(SIGUSR1, touch, data, 0, &action));
    belay_action_remove(action);
    *data = -1;
    CHECK_EQ(*(volatile long *)data, -1);
    free(data);
  }
  __atomic_store_n(&done, 1, __ATOMIC_RELAXED);
  for (int i = 0; i < 2; i++)
    pthread_join(threads[i], NULL);
  signal(SIGUSR1, SIG_DFL);
}
