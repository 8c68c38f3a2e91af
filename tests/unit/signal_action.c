/* signal_action.c: what is done inside the handler. */
#include <fcntl.h>
#include <sys/socket.h>
#include <ucontext.h>

#include "unit/signal_help.h"

#ifdef __linux__
#include <sys/eventfd.h>
#endif

/* -- Flags ----------------------------------------------------------------- */

TEST(a_flag_is_set_until_the_action_is_removed) {
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 7, 0, &action));
  raise(SIGUSR1);
  CHECK_EQ(flag, 7);
  belay_action_remove(action);
  set_handler(SIGUSR1, SIG_IGN);
  flag = 0;
  raise(SIGUSR1);
  CHECK_EQ(flag, 0);
  set_handler(SIGUSR1, SIG_DFL);
  belay_action_remove(NULL);
}

TEST(what_an_action_refuses) {
  volatile sig_atomic_t flag = 0;
  int mark;
  struct belay_action *untouched = (void *)&mark;
  const int refused[] = {0, -1, SIGKILL, SIGSTOP, SIGSEGV, SIGSYS, 32, 65};
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    CHECK_ERR(belay_action_flag(refused[i], &flag, 1, 0, &untouched), -EINVAL);
    CHECK_ERR(belay_action_exit(refused[i], NULL, 1, 0, &untouched), -EINVAL);
    CHECK_ERR(belay_action_default(refused[i], NULL, 0, &untouched), -EINVAL);
  }
  CHECK_ERR(belay_action_flag(SIGUSR1, &flag, 1, 4, &untouched), -EINVAL);
  CHECK(untouched == (void *)&mark);
}

/* -- Waking ---------------------------------------------------------------- */

static void check_wake(int write_fd, int read_fd, size_t size) {
  struct belay_action *action;
  char bytes[16];
  CHECK_OK(belay_action_wake(SIGUSR1, write_fd, 0, &action));
  raise(SIGUSR1);
  raise(SIGUSR1);
  CHECK(is_readable(read_fd, 0));
  CHECK_EQ(read(read_fd, bytes, sizeof bytes), size);
  CHECK(!is_readable(read_fd, 0));
  belay_action_remove(action);
  close(write_fd);
  if (read_fd != write_fd)
    close(read_fd);
}

TEST(waking_a_pipe_a_socket_and_an_eventfd) {
  int fds[2];
  CHECK_OK(pipe(fds));
  check_wake(fds[1], fds[0], 2);
  CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
  check_wake(fds[1], fds[0], 2);
#ifdef __linux__
  int fd = eventfd(0, 0);
  CHECK_OK(fd);
  check_wake(fd, fd, 8);
#endif
}

TEST(a_full_pipe_is_no_obstacle) {
  int fds[2];
  struct belay_action *action;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_OK(pipe(fds)); /* it blocks, until it is given away */
  CHECK_OK(belay_action_wake(SIGUSR1, fds[1], 0, &action));
  CHECK(fcntl(fds[1], F_GETFL) & O_NONBLOCK);
  for (int i = 0; i < 70000; i++) {
    errno = E2BIG;
    raise(SIGUSR1);
    CHECK_EQ(errno, E2BIG); /* also when the write failed */
  }
  CHECK_EQ(drain(stream, SIGUSR1), 70000);
  belay_action_remove(action);
  belay_stream_free(stream);
  close(fds[0]);
  close(fds[1]);
}

TEST(what_cannot_be_woken) {
  struct belay_action *action;
  int fds[2];
  CHECK_OK(pipe(fds));
  CHECK_ERR(belay_action_wake(SIGUSR1, fds[0], 0, &action), -EBADF);
  CHECK_ERR(belay_action_wake(SIGUSR1, 999, 0, &action), -EBADF);
  CHECK_ERR(belay_action_wake(SIGUSR1, -1, 0, &action), -EBADF);
  CHECK_ERR(belay_action_wake(SIGKILL, fds[1], 0, &action), -EINVAL);
  close(fds[0]);
  close(fds[1]);
}

