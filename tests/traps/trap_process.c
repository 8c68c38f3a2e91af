/* trap_process.c: signals while other processes begin, and for processes that
 * have just begun or are about to let go. */
#include <belay/belay.h>
#include <fcntl.h>
#include <spawn.h>

#include "unit/signal_help.h"

extern char **environ;

/* -- Programs that are started --------------------------------------------- */

static pid_t bombard_parent(int signo, int count) {
  pid_t child = test_fork();
  if (child != 0)
    return child;
  for (int i = 0; i < count; i++)
    while (sigqueue(getppid(), signo, (union sigval){.sival_int = i}) != 0)
      sched_yield(); /* the queue of the system is full */
  _exit(0);
}

static void wait_until_none_is_pending(int signo) {
  sigset_t pending;
  do {
    sched_yield();
    sigpending(&pending);
  } while (sigismember(&pending, signo) == 1);
}

/* What a program finds blocked, ignored and caught. */
static void spawn_one_that_looks(char *ret_text, size_t size) {
  char program[] = "sed", quiet[] = "-n", script[] = "s/^Sig[BIC]/&/p",
       file[] = "/proc/self/status";
  char *const arguments[] = {program, quiet, script, file, NULL};
  posix_spawn_file_actions_t files;
  size_t length = 0;
  int fds[2];
  pid_t child;
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  CHECK_EQ(posix_spawn_file_actions_init(&files), 0);
  CHECK_EQ(posix_spawn_file_actions_adddup2(&files, fds[1], 1), 0);
  CHECK_EQ(posix_spawnp(&child, program, &files, NULL, arguments, environ), 0);
  posix_spawn_file_actions_destroy(&files);
  close(fds[1]);
  ssize_t n;
  while ((n = read(fds[0], ret_text + length, size - 1 - length)) > 0)
    length += (size_t)n;
  ret_text[length] = '\0';
  close(fds[0]);
  CHECK_EQ(test_wait_exit(child), 0);
}

TEST_SLOW(programs_spawned_in_a_storm_start_clean_and_take_no_signal, 60) {
  const int signo = SIGRTMIN + 5;
  const int count = test_scale(20000);
  char before[1024], now[1024];
  spawn_one_that_looks(before, sizeof before);
  struct belay_stream *stream = open_stream(SIGNALS(signo, SIGCHLD));
  struct belay_siginfo info;
  uint64_t sum = 0, spawned = 0;
  pid_t sender = bombard_parent(signo, count);
  for (; sum < (uint64_t)count / 2 && spawned < 50; spawned++) {
    spawn_one_that_looks(now, sizeof now);
    CHECK_STR(now, before);
    while (belay_stream_read(stream, &info) == 1)
      sum += info.signo == signo ? info.count : 0;
  }
  CHECK_EQ(test_wait_exit(sender), 0);
  wait_until_none_is_pending(signo);
  sum += drain(stream, signo);
  if (!UNDER_TSAN) /* which merges signals that wait */
    CHECK_EQ(sum, count);
  CHECK(spawned > 0 && sum > 0);
  belay_stream_free(stream);
}

/* -- A signal for a whole group -------------------------------------------- */

static volatile sig_atomic_t flag;

static void change_mask(int how, int signo) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signo);
  CHECK_EQ(pthread_sigmask(how, &set, NULL), 0);
}

/* Has a copy of all that the parent has, and gets the signal later. */
static _Noreturn void be_told_too(const struct test_gate *parent_knows) {
  test_gate_pass(parent_knows);
  if (flag != 0)
    _exit(1);
  change_mask(SIG_UNBLOCK, SIGINT);
  while (flag == 0)
    poll(NULL, 0, 1);
  _exit(0);
}

/* As Ctrl-C does. */
TEST(what_reaches_a_child_too_is_told_once) {
  enum { CHILDREN = 4, ROUNDS = 20 };
  struct test_gate parent_knows = test_gate_make();
  struct belay_action *set;
  struct belay_stream *stream = open_stream(SIGNALS(SIGINT));
  CHECK_OK(belay_action_flag(SIGINT, &flag, 1, 0, &set));
  for (int round = 0; round < ROUNDS; round++) {
    pid_t children[CHILDREN];
    flag = 0;
    change_mask(SIG_BLOCK, SIGINT);
    for (int i = 0; i < CHILDREN; i++)
      if ((children[i] = test_fork()) == 0)
        be_told_too(&parent_knows);
    CHECK_OK(kill(0, SIGINT));
    change_mask(SIG_UNBLOCK, SIGINT);
    CHECK_EQ(expect_signal(stream, SIGINT).count, 1);
    expect_nothing(stream);
    for (int i = 0; i < CHILDREN; i++)
      test_gate_open(&parent_knows);
    for (int i = 0; i < CHILDREN; i++)
      CHECK_EQ(test_wait_exit(children[i]), 0);
    CHECK(!is_readable(belay_stream_fd(stream), 0));
    expect_nothing(stream);
  }
  belay_action_remove(set);
  belay_stream_free(stream);
  test_gate_free(&parent_knows);
}

/* -- Loops in children's children ------------------------------------------ */

static struct belay_loop *new_loop(void) {
  struct belay_loop *loop;
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_signals(loop, SIGNALS(SIGUSR1), 0, NULL, NULL));
  return loop;
}

static void expect_own_signal(struct belay_loop *loop) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  CHECK_OK(kill(getpid(), SIGUSR1));
  CHECK_EQ(belay_loop_next(loop, LONG, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_SIGNAL);
  CHECK_EQ(event.signal.count, 1);
  CHECK_EQ(event.signal.pid, getpid());
}

/* The copy of the parent's may go at any time. */
static void descend(int depth, struct belay_loop *copy) {
  pid_t child = test_fork();
  if (child == 0) {
    struct belay_loop *own = new_loop();
    expect_own_signal(own);
    belay_loop_free(copy);
    expect_own_signal(own);
    if (depth > 0)
      descend(depth - 1, own);
    expect_own_signal(own);
    belay_loop_free(own);
    CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
}

TEST(each_generation_makes_a_loop_that_hears_itself_alone) {
  struct belay_loop *loop = new_loop();
  descend(3, loop);
  expect_own_signal(loop);
  belay_loop_free(loop);
}

/* -- Between having and not having ----------------------------------------- */

/* Comes and goes until it has read the signal, unless that ends it first. */
static _Noreturn void come_and_go(const struct test_gate *begun) {
  test_gate_open(begun);
  for (;;) {
    struct belay_siginfo info;
    struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
    belay_stream_close(stream);
    if (belay_stream_read(stream, &info) == 1)
      _exit(info.signo == SIGTERM && info.count == 1 ? 0 : 2);
    belay_stream_free(stream);
  }
}

/* One that did neither would go on for ever. */
TEST_SLOW(a_signal_while_leaving_is_read_or_does_its_default, 60) {
  if (UNDER_TSAN)
    SKIP("it puts signals off, and drops them if the default is back by then");
  struct test_gate begun = test_gate_make();
  int rounds = test_scale(500), read = 0, died = 0;
  for (int i = 0; i < rounds; i++) {
    int status;
    pid_t child = test_fork();
    if (child == 0)
      come_and_go(&begun);
    test_gate_pass(&begun);
    for (int k = 0; k < i % 7; k++)
      sched_yield();
    CHECK_OK(kill(child, SIGTERM));
    CHECK_EQ(waitpid(child, &status, 0), child);
    read += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    died += WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM;
  }
  CHECK_EQ(read + died, rounds);
  test_gate_free(&begun);
}
