/* process_status.c: what becomes of a child, and how it is told. */
#include <belay/loop.h>

#include "unit/process_help.h"

static struct belay_process_options options = BELAY_PROCESS_OPTIONS_INIT;

/* A program that says a word when it runs, and sleeps. */
static struct belay_process *sleeper(void) {
  options.stdout_fd = BELAY_STDIO_PIPE;
  struct belay_process *process =
      start(SH("echo word; exec sleep 1000"), &options);
  wait_word(process);
  return process;
}

static enum belay_process_state state_of(struct belay_process *process) {
  struct belay_process_status status;
  belay_process_look(process, &status);
  return status.state;
}

TEST(waiting_ends_with_its_end_or_with_the_time) {
  struct belay_process_status status;
  struct belay_process *process = sleeper();
  CHECK_EQ(belay_process_wait(process, 0, &status), 0);
  CHECK_EQ(belay_process_wait(process, MS, &status), 0);
  CHECK_EQ(state_of(process), BELAY_PROCESS_RUNNING);
  CHECK_OK(belay_process_signal(process, SIGTERM));
  check_killed(process, SIGTERM);
}

TEST(an_ended_child_keeps_its_number_until_it_is_freed) {
  struct belay_process *process = start(ARGV("true"), NULL);
  pid_t pid = belay_process_pid(process);
  wait_end(process);
  CHECK_OK(kill(pid, 0)); /* nobody else's */
  CHECK_ERR(belay_process_signal(process, SIGTERM), -ESRCH);
  belay_process_free(process);
  CHECK_EQ(kill(pid, 0), -1);
}

TEST(its_group_hears_a_signal_also_after_its_end) {
  options.stdout_fd = BELAY_STDIO_PIPE;
  struct belay_process *process =
      start(SH("trap '' TERM; (trap 'echo heard; exit' USR1; echo word; "
               "while :; do sleep 0.01; done) & read x <&-; exit 0"),
            &options);
  wait_word(process);
  wait_end(process);
  CHECK_OK(belay_process_signal_group(process, SIGUSR1));
  CHECK_STR(read_all(process, 1), "heard\n");
  check_exits(process, 0);
}

TEST(without_a_group_of_its_own_it_has_none_to_signal) {
  options.flags = BELAY_PROCESS_SAME_GROUP;
  struct belay_process *process = start(ARGV("true"), &options);
  CHECK_ERR(belay_process_signal_group(process, SIGTERM), -EINVAL);
  check_exits(process, 0);
}

TEST(a_stop_is_told_until_it_goes_on) {
  struct belay_process_status status;
  struct belay_process *process = sleeper();
  CHECK_OK(belay_process_signal(process, SIGSTOP));
  CHECK_EQ(test_wait_stopped(belay_process_pid(process)), SIGSTOP);
  CHECK_OK(belay_process_signal(process, SIGCONT));
  CHECK_OK(belay_process_signal(process, SIGTSTP));
  do {
    belay_process_look(process, &status);
  } while (status.state != BELAY_PROCESS_STOPPED);
  CHECK_EQ(status.code, SIGTSTP);
  CHECK_EQ(state_of(process), BELAY_PROCESS_STOPPED);
  CHECK_OK(belay_process_signal(process, SIGCONT));
  while (state_of(process) != BELAY_PROCESS_RUNNING)
    continue;
  CHECK_OK(belay_process_signal(process, SIGKILL));
  check_killed(process, SIGKILL);
}

TEST(also_with_sigchld_ignored_its_status_is_right) {
  set_handler(SIGCHLD, SIG_IGN);
  struct belay_process *process = start(SH("exit 5"), NULL);
  check_exits(process, 5);
  CHECK(disposition(SIGCHLD).sa_handler == SIG_IGN);
  set_handler(SIGCHLD, SIG_DFL);
}

TEST(also_if_it_is_ignored_beneath_a_stream_that_leaves) {
  set_handler(SIGCHLD, SIG_IGN);
  struct belay_stream *stream = open_stream(SIGNALS(SIGCHLD));
  struct belay_process *process = start(SH("exit 5"), NULL);
  belay_stream_free(stream);
  check_exits(process, 5);
  CHECK(disposition(SIGCHLD).sa_handler == SIG_IGN);
  set_handler(SIGCHLD, SIG_DFL);
}

