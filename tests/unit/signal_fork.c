/* signal_fork.c: children have copies, and nothing of them is the parent's. */
#include <belay/belay.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "unit/signal_help.h"

/* Every way to make a child that the library is to notice. */
static pid_t by_fork(void) {
  return fork();
}

#if defined(__linux__) && !defined(BELAY_TEST_PORTABLE)
static pid_t by_clone(void) {
  return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
#endif

static pid_t (*const ways[])(void) = {
    by_fork,
#if defined(__linux__) && !defined(BELAY_TEST_PORTABLE)
    by_clone,
#endif
#if defined(__GLIBC__) && !defined(BELAY_TEST_PORTABLE)
#if __GLIBC_PREREQ(2, 34)
    _Fork,
#endif
#endif
};

/* Valgrind knows but the first. */
#define WAYS (under_valgrind() ? 1 : sizeof ways / sizeof *ways)

/* To this very process; raise() may know it by a number that is the parent's
 * still. */
static void send_self(int signo) {
  CHECK_OK(kill((pid_t)syscall(SYS_getpid), signo));
}

static volatile sig_atomic_t flag;

TEST(what_a_child_receives_stays_with_it) {
  int fds[2];
  struct belay_action *set, *wake;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_action_wake(SIGUSR1, fds[1], 0, &wake));
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &set));
  for (size_t i = 0; i < WAYS; i++) {
    pid_t child = ways[i]();
    CHECK_OK(child);
    if (child == 0) {
      struct belay_siginfo info;
      send_self(SIGUSR1);
      if (flag != 1)
        _exit(1);
      if (belay_stream_read(stream, &info) != -ECHILD ||
          belay_stream_wait(stream, -1, &info) != -ECHILD ||
          belay_stream_add(stream, SIGUSR2) != -ECHILD ||
          belay_stream_remove(stream, SIGUSR1) != -ECHILD)
        _exit(2);
      _exit(0);
    }
    CHECK_EQ(test_wait_exit(child), 0);
    CHECK_EQ(flag, 0);
    CHECK(!is_readable(belay_stream_fd(stream), 0));
    CHECK(!is_readable(fds[0], 0));
    expect_nothing(stream);
  }
  belay_action_remove(wake);
  belay_action_remove(set);
  belay_stream_free(stream);
  close(fds[0]);
  close(fds[1]);
}

static void check_death_in_child(int signo, struct belay_stream *stream) {
  for (size_t i = 0; i < WAYS; i++) {
    pid_t child = ways[i]();
    CHECK_OK(child);
    if (child == 0) {
      send_self(signo);
      _exit(1);
    }
    CHECK_EQ(test_wait_killed(child), signo);
    expect_nothing(stream);
  }
}

TEST(a_child_with_the_parents_stream_alone_dies_by_the_signal) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM, SIGINT));
  check_death_in_child(SIGTERM, stream);
  check_death_in_child(SIGINT, stream);
  belay_stream_free(stream);
}

TEST(a_child_with_the_parents_wake_alone_dies_by_the_signal) {
  int fds[2];
  struct belay_action *wake;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR2));
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_action_wake(SIGTERM, fds[1], 0, &wake));
  check_death_in_child(SIGTERM, stream);
  CHECK(!is_readable(fds[0], 0));
  belay_action_remove(wake);
  belay_stream_free(stream);
  close(fds[0]);
  close(fds[1]);
}

TEST(the_parent_gets_all_while_a_child_polls_its_stream) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct test_gate polling = test_gate_make();
  pid_t child = test_fork();
  if (child == 0) {
    test_gate_open(&polling);
    for (;;)
      is_readable(belay_stream_fd(stream), 1);
  }
  test_gate_pass(&polling);
  for (int i = 0; i < 50; i++) {
    raise(SIGUSR1);
    CHECK(is_readable(belay_stream_fd(stream), 5000));
    CHECK_EQ(expect_signal(stream, SIGUSR1).count, 1);
    expect_nothing(stream);
  }
  kill(child, SIGKILL);
  CHECK_EQ(test_wait_killed(child), SIGKILL);
  test_gate_free(&polling);
  belay_stream_free(stream);
}

/* -- Children with streams of their own ------------------------------------ */

/* Each generation opens its own, forks the next, and hears itself alone. */
static void descend(int depth) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1, SIGTERM));
  raise(SIGUSR1);
  if (depth > 0) {
    pid_t child = test_fork();
    if (child == 0) {
      descend(depth - 1);
      belay_stream_free(stream); /* the copy */
      _exit(0);
    }
    CHECK_EQ(test_wait_exit(child), 0);
  }
  raise(SIGUSR1);
  CHECK_EQ(drain(stream, SIGUSR1), 2);
  CHECK_EQ(drain(stream, SIGTERM), 0);
  belay_stream_free(stream);
  CHECK(disposition(SIGTERM).sa_handler == SIG_DFL);
}

TEST(four_generations_with_streams_of_their_own) {
  descend(4);
}

TEST(a_child_frees_its_copies_and_the_parents_go_on) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  for (int i = 0; i < 3; i++) {
    pid_t child = test_fork();
    if (child == 0) {
      belay_stream_close(stream);
      belay_stream_free(stream);
      struct belay_stream *own = open_stream(SIGNALS(SIGUSR1));
      raise(SIGUSR1);
      expect_signal(own, SIGUSR1);
      belay_stream_free(own);
      _exit(0);
    }
    CHECK_EQ(test_wait_exit(child), 0);
    raise(SIGUSR1);
    CHECK(is_readable(belay_stream_fd(stream), 0));
    CHECK_EQ(expect_signal(stream, SIGUSR1).count, 1);
  }
  belay_stream_free(stream);
}

