/* process_start.c: what a program finds when it is started. */
#include <belay/sigpipe.h>

#include <stddef.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "unit/process_help.h"

static struct belay_process_options options = BELAY_PROCESS_OPTIONS_INIT;

/* -- Beginning and end ----------------------------------------------------- */

TEST(a_program_runs_and_its_end_is_told) {
  check_exits(start(ARGV("true"), NULL), 0);
  check_exits(start(SH("exit 42"), NULL), 42);
  check_killed(start(SH("kill -TERM $$"), NULL), SIGTERM);
}

TEST(what_cannot_be_started_is_an_error_and_no_child) {
  struct belay_process *process;
  char path[512];
  snprintf(path, sizeof path, "%s/text", test_dir());
  int fd = open(path, O_CREAT | O_WRONLY, 0600);
  CHECK_EQ(write(fd, "exit 7\n", 7), 7);
  close(fd);
  CHECK_ERR(belay_process_start(ARGV("no-such-program"), NULL, &process),
            -ENOENT);
  CHECK_ERR(belay_process_start(ARGV("/no/such/program"), NULL, &process),
            -ENOENT);
  CHECK_ERR(belay_process_start(ARGV(path), NULL, &process), -EACCES);
  CHECK_ERR(belay_process_start(ARGV("/"), NULL, &process), -EACCES);
  CHECK_ERR(belay_process_start(ARGV(NULL), NULL, &process), -EINVAL);
  options.directory = "/no/such/directory";
  CHECK_ERR(belay_process_start(ARGV("true"), &options, &process), -ENOENT);
  CHECK_OK(chmod(path, 0700));
  check_exits(start(ARGV(path), NULL), 7); /* a script without #! */
}

TEST(options_are_checked) {
  struct belay_process *process;
  struct belay_process_options wrong = options;
  wrong.size = 0;
  CHECK_ERR(belay_process_start(ARGV("true"), &wrong, &process), -EINVAL);
  wrong = options;
  wrong.flags = 1u << 31;
  CHECK_ERR(belay_process_start(ARGV("true"), &wrong, &process), -EINVAL);
  wrong = options;
  wrong.stdin_fd = -9;
  CHECK_ERR(belay_process_start(ARGV("true"), &wrong, &process), -EINVAL);
  wrong = options;
  wrong.stdout_fd = 999;
  CHECK_ERR(belay_process_start(ARGV("true"), &wrong, &process), -EBADF);
  wrong = options;
  wrong.ignore = SIGNALS(1000);
  CHECK_ERR(belay_process_start(ARGV("true"), &wrong, &process), -EINVAL);
  /* Of a program that knows but the first of them. */
  wrong = options;
  wrong.size = offsetof(struct belay_process_options, stdin_fd);
  wrong.stdin_fd = 999;
  check_exits(start(ARGV("true"), &wrong), 0);
}

/* -- What it finds --------------------------------------------------------- */

static uint64_t mask_of(const char *status, const char *field) {
  const char *line = strstr(status, field);
  CHECK(line != NULL);
  return strtoull(line + strlen(field), NULL, 16);
}

/* Without what whoever runs us wanted ignored, and what is the C library's. */
static uint64_t ignored_of(const char *status) {
  static const int others[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTSTP,
                               SIGTTIN, SIGTTOU, 32,      33};
  uint64_t mask = mask_of(status, "SigIgn:");
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    mask &= ~(UINT64_C(1) << (others[i] - 1));
  return mask;
}

static const char *status_of_child(void) {
  return output_of(ARGV("cat", "/proc/self/status"), &options);
}

static void catch_it(int signo) {
  (void)signo;
}

TEST(dispositions_and_mask_are_as_new_whatever_we_did) {
#ifndef __linux__
  SKIP("reads /proc");
#endif
  sigset_t all;
  for (int signo = 1; signo < 32; signo++)
    if (signo != SIGKILL && signo != SIGSTOP && signo != SIGCHLD)
      set_handler(signo, signo % 2 ? SIG_IGN : catch_it);
  sigfillset(&all);
  CHECK_OK(-pthread_sigmask(SIG_BLOCK, &all, NULL));
  const char *status = status_of_child();
  CHECK_EQ(mask_of(status, "SigBlk:"), 0);
  CHECK_EQ(ignored_of(status), 0);
  CHECK_EQ(mask_of(status, "SigCgt:"), 0);
  CHECK_OK(-pthread_sigmask(SIG_UNBLOCK, &all, NULL));
  for (int signo = 1; signo < 32; signo++)
    if (signo != SIGKILL && signo != SIGSTOP)
      set_handler(signo, SIG_DFL);
}