TEST(a_forked_child_that_frees_its_copy_harms_nobody) {
  struct belay_process *process = sleeper();
  pid_t child = test_fork();
  if (child == 0) {
    CHECK_ERR(belay_process_signal(process, SIGKILL), -ESRCH);
    CHECK_ERR(belay_process_signal_group(process, SIGKILL), -ESRCH);
    belay_process_free(process);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  CHECK_EQ(state_of(process), BELAY_PROCESS_RUNNING);
  CHECK_OK(belay_process_signal(process, SIGTERM));
  check_killed(process, SIGTERM);
}

TEST(a_child_that_somebody_else_waited_for_is_lost) {
  struct belay_process *process = start(ARGV("true"), NULL);
  CHECK_EQ(test_wait_exit(belay_process_pid(process)), 0);
  CHECK_EQ(wait_end(process).state, BELAY_PROCESS_LOST);
  CHECK_ERR(belay_process_signal(process, SIGTERM), -ESRCH);
  CHECK_ERR(belay_process_signal_group(process, SIGTERM), -ESRCH);
  belay_process_free(process);
}

/* -- Giving the number back ------------------------------------------------ */

TEST(a_reaped_child_has_no_number_and_keeps_its_status) {
  struct belay_process_status status;
  struct belay_process *process = sleeper();
  pid_t pid = belay_process_pid(process);
  CHECK_ERR(belay_process_reap(process), -EBUSY);
  CHECK_OK(belay_process_signal(process, SIGTERM));
  CHECK_EQ(belay_process_wait(process, -1, &status), 1);
  CHECK_OK(kill(pid, 0));
  CHECK_OK(belay_process_reap(process));
  CHECK_EQ(kill(pid, 0), -1);
  CHECK_OK(belay_process_reap(process));
  CHECK_ERR(belay_process_signal(process, 0), -ESRCH);
  CHECK_ERR(belay_process_signal_group(process, 0), -ESRCH);
  check_killed(process, SIGTERM);
}

TEST(a_reaped_child_s_group_is_signalled_as_long_as_there_is_one) {
  options.stdout_fd = BELAY_STDIO_PIPE;
  struct belay_process *process =
      start(SH("(trap 'echo heard; exit' USR1; echo word; "
               "while :; do sleep 0.01; done) & exit 0"),
            &options);
  wait_word(process);
  wait_end(process);
  CHECK_OK(belay_process_reap(process));
  CHECK_OK(belay_process_signal_group(process, 0));
  CHECK_ERR(belay_process_signal(process, 0), -ESRCH);
  CHECK_OK(belay_process_signal_group(process, SIGUSR1));
  CHECK_STR(read_all(process, 1), "heard\n");
  while (belay_process_signal_group(process, 0) == 0)
    continue;
  CHECK_ERR(belay_process_signal_group(process, 0), -ESRCH);
  check_exits(process, 0);
}

TEST(one_that_somebody_else_waited_for_is_reaped) {
  struct rusage usage;
  struct belay_process *process = start(ARGV("true"), NULL);
  CHECK_EQ(test_wait_exit(belay_process_pid(process)), 0);
  CHECK_OK(belay_process_reap(process));
  CHECK_ERR(belay_process_signal_group(process, 0), -ESRCH);
  int error = belay_process_usage(process, &usage);
  CHECK(error == -ECHILD || error == -ENOSYS);
  CHECK_EQ(wait_end(process).state, BELAY_PROCESS_LOST);
  belay_process_free(process);
}

TEST(what_it_used_is_told) {
  struct rusage usage = {.ru_maxrss = -1}, again = usage;
  struct belay_process *process = sleeper();
#ifdef BELAY_TEST_PORTABLE
  CHECK_ERR(belay_process_usage(process, &again), -ENOSYS);
  CHECK_EQ(usage.ru_maxrss, again.ru_maxrss);
#else
  CHECK_ERR(belay_process_usage(process, &usage), -EAGAIN);
  CHECK_EQ(usage.ru_maxrss, -1);
  CHECK_OK(belay_process_signal(process, SIGTERM));
  wait_end(process);
  CHECK_OK(belay_process_usage(process, &usage));
  CHECK(usage.ru_maxrss > 0);
  CHECK_OK(belay_process_reap(process));
  CHECK_OK(belay_process_usage(process, &again));
  CHECK_EQ(usage.ru_maxrss, again.ru_maxrss);
  belay_process_free(process);
  process = start(ARGV("true"), NULL);
  wait_end(process);
  CHECK_OK(belay_process_reap(process));
  CHECK_OK(belay_process_usage(process, &usage)); /* not asked for before */
#endif
  belay_process_signal(process, SIGTERM);
  wait_end(process);
  belay_process_free(process);
}

/* -- Others' children ------------------------------------------------------ */

TEST(children_of_other_makers_are_adopted) {
  struct belay_process *process;
  pid_t child = test_fork();
  if (child == 0)
    _exit(6);
  CHECK_OK(belay_process_adopt(child, &process));
  CHECK_ERR(belay_process_signal_group(process, SIGTERM), -EINVAL);
  check_exits(process, 6);
  CHECK_ERR(belay_process_adopt(child, &process), -ECHILD);
  CHECK_ERR(belay_process_adopt(getpid(), &process), -ECHILD);
  CHECK_ERR(belay_process_adopt(-1, &process), -ECHILD);
}

TEST(freeing_one_that_runs_lets_it_run) {
  struct belay_process *process = sleeper();
  pid_t pid = belay_process_pid(process);
  belay_process_free(process);
  CHECK_OK(kill(pid, SIGKILL));
  CHECK_EQ(test_wait_killed(pid), SIGKILL);
  belay_process_free(NULL);
}

TEST(a_status_has_words) {
  const struct {
    struct belay_process_status status;
    const char *words;
  } known[] = {
      {{.state = BELAY_PROCESS_RUNNING}, "running"},
      {{.state = BELAY_PROCESS_STOPPED, .code = SIGTSTP}, "stopped by SIGTSTP"},
      {{.state = BELAY_PROCESS_EXITED, .code = 3}, "exited with status 3"},
      {{.state = BELAY_PROCESS_KILLED, .code = SIGKILL}, "killed by SIGKILL"},
      {{.state = BELAY_PROCESS_KILLED, .code = SIGSEGV, .core_dumped = 1},
       "killed by SIGSEGV, core dumped"},
      {{.state = BELAY_PROCESS_LOST}, "ended unseen"},
  };
  char text[64];
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    belay_process_describe(&known[i].status, text, sizeof text);
    CHECK_STR(text, known[i].words);
  }
  belay_process_describe(&known[4].status, text, 7);
  CHECK_STR(text, "killed");
}

