/* process_job_stop.c: groups that stop with us, and have the terminal. */
#include <belay/sigwait.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "unit/job_help.h"

/* -- Ctrl-Z ---------------------------------------------------------------- */

TEST(stopping_is_for_stops) {
  CHECK_OK(belay_loop_new(&loop));
  CHECK_ERR(belay_loop_stop(loop, SIGTERM, 0), -EINVAL);
  CHECK_ERR(belay_loop_stop(loop, SIGTSTP, 8), -EINVAL);
  belay_loop_free(loop);
}

static bool is_in_state(pid_t pid, char state) {
  char path[64], text[512], found;
  snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char *end = strrchr(text, ')');
  return end != NULL && sscanf(end, ") %c", &found) == 1 && found == state;
}

/* In a process of its own, which is not of an orphaned group: a job, and a
 * stop; it tells the job's number first and goes on to the end. */
static _Noreturn void stop_with_job(int fd) {
  setpgid(0, 0);
  struct belay_job *job = start_job(SH("echo word; exec sleep 1000"), 0);
  wait_word(belay_job_process(job));
  pid_t pid = belay_process_pid(belay_job_process(job));
  CHECK_EQ(write(fd, &pid, sizeof pid), (ssize_t)sizeof pid);
  int64_t before = belay_loop_now(loop);
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, 0));
  int64_t paused = belay_loop_now(loop) - before;
  CHECK(is_in_state(pid, 'S') || is_in_state(pid, 'R'));
  belay_job_free(job);
  belay_loop_free(loop);
  close(fd);
  _exit(paused < 40 * MS ? 0 : 1);
}

TEST(jobs_stop_with_us_and_go_on_with_us_and_no_time_passes) {
#ifndef __linux__
  SKIP("reads /proc");
#endif
  int fds[2];
  pid_t job;
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  pid_t child = test_fork();
  if (child == 0)
    stop_with_job(fds[1]);
  close(fds[1]);
  CHECK_EQ(read(fds[0], &job, sizeof job), (ssize_t)sizeof job);
  close(fds[0]);
  CHECK_EQ(test_wait_stopped(child), SIGTSTP);
  while (!is_in_state(job, 'T'))
    continue;
  int64_t until = now_ns() + 60 * MS;
  while (now_ns() < until)
    continue;
  CHECK_OK(kill(child, SIGCONT));
  CHECK_EQ(test_wait_exit(child), 0);
}

/* How our own side may have the signal when we stop. */
enum kept { DEFAULT, CAUGHT, BLOCKED, IGNORED, KEPTS };

static struct belay_stream *stream;
static struct belay_sigwait *waiter;

static void keep(enum kept how, int signo) {
  if (how == CAUGHT)
    stream = open_stream((const int[]){signo, 0});
  else if (how == BLOCKED)
    CHECK_OK(belay_sigwait_open((const int[]){signo, 0}, 0, &waiter));
  else if (how == IGNORED)
    set_handler(signo, SIG_IGN);
}

/* It was no message, and is not to become one. */
static void check_nothing_came(enum kept how, int signo) {
  struct belay_siginfo info;
  sigset_t pending;
  CHECK_OK(sigpending(&pending));
  CHECK_EQ(sigismember(&pending, signo), 0);
  if (how == CAUGHT)
    expect_nothing(stream);
  if (how == BLOCKED)
    CHECK_EQ(belay_sigwait_wait(waiter, 0, &info), 0);
  if (how == IGNORED)
    CHECK(disposition(signo).sa_handler == SIG_IGN);
}

/* The leader of a group, with another in it that has the defaults. */
static _Noreturn void stop_with_group(enum kept how, int signo, int fd) {
  setpgid(0, 0);
  pid_t other = test_fork();
  if (other == 0)
    for (;;)
      pause();
  keep(how, signo);
  CHECK_OK(belay_loop_new(&loop));
  CHECK_EQ(write(fd, &other, sizeof other), (ssize_t)sizeof other);
  CHECK_OK(belay_loop_stop(loop, signo, BELAY_STOP_GROUP));
  check_nothing_came(how, signo);
  CHECK_OK(kill(other, SIGKILL));
  CHECK_EQ(test_wait_killed(other), SIGKILL);
  belay_loop_free(loop);
  belay_stream_free(stream);
  belay_sigwait_free(waiter);
  _exit(0);
}

