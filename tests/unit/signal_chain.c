/* signal_chain.c: handlers of others, below ours and on top of it. */
#include <setjmp.h>

#include "unit/signal_help.h"

static atomic_int called;
static int called_signo;
static siginfo_t called_info;
static bool had_context;

static void plain(int signo) {
  called_signo = signo;
  atomic_fetch_add(&called, 1);
  errno = EDOM;
}

static void detailed(int signo, siginfo_t *info, void *context) {
  called_info = *info;
  had_context = context != NULL;
  plain(signo);
}

static void set_detailed(int signo, int flags) {
  struct sigaction action = {.sa_sigaction = detailed,
                             .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGWINCH);
  CHECK_OK(sigaction(signo, &action, NULL));
}

/* -- The four kinds of what was there before ------------------------------- */

TEST(a_plain_handler_is_called_after_us) {
  set_handler(SIGUSR1, plain);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  errno = E2BIG;
  raise(SIGUSR1);
  CHECK_EQ(errno, E2BIG);
  CHECK_EQ(called, 1);
  CHECK_EQ(called_signo, SIGUSR1);
  CHECK_EQ(drain(stream, SIGUSR1), 1);
  belay_stream_free(stream);
  CHECK(disposition(SIGUSR1).sa_handler == plain);
  raise(SIGUSR1);
  CHECK_EQ(called, 2);
  set_handler(SIGUSR1, SIG_DFL);
}

TEST(a_handler_with_details_gets_them) {
  set_detailed(SIGUSR1, SA_NODEFER | SA_RESTART);
  struct sigaction before = disposition(SIGUSR1);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  queue_value(SIGUSR1, 31);
  CHECK_EQ(called, 1);
  CHECK(had_context);
  CHECK_EQ(called_info.si_code, SI_QUEUE);
  CHECK_EQ(called_info.si_value.sival_int, 31);
  CHECK_EQ(drain(stream, SIGUSR1), 1);
  belay_stream_free(stream);
  struct sigaction after = disposition(SIGUSR1);
  CHECK(after.sa_sigaction == detailed);
  CHECK_EQ(after.sa_flags, before.sa_flags);
  for (int signo = 1; signo < NSIG; signo++)
    CHECK_EQ(sigismember(&after.sa_mask, signo),
             sigismember(&before.sa_mask, signo));
  set_handler(SIGUSR1, SIG_DFL);
}

static void check_ignored(int flags) {
  struct sigaction ignore = {.sa_handler = SIG_IGN, .sa_flags = flags};
  CHECK_OK(sigaction(SIGUSR1, &ignore, NULL));
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  raise(SIGUSR1);
  CHECK_EQ(drain(stream, SIGUSR1), 1);
  belay_stream_free(stream);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_IGN);
  raise(SIGUSR1);
  set_handler(SIGUSR1, SIG_DFL);
}

TEST(ignoring_is_not_called) {
  check_ignored(0);
  check_ignored(SA_SIGINFO);
}

TEST(the_default_is_not_done_for_what_is_taken) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  raise(SIGTERM);
  CHECK_EQ(drain(stream, SIGTERM), 1);
  belay_stream_free(stream);
}

TEST_DIES(the_default_is_back_after_the_last_subscriber, SIGTERM) {
  volatile sig_atomic_t flag;
  struct belay_action *action;
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  CHECK_OK(belay_action_flag(SIGTERM, &flag, 1, 0, &action));
  belay_stream_free(stream);
  raise(SIGTERM);
  belay_action_remove(action);
  raise(SIGTERM);
  _exit(1);
}

/* -- Flags that matter to the one before ----------------------------------- */

TEST(a_handler_that_wants_no_stops_hears_of_none) {
  set_detailed(SIGCHLD, SA_NOCLDSTOP);
  struct belay_stream *stream = open_stream(SIGNALS(SIGCHLD));
  pid_t child = test_fork();
  if (child == 0)
    for (;;)
      pause();
  kill(child, SIGSTOP);
  expect_signal(stream, SIGCHLD);
  kill(child, SIGCONT);
  expect_signal(stream, SIGCHLD);
  CHECK_EQ(called, 0);
  kill(child, SIGKILL);
  expect_signal(stream, SIGCHLD);
  CHECK_EQ(called, 1);
  CHECK_EQ(test_wait_killed(child), SIGKILL);
  belay_stream_free(stream);
  set_handler(SIGCHLD, SIG_DFL);
}