/* What was not the default then, and what the library changes from then on. */
TEST(known_dispositions_are_as_new_too) {
#ifndef __linux__
  SKIP("reads /proc");
#endif
  struct belay_stream *stream;
  options.flags = BELAY_PROCESS_KNOWN_DISPOSITIONS;
  set_handler(SIGUSR1, SIG_IGN);
  set_handler(SIGRTMAX, SIG_IGN);
  set_handler(SIGALRM, catch_it);
  CHECK_EQ(ignored_of(status_of_child()), 0);
  CHECK_OK(belay_sigpipe_ignore());
  CHECK_OK(belay_stream_open((const int[]){SIGUSR2, SIGTSTP, 0}, 0, &stream));
  const char *status = status_of_child();
  CHECK_EQ(ignored_of(status), 0);
  CHECK_EQ(mask_of(status, "SigCgt:"), 0);
  belay_stream_free(stream);
  CHECK_EQ(ignored_of(status_of_child()), 0);
  CHECK_OK(belay_sigpipe_restore());
  set_handler(SIGUSR1, SIG_DFL);
  set_handler(SIGRTMAX, SIG_DFL);
  set_handler(SIGALRM, SIG_DFL);
}

TEST(what_it_is_to_ignore_and_to_block_can_be_said) {
#ifndef __linux__
  SKIP("reads /proc");
#endif
  options.ignore = SIGNALS(SIGUSR2, SIGPIPE);
  options.block = SIGNALS(SIGTERM);
  const char *status = status_of_child();
  CHECK_EQ(ignored_of(status), 1 << (SIGUSR2 - 1) | 1 << (SIGPIPE - 1));
  CHECK_EQ(mask_of(status, "SigBlk:"), 1 << (SIGTERM - 1));
}

TEST(it_has_the_standard_fds_and_those_that_it_is_given) {
  char script[] = "echo /proc/self/fd/* | sed 's|/proc/self/fd/||g'";
  int fd = open("/dev/null", O_RDONLY); /* without close-on-exec */
  CHECK(fd > 2);
  /* What lists them opens one itself. */
  CHECK_STR(output_of(SH(script), &options), "0 1 2 3\n");
  struct belay_process_fd more[] = {{fd, 7}, {0, 9}};
  options.fds = more;
  options.fd_count = 2;
  CHECK_STR(output_of(SH(script), &options), "0 1 2 3 7 9\n");
  options.fd_count = 0;
  options.flags = BELAY_PROCESS_KEEP_FDS;
  char number[16];
  snprintf(number, sizeof number, " %d", fd);
  CHECK(strstr(output_of(SH(script), &options), number) != NULL);
  close(fd);
}

TEST(fds_change_places_without_losing_one) {
  int a[2], b[2];
  char got[8] = "";
  CHECK_OK(pipe2(a, O_CLOEXEC));
  CHECK_OK(pipe2(b, O_CLOEXEC));
  struct belay_process_fd more[] = {{a[1], b[1]}, {b[1], a[1]}};
  options.fds = more;
  options.fd_count = 2;
  char script[64];
  snprintf(script, sizeof script, "echo a >&%d; echo b >&%d", a[1], b[1]);
  check_exits(start(SH(script), &options), 0);
  CHECK_EQ(read(a[0], got, sizeof got), 2);
  CHECK_EQ(got[0], 'b');
  CHECK_EQ(read(b[0], got, sizeof got), 2);
  CHECK_EQ(got[0], 'a');
  for (int i = 0; i < 2; i++) {
    close(a[i]);
    close(b[i]);
  }
}

TEST(pipes_lead_to_it_and_from_it) {
  options.stdin_fd = options.stdout_fd = BELAY_STDIO_PIPE;
  options.stderr_fd = BELAY_STDIO_STDOUT;
  struct belay_process *process = start(SH("cat; echo too >&2"), &options);
  CHECK_EQ(belay_process_pipe(process, 2), -1);
  CHECK_EQ(belay_process_pipe(process, 3), -1);
  CHECK_EQ(write(belay_process_pipe(process, 0), "hello\n", 6), 6);
  belay_process_close_pipe(process, 0);
  belay_process_close_pipe(process, 0);
  CHECK_STR(read_all(process, 1), "hello\ntoo\n");
  check_exits(process, 0);
}

TEST(null_is_empty_and_swallows_all) {
  options.stdin_fd = options.stderr_fd = BELAY_STDIO_NULL;
  CHECK_STR(output_of(SH("cat; echo lost >&2"), &options), "");
}

TEST(it_starts_in_the_directory_with_the_environment_that_was_said) {
  options.directory = "/";
  options.environment = ARGV("PATH=/bin:/usr/bin", "WORD=hello");
  CHECK_STR(output_of(SH("pwd; echo $WORD $HOME"), &options), "/\nhello\n");
}

static pid_t number_in(const char *text) {
  return (pid_t)strtol(text, NULL, 10);
}