static void stops_once_with_its_group(enum kept how, int signo) {
  int fds[2];
  pid_t other;
  CHECK_OK(pipe2(fds, O_CLOEXEC));
  pid_t child = test_fork();
  if (child == 0)
    stop_with_group(how, signo, fds[1]);
  close(fds[1]);
  CHECK_EQ(read(fds[0], &other, sizeof other), (ssize_t)sizeof other);
  close(fds[0]);
  CHECK_EQ(test_wait_stopped(child), signo);
  while (!is_in_state(other, 'T'))
    continue;
  CHECK_OK(kill(-child, SIGCONT));
  CHECK_EQ(test_wait_exit(child), 0); /* not stopped once more */
}

TEST(our_group_stops_with_us_once_however_we_have_the_signal) {
#ifndef __linux__
  SKIP("reads /proc");
#endif
  static const int signals[] = {SIGTSTP, SIGTTIN, SIGTTOU};
  for (int how = 0; how < KEPTS; how++)
    for (int i = 0; i < 3; i++)
      stops_once_with_its_group(how, signals[i]);
}

static void *spin(void *over) {
  while (!atomic_load((atomic_int *)over))
    poll(NULL, 0, 1);
  return NULL;
}

/* Another thread does not have it blocked, and may be chosen for it. */
static _Noreturn void stop_with_threads(void) {
  static atomic_int over;
  setpgid(0, 0);
  pthread_t thread = start_thread(spin, &over);
  stream = open_stream(SIGNALS(SIGTSTP));
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, BELAY_STOP_GROUP));
  expect_nothing(stream);
  belay_loop_free(loop);
  belay_stream_free(stream);
  atomic_store(&over, 1);
  join_thread(thread);
  _exit(0);
}

TEST(other_threads_do_not_hear_of_a_stop_with_the_group) {
  for (int i = 0; i < test_scale(50); i++) {
    pid_t child = test_fork();
    if (child == 0)
      stop_with_threads();
    CHECK_EQ(test_wait_stopped(child), SIGTSTP);
    CHECK_OK(kill(-child, SIGCONT));
    CHECK_EQ(test_wait_exit(child), 0);
  }
}

TEST(in_an_orphaned_group_nobody_stops_and_nothing_is_left) {
  static const enum kept hows[] = {DEFAULT, CAUGHT, BLOCKED, IGNORED};
  CHECK_OK(belay_loop_new(&loop));
  for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
    keep(hows[i], SIGTSTP);
    CHECK_OK(belay_loop_stop(loop, SIGTSTP, BELAY_STOP_GROUP));
    check_nothing_came(hows[i], SIGTSTP);
    belay_stream_free(stream);
    belay_sigwait_free(waiter);
    stream = NULL;
    waiter = NULL;
  }
  set_handler(SIGTSTP, SIG_DFL);
  belay_loop_free(loop);
}

TEST(where_no_stop_is_possible_all_go_on) {
  /* The leader of a session is in an orphaned group. */
  struct belay_job *job = start_job(SH("echo word; exec sleep 1000"), 0);
  wait_word(belay_job_process(job));
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, 0));
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, BELAY_STOP_GROUP));
  CHECK_OK(belay_job_end(job, 0, LONG));
  CHECK_EQ(next().process.code, SIGTERM);
  belay_job_free(job);
  belay_loop_free(loop);
}

/* -- The terminal ---------------------------------------------------------- */

/* A terminal that controls this session; its other end is left open. */
static int open_terminal(int *ret_other_end) {
  *ret_other_end = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  CHECK_OK(*ret_other_end);
  CHECK_OK(grantpt(*ret_other_end));
  CHECK_OK(unlockpt(*ret_other_end));
  int fd = open(ptsname(*ret_other_end), O_RDWR | O_CLOEXEC);
  CHECK_OK(fd);
  CHECK_EQ(tcgetpgrp(fd), getpgrp());
  return fd;
}