/* -- Ending ---------------------------------------------------------------- */

TEST_EXITS(exit_ends_at_once, 42) {
  struct belay_action *action;
  CHECK_OK(belay_action_exit(SIGUSR1, NULL, 42, 0, &action));
  raise(SIGUSR1);
}

TEST_EXITS(exit_waits_until_it_is_armed, 42) {
  volatile sig_atomic_t armed = 0;
  struct belay_action *action;
  CHECK_OK(belay_action_exit(SIGUSR1, &armed, 42, 0, &action));
  raise(SIGUSR1);
  armed = 1;
  raise(SIGUSR1);
}

static volatile sig_atomic_t interrupted;

TEST_DIES(the_second_control_c_ends_it, SIGINT) {
  struct belay_action *end, *flag;
  CHECK_OK(belay_action_default(SIGINT, &interrupted, 0, &end));
  CHECK_OK(belay_action_flag(SIGINT, &interrupted, 1, 0, &flag));
  raise(SIGINT);
  CHECK_EQ(interrupted, 1);
  raise(SIGINT);
  _exit(1);
}

TEST_DIES(default_without_a_condition, SIGTERM) {
  struct belay_action *action;
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  CHECK_OK(belay_action_default(SIGTERM, NULL, 0, &action));
  (void)stream;
  raise(SIGTERM);
}

/* -- Calls ----------------------------------------------------------------- */

static struct belay_siginfo seen;
static bool had_context;
static volatile int order[8], calls;

static void remember(const struct belay_siginfo *info, void *context,
                     void *data) {
  seen = *info;
  const ucontext_t *ucontext = context;
  had_context = sigismember(&ucontext->uc_sigmask, SIGUSR2) == 1;
  order[calls++] = *(int *)data;
  errno = EDOM;
}

TEST(a_call_gets_the_details_and_the_context) {
  struct belay_action *action;
  int number = 5;
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, NULL);
  CHECK_OK(belay_action_call(SIGUSR1, remember, &number, 0, &action));
  queue_value(SIGUSR1, 77);
  CHECK_EQ(calls, 1);
  CHECK_EQ(order[0], 5);
  CHECK_EQ(seen.signo, SIGUSR1);
  CHECK_EQ(seen.code, SI_QUEUE);
  CHECK_EQ(seen.value.as_int, 77);
  CHECK_EQ(seen.pid, getpid());
  CHECK(had_context); /* the mask of what was interrupted */
  belay_action_remove(action);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}

TEST(actions_are_done_in_the_order_of_registration) {
  struct belay_action *actions[4];
  int numbers[] = {0, 1, 2, 3};
  for (int i = 0; i < 4; i++)
    CHECK_OK(belay_action_call(SIGUSR1, remember, &numbers[i], 0, &actions[i]));
  raise(SIGUSR1);
  CHECK_EQ(calls, 4);
  for (int i = 0; i < 4; i++)
    CHECK_EQ(order[i], i);
  belay_action_remove(actions[1]);
  calls = 0;
  raise(SIGUSR1);
  CHECK_EQ(calls, 3);
  CHECK_EQ(order[1], 2);
  belay_action_remove(actions[0]);
  belay_action_remove(actions[3]);
  belay_action_remove(actions[2]);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
}

TEST(a_thousand_actions) {
  enum { ACTIONS = 1000 };
  static struct belay_action *actions[ACTIONS];
  static volatile sig_atomic_t flags[ACTIONS];
  for (int i = 0; i < ACTIONS; i++)
    CHECK_OK(belay_action_flag(SIGUSR1, &flags[i], 1, 0, &actions[i]));
  raise(SIGUSR1);
  for (int i = 0; i < ACTIONS; i++) {
    CHECK_EQ(flags[i], 1);
    belay_action_remove(actions[i]);
  }
}

/* -- Threads that remove --------------------------------------------------- */

static atomic_bool stop;