TEST(it_has_a_group_or_a_session_of_its_own_or_ours) {
  char group[] = "ps -o pgid= -p $$", session[] = "ps -o sid= -p $$";
  CHECK(number_in(output_of(SH(group), &options)) != getpgrp());
  CHECK_EQ(number_in(output_of(SH(session), &options)), getsid(0));
  options.flags = BELAY_PROCESS_NEW_SESSION;
  CHECK(number_in(output_of(SH(session), &options)) != getsid(0));
  options.flags = BELAY_PROCESS_SAME_GROUP;
  CHECK_EQ(number_in(output_of(SH(group), &options)), getpgrp());
}

#ifndef BELAY_TEST_PORTABLE
static void *start_and_end(void *data) {
  (void)data;
  options.parent_death_signal = SIGTERM;
  return start(ARGV("sleep", "1000"), &options);
}
#endif

TEST(it_can_be_told_of_its_parents_end) {
  struct belay_process *process;
#ifdef BELAY_TEST_PORTABLE
  options.parent_death_signal = SIGTERM;
  CHECK_ERR(belay_process_start(ARGV("true"), &options, &process), -ENOSYS);
#else
  pthread_t thread;
  void *started;
  CHECK_OK(-pthread_create(&thread, NULL, start_and_end, NULL));
  pthread_join(thread, &started);
  process = started;
  check_killed(process, SIGTERM);
#endif
}

TEST(it_has_the_limits_that_it_is_given) {
  struct belay_process_limit limits[] = {{RLIMIT_NOFILE, 20, 30},
                                         {RLIMIT_CORE, 0, UINT64_MAX}};
  struct rlimit core;
  CHECK_OK(getrlimit(RLIMIT_CORE, &core));
  limits[1].hard = core.rlim_max == RLIM_INFINITY ? UINT64_MAX : core.rlim_max;
  options.limits = limits;
  options.limit_count = 2;
  CHECK_STR(output_of(SH("ulimit -Sn; ulimit -Hn; ulimit -Sc"), &options),
            "20\n30\n0\n");
  struct rlimit ours;
  CHECK_OK(getrlimit(RLIMIT_NOFILE, &ours));
  CHECK(ours.rlim_cur > 20);
}

TEST(a_limit_that_cannot_be_is_an_error) {
  struct belay_process *process;
  struct belay_process_limit limit = {RLIMIT_NOFILE, 30, 20};
  options.limits = &limit;
  options.limit_count = 1;
  CHECK_ERR(belay_process_start(ARGV("true"), &options, &process), -EINVAL);
  limit.resource = 9999;
  CHECK_ERR(belay_process_start(ARGV("true"), &options, &process), -EINVAL);
}

TEST(an_older_program_s_options_are_shorter) {
  struct belay_process_limit limit = {9999, 0, 0};
  options.limits = &limit; /* what it does not know of is not looked at */
  options.limit_count = 1;
  options.size = offsetof(struct belay_process_options, limits);
  check_exits(start(ARGV("true"), &options), 0);
  struct belay_process *process;
  options.size = sizeof options + 1;
  CHECK_ERR(belay_process_start(ARGV("true"), &options, &process), -EINVAL);
}

/* Where 0 to 2 are closed, nothing of ours takes their place. */
TEST(with_standard_fds_closed_our_ends_are_above_them) {
  for (int fd = 0; fd < 3; fd++)
    CHECK_OK(fcntl(fd, F_DUPFD_CLOEXEC, 10));
  for (int fd = 0; fd < 3; fd++)
    close(fd);
  options.stdin_fd = options.stdout_fd = options.stderr_fd = BELAY_STDIO_PIPE;
  struct belay_process *process = start(SH("cat; echo no >&2"), &options);
  for (int fd = 0; fd < 3; fd++)
    if (belay_process_pipe(process, fd) < 3)
      _exit(1);
  belay_process_close_pipe(process, 0);
  const char *text = read_all(process, 2);
  for (int fd = 0; fd < 3; fd++)
    if (dup2(10 + fd, fd) < 0 || close(10 + fd) != 0)
      _exit(2);
  CHECK_STR(text, "no\n");
  check_exits(process, 0);
}

TEST(its_fds_may_have_any_number) {
  struct belay_process *process;
  for (int theirs = 3; theirs < 12; theirs++) {
    struct belay_process_fd more = {STDIN_FILENO, theirs};
    options.fds = &more;
    options.fd_count = 1;
    CHECK_ERR(belay_process_start(ARGV("/nowhere"), &options, &process),
              -ENOENT);
    check_exits(start(ARGV("true"), &options), 0);
  }
}

static void *start_in_vain(void *go) {
  struct belay_process *process;
  test_gate_pass(go);
  options.stdin_fd = BELAY_STDIO_NULL;
  if (belay_process_start(ARGV("true"), &options, &process) == 0)
    belay_process_free(process);
  pthread_testcancel();
  return NULL;
}