static void close_terminal(int fd, int other_end) {
  set_handler(SIGHUP, SIG_IGN); /* closing the master hangs up */
  close(fd);
  close(other_end);
  set_handler(SIGHUP, SIG_DFL);
}

TEST(the_foreground_is_given_and_taken_back) {
  int other_end, fd = open_terminal(&other_end);
  options.terminal = fd;
  struct belay_job *job = start_job(SH("echo word; exec sleep 1000"), 0);
  pid_t group = belay_process_pid(belay_job_process(job));
  wait_word(belay_job_process(job));
  CHECK_EQ(tcgetpgrp(fd), group);
  CHECK_OK(belay_terminal_give(fd, getpgrp())); /* from the background */
  CHECK_EQ(tcgetpgrp(fd), getpgrp());
  CHECK_OK(belay_terminal_give(fd, group));
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, 0)); /* orphaned: goes on */
  CHECK_EQ(tcgetpgrp(fd), group);
  belay_job_free(job);
  CHECK_ERR(belay_terminal_give(STDIN_FILENO, getpgrp()), -ENOTTY);
  belay_loop_free(loop);
  close_terminal(fd, other_end);
}

TEST(after_a_stop_the_terminal_goes_to_the_job_that_had_it) {
  int other_end, fd = open_terminal(&other_end);
  struct belay_job *first = start_job(SH("echo word; exec sleep 1000"), 0);
  wait_word(belay_job_process(first));
  options.terminal = fd;
  struct belay_job *second = start_job(SH("echo word; exec sleep 1000"), 0);
  pid_t group = belay_process_pid(belay_job_process(second));
  wait_word(belay_job_process(second));
  CHECK_EQ(tcgetpgrp(fd), group);
  struct belay_job *third = start_job(ARGV("true"), 0); /* not ours to give */
  CHECK_EQ(tcgetpgrp(fd), group);
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, 0));
  CHECK_EQ(tcgetpgrp(fd), group);
  CHECK_OK(belay_terminal_give(fd, getpgrp()));
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, 0));
  CHECK_EQ(tcgetpgrp(fd), getpgrp()); /* none had it */
  belay_job_free(third);
  belay_job_free(second);
  belay_job_free(first);
  belay_loop_free(loop);
  close_terminal(fd, other_end);
}

TEST(a_job_that_goes_gives_the_terminal_back) {
  int other_end, fd = open_terminal(&other_end);
  CHECK_EQ(dup2(fd, STDIN_FILENO), STDIN_FILENO);
  options.terminal = STDIN_FILENO; /* which the program has another of */
  options.stdin_fd = BELAY_STDIO_NULL;
  struct belay_job *job = start_job(SH("echo word; exec sleep 1000"), 0);
  wait_word(belay_job_process(job));
  CHECK_EQ(tcgetpgrp(fd), belay_process_pid(belay_job_process(job)));
  belay_job_free(job);
  CHECK_EQ(tcgetpgrp(fd), getpgrp());
  belay_loop_free(loop);
  int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  close(null);
  close_terminal(fd, other_end);
}

TEST(a_paused_loop_is_paused_after_a_stop_too) {
  CHECK_OK(belay_loop_new(&loop));
  belay_loop_pause(loop);
  int64_t paused_at = belay_loop_now(loop);
  CHECK_OK(belay_loop_stop(loop, SIGTSTP, 0));
  int64_t until = now_ns() + MS;
  while (now_ns() < until)
    continue;
  CHECK_EQ(belay_loop_now(loop), paused_at);
  belay_loop_free(loop);
}

TEST(a_program_that_cannot_be_executed_gives_the_terminal_back) {
  int other_end, fd = open_terminal(&other_end);
  struct belay_process *process;
  options.terminal = fd;
  CHECK_ERR(belay_process_start(ARGV("/nowhere"), &options, &process), -ENOENT);
  CHECK_EQ(tcgetpgrp(fd), getpgrp());
  options.terminal = STDIN_FILENO;
  CHECK_ERR(belay_process_start(ARGV("true"), &options, &process), -ENOTTY);
  close_terminal(fd, other_end);
}
