/*
 * fault_library.c: every call to the system that the library makes while
 * setting something up fails once, in turn; the error is told, nothing is
 * left behind, and what was there before still is.
 */
#include <belay/belay.h>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "harness/harness.h"

#define LIST(...) ((const int[]){__VA_ARGS__, 0})

/* Counts down to the call that fails; negative: none. */
static int countdown = -1;

/* Taking down is not to fail: what was left of the count is kept. */
static int left;
static void settle(void) {
  left = countdown;
  countdown = -1;
}

static bool fails_now(int error) {
  if (countdown < 0 || countdown-- > 0)
    return false;
  errno = error;
  return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return fails_now(ENOMEM) ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
  return fails_now(ENOMEM) ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
  return fails_now(ENOMEM) ? NULL : __real_realloc(old, size);
}

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags) {
  return fails_now(EMFILE) ? -1 : __real_eventfd(count, flags);
}

int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __wrap_epoll_create1(int flags) {
  return fails_now(EMFILE) ? -1 : __real_epoll_create1(flags);
}

int __real_epoll_ctl(int epoll, int operation, int fd,
                     struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd,
                     struct epoll_event *event);
int __wrap_epoll_ctl(int epoll, int operation, int fd,
                     struct epoll_event *event) {
  /* Taking out does not fail. */
  if (operation != EPOLL_CTL_DEL && fails_now(ENOSPC))
    return -1;
  return __real_epoll_ctl(epoll, operation, fd, event);
}

int __real_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags);
int __wrap_pipe2(int fds[2], int flags) {
  return fails_now(ENFILE) ? -1 : __real_pipe2(fds, flags);
}

int __real_sigaction(int signo, const struct sigaction *action,
                     struct sigaction *old);
int __wrap_sigaction(int signo, const struct sigaction *action,
                     struct sigaction *old);
int __wrap_sigaction(int signo, const struct sigaction *action,
                     struct sigaction *old) {
  return fails_now(EINVAL) ? -1 : __real_sigaction(signo, action, old);
}

/* Runs `set_up` with each call failing in turn until none is left to fail. */
static void fail_each(int (*set_up)(void), int least) {
  int result = -1;
  for (int n = 0; result < 0; n++) {
    CHECK(n < 100);
    countdown = n;
    result = set_up();
    CHECK_EQ(left < 0, result < 0);
    if (result == 0)
      CHECK(n >= least);
  }
}

static int set_up_stream(void) {
  struct belay_stream *stream;
  int error = belay_stream_open(LIST(SIGUSR1, SIGUSR2, SIGHUP), 0, &stream);
  settle();
  if (error == 0)
    belay_stream_free(stream);
  return error;
}

TEST(a_stream) {
  fail_each(set_up_stream, 8);
}

static int set_up_action(void) {
  static volatile sig_atomic_t flag;
  struct belay_action *action;
  int error = belay_action_flag(SIGUSR1, &flag, 1, 0, &action);
  settle();
  if (error == 0)
    belay_action_remove(action);
  return error;
}

TEST(an_action) {
  fail_each(set_up_action, 2);
}

static int set_up_loop(void) {
  struct belay_loop *loop;
  struct belay_cancel *cancel = NULL;
  struct belay_channel *channel = NULL;
  int error = belay_loop_new(&loop);
  if (error < 0) {
    settle();
    return error;
  }
  error = belay_loop_add_signals(loop, LIST(SIGUSR1), 0, NULL, NULL);
  if (error == 0)
    error = belay_loop_add_timer(loop, 0, 0, NULL, NULL);
  if (error == 0)
    error = belay_cancel_new(NULL, &cancel);
  if (error == 0)
    error = belay_loop_add_cancel(loop, cancel, NULL, NULL);
  if (error == 0)
    error = belay_channel_new(4, 8, &channel);
  if (error == 0)
    error = belay_loop_add_channel(loop, channel, NULL, NULL);
  settle();
  belay_loop_free(loop);
  belay_cancel_free(cancel);
  belay_channel_free(channel);
  return error;
}

TEST(a_loop_with_everything) {
  fail_each(set_up_loop, 10);
}

/* What was set up before goes on, whatever fails beside it. */
static struct belay_stream *standing;

static int set_up_beside(void) {
  static volatile sig_atomic_t flag;
  struct belay_siginfo info;
  struct belay_action *action = NULL;
  struct belay_stream *stream = NULL;
  int error = belay_action_flag(SIGUSR1, &flag, 1, 0, &action);
  if (error == 0)
    error = belay_stream_open(LIST(SIGUSR1, SIGUSR2), 0, &stream);
  if (error == 0)
    error = belay_stream_add(standing, SIGHUP);
  settle();
  belay_stream_remove(standing, SIGHUP);
  belay_action_remove(action);
  flag = 0;
  raise(SIGUSR1);
  CHECK_EQ(flag, 0);
  CHECK_EQ(belay_stream_read(standing, &info), 1);
  CHECK_EQ(info.count, 1);
  CHECK_EQ(belay_stream_read(standing, &info), 0);
  belay_stream_free(stream);
  return error;
}

TEST(beside_what_works) {
  CHECK_OK(belay_stream_open(LIST(SIGUSR1), 0, &standing));
  fail_each(set_up_beside, 8);
  belay_stream_free(standing);
}

/* Removing needs nothing that could fail. */
TEST(leaving_works_when_nothing_else_does) {
  static volatile sig_atomic_t flags[3];
  struct belay_action *actions[3];
  for (int i = 0; i < 3; i++)
    CHECK_OK(belay_action_flag(SIGUSR1, &flags[i], 1, 0, &actions[i]));
  for (int i = 0; i < 3; i++) {
    countdown = 1000000;
    int before = countdown;
    belay_action_remove(actions[i]);
    int calls = before - countdown;
    countdown = -1;
    /* Only the last one asks for, and puts back, the disposition. */
    CHECK_EQ(calls, i < 2 ? 0 : 2);
  }
}