TEST(a_cancelled_thread_starts_and_frees_all_of_it) {
  if (UNDER_TSAN || UNDER_ASAN)
    SKIP("the sanitizers do not know cancelled threads");
  struct test_gate go = test_gate_make();
  for (int i = 0; i < test_scale(50); i++) {
    pthread_t thread = start_thread(start_in_vain, &go);
    pthread_cancel(thread);
    test_gate_open(&go);
    join_thread(thread);
    while (waitpid(-1, NULL, WNOHANG) > 0) /* freed before it ended */
      continue;
  }
  while (waitpid(-1, NULL, 0) > 0)
    continue;
  test_gate_free(&go);
}

/* -- While signals come ---------------------------------------------------- */

/* Sends to whatever is youngest in our session, again and again. */
static pid_t bombard_the_youngest(int signo) {
  pid_t parent = getpid();
  pid_t child = test_fork();
  if (child != 0)
    return child;
  while (getppid() == parent)
    for (pid_t pid = parent + 2; pid < parent + 4000; pid++)
      if (getppid() == parent && getsid(pid) == getsid(0) && pid != getpid())
        kill(pid, signo);
  _exit(0);
}

static void end_bombarding(pid_t child) {
  kill(child, SIGKILL);
  CHECK_EQ(test_wait_killed(child), SIGKILL);
}

static atomic_int handled_in_child;
static pid_t test_pid;

static void note_where(int signo) {
  (void)signo;
  if (getpid() != test_pid)
    handled_in_child = 1;
}

/* A child that shares our memory would tell; the program itself is killed. */
TEST_SLOW(no_handler_of_ours_runs_between_fork_and_exec, 60) {
  test_pid = getpid();
  set_handler(SIGUSR1, note_where);
  pid_t child = bombard_the_youngest(SIGUSR1);
  for (int i = 0; i < test_scale(500); i++) {
    struct belay_process *process = start(ARGV("true"), NULL);
    wait_end(process);
    belay_process_free(process);
  }
  end_bombarding(child);
  CHECK_EQ(handled_in_child, 0);
  set_handler(SIGUSR1, SIG_DFL);
}

/* A stop is put off, and then sent to the program. */
TEST_SLOW(a_stop_between_fork_and_exec_hangs_nobody, 60) {
  pid_t child = bombard_the_youngest(SIGTSTP);
  for (int i = 0; i < test_scale(500); i++) {
    struct belay_process_status status;
    struct belay_process *process = start(ARGV("true"), NULL);
    do {
      belay_process_signal_group(process, SIGCONT);
      CHECK_OK(belay_process_wait(process, MS, &status));
      belay_process_look(process, &status);
    } while (status.state < BELAY_PROCESS_EXITED);
    belay_process_free(process);
  }
  end_bombarding(child);
}

static void *start_many(void *data) {
  for (int i = 0; i < *(int *)data; i++)
    check_exits(start(SH("exit 3"), NULL), 3);
  return NULL;
}

TEST(threads_start_programs_at_the_same_time) {
  pthread_t threads[4];
  int count = test_scale(50);
  for (int i = 0; i < 4; i++)
    CHECK_OK(-pthread_create(&threads[i], NULL, start_many, &count));
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
}

/* What it keeps for the next start is not shared with a fork. */
TEST(a_fork_starts_programs_at_the_same_time) {
  int count = test_scale(100);
  check_exits(start(ARGV("true"), NULL), 0);
  pid_t child = test_fork();
  for (int i = 0; i < count; i++) {
    struct belay_process *process;
    char *const *argv = child == 0 ? ARGV("/nowhere") : ARGV("/no/where/x");
    if (i % 2)
      check_exits(start(ARGV("true"), NULL), 0);
    else
      CHECK_ERR(belay_process_start(argv, NULL, &process), -ENOENT);
  }
  if (child == 0)
    _exit(0);
  CHECK_EQ(test_wait_exit(child), 0);
}

TEST(too_few_fds_are_an_error_and_leave_nothing) {
  struct rlimit limit;
  CHECK_OK(getrlimit(RLIMIT_NOFILE, &limit));
  struct rlimit low = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
  struct belay_process *process = NULL;
  options.stdin_fd = options.stdout_fd = BELAY_STDIO_PIPE;
  options.stderr_fd = BELAY_STDIO_PIPE;
  int failed = 0, error = -EMFILE;
  for (; error == -EMFILE && low.rlim_cur < 64; low.rlim_cur++) {
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &low));
    error = belay_process_start(ARGV("true"), &options, &process);
    failed += error == -EMFILE;
  }
  CHECK_OK(setrlimit(RLIMIT_NOFILE, &limit));
  CHECK_OK(error);
  CHECK(failed > 3);
  check_exits(process, 0);
}