TEST(actions_of_before_and_after_the_fork_work_together) {
  struct belay_action *before, *after, *wake;
  static volatile sig_atomic_t later;
  int fds[2];
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &before));
  pid_t child = test_fork();
  if (child == 0) {
    CHECK_OK(pipe(fds));
    CHECK_OK(belay_action_flag(SIGUSR1, &later, 1, 0, &after));
    CHECK_OK(belay_action_wake(SIGUSR1, fds[1], 0, &wake));
    raise(SIGUSR1);
    CHECK_EQ(flag, 1);
    CHECK_EQ(later, 1);
    CHECK(is_readable(fds[0], 0)); /* made in this very process */
    belay_action_remove(before);
    belay_action_remove(after);
    belay_action_remove(wake);
    CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  CHECK_EQ(flag, 0);
  raise(SIGUSR1);
  CHECK_EQ(flag, 1);
  belay_action_remove(before);
}

/* -- Loops ----------------------------------------------------------------- */

static void expect_event(struct belay_loop *loop, enum belay_event_type type) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, LONG, &event), 1);
  CHECK_EQ(event.type, type);
}

TEST(a_child_frees_its_copy_of_a_loop_and_the_parents_goes_on) {
  struct belay_loop *loop;
  struct belay_cancel *cancel;
  struct belay_channel *channel;
  struct belay_event event;
  int fds[2], message = 1;
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_cancel_new(NULL, &cancel));
  CHECK_OK(belay_channel_new(4, sizeof message, &channel));
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, NULL, NULL));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, NULL));
  CHECK_OK(belay_loop_add_channel(loop, channel, NULL, NULL));
  CHECK_OK(belay_loop_add_signals(loop, SIGNALS(SIGUSR1), 0, NULL, NULL));
  pid_t child = test_fork();
  if (child == 0) {
    belay_loop_free(loop);
    belay_cancel_free(cancel);
    belay_channel_free(channel);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);

  CHECK_EQ(write(fds[1], "x", 1), 1);
  expect_event(loop, BELAY_EVENT_FD);
  char byte;
  CHECK_EQ(read(fds[0], &byte, 1), 1);
  CHECK_EQ(belay_cancel_request(cancel, BELAY_CANCEL_ASKED), 1);
  expect_event(loop, BELAY_EVENT_CANCEL);
  CHECK_OK(belay_channel_send(channel, &message, 0));
  expect_event(loop, BELAY_EVENT_CHANNEL);
  CHECK_EQ(belay_channel_receive(channel, &message), 1);
  raise(SIGUSR1);
  expect_event(loop, BELAY_EVENT_SIGNAL);
  belay_loop_wake(loop);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 0);

  belay_loop_free(loop);
  belay_cancel_free(cancel);
  belay_channel_free(channel);
  close(fds[0]);
  close(fds[1]);
}

/* -- Programs that are started --------------------------------------------- */

/* What a program finds that a child becomes: its signals and its fds. */
static void look_from_a_program(char *text, size_t size) {
  static const char script[] =
      "sed -n 's/^Sig[BIC]/&/p' /proc/self/status; ls /proc/self/fd";
  int fds[2];
  size_t length = 0;
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  pid_t child = test_fork();
  if (child == 0) {
    dup2(fds[1], STDOUT_FILENO);
    execl("/bin/sh", "sh", "-c", script, (char *)NULL);
    _exit(127);
  }
  close(fds[1]);
  ssize_t n;
  while ((n = read(fds[0], text + length, size - 1 - length)) > 0)
    length += (size_t)n;
  text[length] = '\0';
  close(fds[0]);
  CHECK_EQ(test_wait_exit(child), 0);
}

TEST(a_program_finds_nothing_of_what_the_library_has_open) {
  char before[1024], after[1024];
  struct belay_loop *loop;
  struct belay_cancel *cancel;
  struct belay_channel *channel;
  struct belay_action *set;
  struct belay_event event;
  look_from_a_program(before, sizeof before);
  CHECK(strstr(before, "SigBlk:\t0000000000000000\n") != NULL);

  struct belay_stream *stream = open_stream(SIGNALS(SIGINT, SIGCHLD, SIGUSR1));
  CHECK_OK(belay_action_flag(SIGTERM, &flag, 1, 0, &set));
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_cancel_new(NULL, &cancel));
  CHECK_OK(belay_channel_new(4, sizeof(int), &channel));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, NULL));
  CHECK_OK(belay_loop_add_channel(loop, channel, NULL, NULL));
  CHECK_OK(belay_loop_add_signals(loop, SIGNALS(SIGHUP), 0, NULL, NULL));
  CHECK_OK(belay_loop_add_timer(loop, LONG, 0, NULL, NULL));
  belay_loop_fd(loop); /* opens one more, where a loop has an fd */
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  look_from_a_program(after, sizeof after);
  CHECK_STR(after, before);

  belay_loop_free(loop);
  belay_cancel_free(cancel);
  belay_channel_free(channel);
  belay_action_remove(set);
  belay_stream_free(stream);
}