/* A handler that cleans up once and lets the default follow. */
static void once_and_again(int signo) {
  atomic_fetch_add(&called, 1);
  if (atomic_load(&called) > 1)
    _exit(1);
  raise(signo);
}

static volatile sig_atomic_t unused_flag;

TEST(a_handler_for_one_time_is_called_once) {
  pid_t child = test_fork();
  if (child == 0) {
    struct sigaction once = {.sa_handler = once_and_again,
                             .sa_flags = (int)SA_RESETHAND};
    struct belay_action *wake;
    int fds[2];
    CHECK_OK(sigaction(SIGTERM, &once, NULL));
    CHECK_OK(pipe(fds));
    CHECK_OK(belay_action_wake(SIGTERM, fds[1], 0, &wake));
    pid_t grandchild = test_fork(); /* there the action is inert */
    if (grandchild == 0) {
      raise(SIGTERM);
      _exit(2);
    }
    CHECK_EQ(test_wait_killed(grandchild), SIGTERM);
    raise(SIGTERM); /* here both are taken by the action */
    CHECK_EQ(called, 1);
    belay_action_remove(wake);
    CHECK(disposition(SIGTERM).sa_handler == SIG_DFL);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
}

static sigjmp_buf back;

static void jump(int signo) {
  (void)signo;
  siglongjmp(back, 1);
}

TEST(a_handler_that_jumps_away_leaves_us_in_order) {
  set_handler(SIGUSR1, jump);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  for (volatile int i = 0; i < 10; i++)
    if (sigsetjmp(back, 1) == 0)
      raise(SIGUSR1);
  CHECK_EQ(drain(stream, SIGUSR1), 10);
  struct belay_action *action; /* waits for all that run */
  CHECK_OK(belay_action_flag(SIGUSR1, &unused_flag, 1, 0, &action));
  belay_action_remove(action);
  belay_stream_free(stream);
  set_handler(SIGUSR1, SIG_DFL);
}

/* -- A handler on top of ours ---------------------------------------------- */

static struct sigaction beneath;

static void on_top(int signo, siginfo_t *info, void *context) {
  atomic_fetch_add(&called, 1);
  beneath.sa_sigaction(signo, info, context);
}

static void cover(int signo) {
  struct sigaction action = {.sa_sigaction = on_top, .sa_flags = SA_SIGINFO};
  CHECK_OK(sigaction(signo, &action, &beneath));
}

TEST(a_handler_on_top_stays_and_ours_forwards_to_the_one_below) {
  set_handler(SIGUSR1, plain);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  cover(SIGUSR1);
  raise(SIGUSR1);
  CHECK_EQ(called, 2); /* the one on top, and the one below */
  CHECK_EQ(drain(stream, SIGUSR1), 1);
  belay_stream_free(stream);
  CHECK(disposition(SIGUSR1).sa_sigaction == on_top);
  raise(SIGUSR1);
  CHECK_EQ(called, 4);

  stream = open_stream(SIGNALS(SIGUSR1)); /* found again beneath */
  CHECK(disposition(SIGUSR1).sa_sigaction == on_top);
  raise(SIGUSR1);
  CHECK_EQ(called, 6);
  CHECK_EQ(drain(stream, SIGUSR1), 1);
  CHECK_OK(sigaction(SIGUSR1, &beneath, NULL)); /* the one on top goes */
  belay_stream_free(stream);
  CHECK(disposition(SIGUSR1).sa_handler == plain);
  set_handler(SIGUSR1, SIG_DFL);
}

TEST_DIES(beneath_a_handler_on_top_the_default_is_done, SIGTERM) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGTERM));
  cover(SIGTERM);
  belay_stream_free(stream);
  raise(SIGTERM);
  _exit(1);
}

TEST(what_was_reset_by_others_is_installed_again) {
  struct belay_stream *first = open_stream(SIGNALS(SIGUSR1));
  set_handler(SIGUSR1, SIG_IGN);
  struct belay_stream *second = open_stream(SIGNALS(SIGUSR1));
  raise(SIGUSR1);
  CHECK_EQ(drain(first, SIGUSR1), 1);
  CHECK_EQ(drain(second, SIGUSR1), 1);
  belay_stream_free(first);
  belay_stream_free(second);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_IGN);
  set_handler(SIGUSR1, SIG_DFL);
}

/* -- What was ignored from the start --------------------------------------- */