/* -- In a loop ------------------------------------------------------------- */

static struct belay_event next(struct belay_loop *loop) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, LONG, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_PROCESS);
  return event;
}

TEST(a_loop_tells_the_end_once) {
  struct belay_loop *loop;
  struct belay_event event;
  struct belay_source *source;
  int data;
  CHECK_OK(belay_loop_new(&loop));
  for (int ended_before = 0; ended_before < 2; ended_before++) {
    struct belay_process *process = start(SH("exit 9"), NULL);
    if (ended_before)
      wait_end(process);
    CHECK_OK(belay_loop_add_process(loop, process, 0, &data, &source));
    event = next(loop);
    CHECK(event.source == source && event.data == &data);
    CHECK_EQ(event.process.state, BELAY_PROCESS_EXITED);
    CHECK_EQ(event.process.code, 9);
    CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
    belay_source_remove(source);
    belay_process_free(process);
  }
  belay_loop_free(loop);
}

TEST(a_loop_tells_stops_and_going_on_if_asked) {
  struct belay_loop *loop;
  struct belay_process *process = sleeper();
  CHECK_OK(belay_loop_new(&loop));
  CHECK_ERR(belay_loop_add_process(loop, process, 8, NULL, NULL), -EINVAL);
  CHECK_OK(belay_loop_add_process(loop, process, BELAY_PROCESS_WATCH_STOPS,
                                  NULL, NULL));
  const struct {
    int signo;
    enum belay_process_state state;
    int code;
  } steps[] = {{SIGTSTP, BELAY_PROCESS_STOPPED, SIGTSTP},
               {SIGCONT, BELAY_PROCESS_RUNNING, 0},
               {SIGSTOP, BELAY_PROCESS_STOPPED, SIGSTOP},
               {SIGKILL, BELAY_PROCESS_KILLED, SIGKILL}};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    CHECK_OK(belay_process_signal(process, steps[i].signo));
    struct belay_event event = next(loop);
    CHECK_EQ(event.process.state, steps[i].state);
    CHECK_EQ(event.process.code, steps[i].code);
  }
  belay_loop_free(loop);
  belay_process_free(process);
}

/* All of them at once: what the kernel tells of each is merged. */
TEST(the_stops_of_many_are_each_told) {
  enum { COUNT = 40 };
  static const struct {
    int signo;
    enum belay_process_state state;
  } steps[] = {{SIGSTOP, BELAY_PROCESS_STOPPED},
               {SIGCONT, BELAY_PROCESS_RUNNING},
               {SIGKILL, BELAY_PROCESS_KILLED}};
  struct belay_loop *loop;
  struct belay_process *processes[COUNT];
  CHECK_OK(belay_loop_new(&loop));
  int count = test_scale(COUNT);
  for (int i = 0; i < count; i++) {
    processes[i] = start(ARGV("sleep", "1000"), NULL);
    CHECK_OK(belay_loop_add_process(loop, processes[i],
                                    BELAY_PROCESS_WATCH_STOPS, NULL, NULL));
  }
  for (size_t step = 0; step < sizeof steps / sizeof *steps; step++) {
    for (int i = 0; i < count; i++)
      CHECK_OK(belay_process_signal(processes[i], steps[step].signo));
    for (int i = 0; i < count; i++)
      CHECK_EQ(next(loop).process.state, steps[step].state);
  }
  belay_loop_free(loop);
  for (int i = 0; i < count; i++)
    belay_process_free(processes[i]);
}