static void *raise_on(void *argument) {
  while (!atomic_load(&stop))
    raise(*(int *)argument);
  return NULL;
}

static void read_data(const struct belay_siginfo *info, void *context,
                      void *data) {
  (void)info, (void)context;
  CHECK_EQ(*(volatile int *)data, 42);
}

TEST(a_removed_action_runs_nowhere) {
  int signo = SIGUSR1;
  pthread_t threads[3];
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  for (int i = 0; i < 3; i++)
    threads[i] = start_thread(raise_on, &signo);
  for (int i = 0; i < test_scale(3000); i++) {
    struct belay_action *action;
    int *data = malloc(sizeof *data);
    CHECK(data != NULL);
    *data = 42;
    CHECK_OK(belay_action_call(SIGUSR1, read_data, data, 0, &action));
    belay_action_remove(action);
    *data = 13;
    free(data);
  }
  atomic_store(&stop, true);
  for (int i = 0; i < 3; i++)
    join_thread(threads[i]);
  belay_stream_free(stream);
}

static struct test_gate entered;
static atomic_bool may_leave, has_left;

static void linger(const struct belay_siginfo *info, void *context,
                   void *data) {
  (void)info, (void)context, (void)data;
  test_gate_open(&entered);
  while (!atomic_load(&may_leave))
    continue;
  atomic_store(&has_left, true);
}

static void *raise_once(void *argument) {
  raise(*(int *)argument);
  return NULL;
}

static void *let_leave(void *argument) {
  (void)argument;
  poll(NULL, 0, 30);
  atomic_store(&may_leave, true);
  return NULL;
}

TEST(removal_waits_for_the_action_to_end) {
  int signo = SIGUSR1;
  struct belay_action *action;
  entered = test_gate_make();
  CHECK_OK(belay_action_call(SIGUSR1, linger, NULL, 0, &action));
  pthread_t raiser = start_thread(raise_once, &signo);
  test_gate_pass(&entered);
  pthread_t leaver = start_thread(let_leave, NULL);
  belay_action_remove(action);
  CHECK(atomic_load(&has_left));
  join_thread(raiser);
  join_thread(leaver);
  test_gate_free(&entered);
}

/* -- The alternate stack --------------------------------------------------- */

static char *stack_low, *stack_high;

static void note_stack(const struct belay_siginfo *info, void *context,
                       void *data) {
  char here;
  (void)info, (void)context;
  *(bool *)data = &here >= stack_low && &here < stack_high;
}

TEST(a_small_alternate_stack_is_used_and_is_enough) {
  if (UNDER_ASAN || UNDER_TSAN || under_valgrind())
    SKIP("the sanitizers need more stack");
  enum { GUARD = 4096 };
#ifdef _SC_MINSIGSTKSZ
  size_t size = (size_t)sysconf(_SC_MINSIGSTKSZ) + 2048;
#else
  size_t size = 16384; /* nobody tells how little the kernel needs */
#endif
  char *memory = malloc(GUARD + size);
  CHECK(memory != NULL);
  memset(memory, 0x55, GUARD + size);
  stack_low = memory + GUARD;
  stack_high = stack_low + size;
  stack_t stack = {.ss_sp = stack_low, .ss_size = size}, old;

  bool on_stack = false;
  struct belay_action *action;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_OK(belay_action_call(SIGUSR1, note_stack, &on_stack, 0, &action));
  raise(SIGUSR1); /* the dynamic linker does its work on the other stack */
  CHECK(!on_stack);
  drain(stream, SIGUSR1);
  CHECK_OK(sigaltstack(&stack, &old));
  raise(SIGUSR1);
  CHECK(on_stack);
  for (int i = 0; i < GUARD; i++)
    CHECK_EQ(memory[i], 0x55);

  belay_action_remove(action);
  belay_stream_free(stream);
  stack.ss_flags = SS_DISABLE;
  CHECK_OK(sigaltstack(&stack, NULL));
  free(memory);
}