TEST(an_inherited_ignore_is_respected) {
  const int respected[] = {SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof respected / sizeof *respected; i++) {
    int signo = respected[i];
    set_handler(signo, SIG_IGN);
    struct belay_stream *stream = open_stream(SIGNALS(signo));
    CHECK(disposition(signo).sa_handler == SIG_IGN);
    raise(signo);
    expect_nothing(stream);

    struct belay_stream *forced;
    CHECK_OK(belay_stream_open(SIGNALS(signo), BELAY_SIGNAL_FORCE, &forced));
    raise(signo);
    CHECK_EQ(drain(forced, signo), 1);
    CHECK_EQ(drain(stream, signo), 1);
    belay_stream_free(stream);
    belay_stream_free(forced);
    CHECK(disposition(signo).sa_handler == SIG_IGN);
    set_handler(signo, SIG_DFL);
  }
}

TEST(an_action_respects_it_too) {
  volatile sig_atomic_t flag = 0;
  struct belay_action *action;
  set_handler(SIGHUP, SIG_IGN);
  CHECK_OK(belay_action_flag(SIGHUP, &flag, 1, 0, &action));
  raise(SIGHUP);
  CHECK_EQ(flag, 0);
  belay_action_remove(action);
  CHECK_OK(belay_action_flag(SIGHUP, &flag, 1, BELAY_SIGNAL_FORCE, &action));
  raise(SIGHUP);
  CHECK_EQ(flag, 1);
  belay_action_remove(action);
  CHECK(disposition(SIGHUP).sa_handler == SIG_IGN);
  set_handler(SIGHUP, SIG_DFL);
}

/* -- What our handler is installed with ------------------------------------ */

TEST(our_handler_restarts_calls_and_uses_the_alternate_stack) {
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  struct sigaction ours = disposition(SIGUSR1);
  CHECK(ours.sa_flags & SA_RESTART);
  CHECK(ours.sa_flags & SA_ONSTACK);
  CHECK(ours.sa_flags & SA_SIGINFO);
  CHECK_EQ(sigismember(&ours.sa_mask, SIGTERM), 1);
  CHECK_EQ(sigismember(&ours.sa_mask, SIGSEGV), 0);
  belay_stream_free(stream);
}

/* -- What our handler is installed with ------------------------------------ */

static bool restarts(int signo) {
  return disposition(signo).sa_flags & SA_RESTART;
}

TEST(calls_are_begun_anew_unless_a_subscriber_wants_it_otherwise) {
  struct belay_stream *calm = open_stream(SIGNALS(SIGUSR1)), *impatient;
  struct belay_action *action;
  static volatile sig_atomic_t flag;
  CHECK(restarts(SIGUSR1));
  CHECK_OK(
      belay_stream_open(SIGNALS(SIGUSR1), BELAY_SIGNAL_INTERRUPT, &impatient));
  CHECK(!restarts(SIGUSR1));
  CHECK_OK(
      belay_action_flag(SIGUSR1, &flag, 1, BELAY_SIGNAL_INTERRUPT, &action));
  belay_stream_free(impatient);
  CHECK(!restarts(SIGUSR1));
  belay_action_remove(action);
  CHECK(restarts(SIGUSR1));
  belay_stream_free(calm);
  CHECK_OK(
      belay_stream_open(SIGNALS(SIGUSR1), BELAY_SIGNAL_INTERRUPT, &impatient));
  CHECK(!restarts(SIGUSR1));
  CHECK_OK(belay_stream_add(impatient, SIGUSR2));
  CHECK(!restarts(SIGUSR2));
  belay_stream_free(impatient);
  CHECK(disposition(SIGUSR1).sa_handler == SIG_DFL);
}

TEST(who_was_replaced_can_find_out) {
  CHECK_ERR(belay_signal_check(SIGKILL), -EINVAL);
  CHECK_ERR(belay_signal_check(1000), -EINVAL);
  CHECK_EQ(belay_signal_check(SIGUSR1), 0);
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_EQ(belay_signal_check(SIGUSR1), 1);
  struct sigaction ours = disposition(SIGUSR1);
  set_handler(SIGUSR1, plain);
  CHECK_EQ(belay_signal_check(SIGUSR1), 0);
  CHECK_OK(sigaction(SIGUSR1, &ours, NULL));
  CHECK_EQ(belay_signal_check(SIGUSR1), 1);
  belay_stream_free(stream);
  CHECK_EQ(belay_signal_check(SIGUSR1), 0);
}