/* Of a loop: a child that stops and that nobody looks at; one of another loop;
 * and one that is taken out before it has looked. */
TEST(a_stop_is_told_although_that_of_another_comes_first) {
  struct belay_loop *loops[2];
  struct belay_process *unseen = sleeper(), *seen[2], *removed = sleeper();
  struct belay_source *source;
  for (int i = 0; i < 2; i++) {
    seen[i] = sleeper();
    CHECK_OK(belay_loop_new(&loops[i]));
    CHECK_OK(belay_loop_add_process(loops[i], seen[i],
                                    BELAY_PROCESS_WATCH_STOPS, NULL, NULL));
  }
  CHECK_OK(belay_loop_add_process(loops[1], removed, BELAY_PROCESS_WATCH_STOPS,
                                  NULL, &source));
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loops[1], 0, &event), 0);
  CHECK_OK(belay_process_signal(unseen, SIGSTOP));
  CHECK_OK(belay_process_signal(removed, SIGSTOP));
  CHECK_OK(belay_process_signal(seen[0], SIGSTOP));
  CHECK_OK(belay_process_signal(seen[1], SIGSTOP));
  event = next(loops[1]);
  bool is_first = event.source == source;
  belay_source_remove(source);
  if (is_first)
    event = next(loops[1]);
  CHECK_EQ(event.process.state, BELAY_PROCESS_STOPPED);
  CHECK_EQ(next(loops[0]).process.state, BELAY_PROCESS_STOPPED);
  for (int i = 0; i < 2; i++) {
    CHECK_OK(belay_process_signal(seen[i], SIGCONT));
    do {
      event = next(loops[i]);
    } while (event.process.state == BELAY_PROCESS_STOPPED);
    CHECK_EQ(event.process.state, BELAY_PROCESS_RUNNING);
    belay_loop_free(loops[i]);
    CHECK_OK(belay_process_signal(seen[i], SIGKILL));
    check_killed(seen[i], SIGKILL);
  }
  CHECK_OK(belay_process_signal(unseen, SIGKILL));
  CHECK_OK(belay_process_signal(removed, SIGKILL));
  check_killed(unseen, SIGKILL);
  check_killed(removed, SIGKILL);
}

TEST(the_end_is_told_although_nobody_hears_sigchld) {
#ifdef BELAY_TEST_PORTABLE
  SKIP("there are no pidfds");
#endif
  struct belay_loop *loop;
  sigset_t chld;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(-pthread_sigmask(SIG_BLOCK, &chld, NULL));
  struct belay_process *process = start(SH("exit 9"), NULL);
  CHECK_OK(belay_loop_add_process(loop, process, BELAY_PROCESS_WATCH_STOPS,
                                  NULL, NULL));
  CHECK_EQ(next(loop).process.code, 9);
  belay_loop_free(loop);
  belay_process_free(process);
  CHECK_OK(-pthread_sigmask(SIG_UNBLOCK, &chld, NULL));
}

TEST(hundreds_of_children_are_each_told) {
  enum { COUNT = 200 };
  struct belay_loop *loop;
  struct belay_process *processes[COUNT];
  int ended[COUNT] = {0};
  CHECK_OK(belay_loop_new(&loop));
  int count = test_scale(COUNT);
  for (int i = 0; i < count; i++) {
    char script[32];
    snprintf(script, sizeof script, "exit %d", i % 256);
    processes[i] = start(SH(script), NULL);
    unsigned flags = i % 2 ? BELAY_PROCESS_WATCH_STOPS : 0;
    CHECK_OK(
        belay_loop_add_process(loop, processes[i], flags, &ended[i], NULL));
  }
  for (int i = 0; i < count; i++) {
    struct belay_event event = next(loop);
    int *slot = event.data;
    CHECK_EQ(event.process.code, (slot - ended) % 256);
    (*slot)++;
  }
  for (int i = 0; i < count; i++)
    CHECK_EQ(ended[i], 1);
  belay_loop_free(loop);
  for (int i = 0; i < count; i++)
    belay_process_free(processes[i]);
}
