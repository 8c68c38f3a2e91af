/*
 * spawn.c: from the caller's options to a running program.
 *
 * All signals are blocked in this thread meanwhile, so that none is handled in
 * the child, and so that a stop that was put off there is sent again before
 * anything else happens.
 */
#include "process/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "process/start.h"
#include "signal/registry.h"

extern char **environ;

/* -- Options --------------------------------------------------------------- */

/* What an older program did not know of has its default. */
static int read_options(const struct belay_process_options *from,
                        struct belay_process_options *to) {
  *to = (struct belay_process_options)BELAY_PROCESS_OPTIONS_INIT;
  if (from == NULL)
    return 0;
  if (from->size == 0 || from->size > sizeof(*to))
    return -EINVAL;
  memcpy(to, from, from->size);
  const unsigned known = BELAY_PROCESS_SAME_GROUP | BELAY_PROCESS_NEW_SESSION |
                         BELAY_PROCESS_KEEP_FDS | BELAY_PROCESS_KEEP_IGNORED |
                         BELAY_PROCESS_KNOWN_DISPOSITIONS;
  return (to->flags & ~known) == 0 ? 0 : -EINVAL;
}

static int add_signals(sigset_t *set, const int *signals) {
  for (; signals != NULL && *signals != 0; signals++)
    if (sigaddset(set, *signals) != 0)
      return -EINVAL;
  return 0;
}

/* What somebody wanted us to ignore, and so our children.  SIGPIPE is not among
 * it unless all of it is asked for. */
static void keep_ignored(sigset_t *ignored, unsigned flags) {
  *ignored = *belay__ignored_at_load();
  if (!(flags & BELAY_PROCESS_KEEP_IGNORED))
    sigdelset(ignored, SIGPIPE);
}

/* -- Fds ------------------------------------------------------------------- */

/* What was opened for the child alone, to be closed here. */
struct opened {
  int fds[3];
  size_t count;
};

static void add_fd(struct belay__start *start, int ours, int theirs) {
  start->fds[start->fd_count++] =
      (struct belay_process_fd){.ours = ours, .theirs = theirs};
}

static int open_null(struct opened *opened, int *ret_fd) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  opened->fds[opened->count++] = *ret_fd = fd;
  return 0;
}

/* The child's end blocks, as programs expect. */
static int open_pipe(struct opened *opened, bool child_reads, int *ret_theirs,
                     int *ret_ours) {
  int fds[2];
  int error = belay__fd_pipe(0, fds);
  if (error < 0)
    return error;
  *ret_theirs = child_reads ? fds[0] : fds[1];
  *ret_ours = child_reads ? fds[1] : fds[0];
  opened->fds[opened->count++] = *ret_theirs;
  return belay__fd_set_nonblocking(*ret_ours);
}

static int set_stdio(struct belay__start *start, int wanted, int number,
                     struct opened *opened, int pipes[3]) {
  int fd = wanted, error = 0;
  if (wanted == BELAY_STDIO_INHERIT)
    return 0;
  if (wanted == BELAY_STDIO_NULL)
    error = open_null(opened, &fd);
  else if (wanted == BELAY_STDIO_PIPE)
    error = open_pipe(opened, number == 0, &fd, &pipes[number]);
  else if (wanted == BELAY_STDIO_STDOUT && number == 2)
    fd = start->fd_count > 0 &&
                 start->fds[start->fd_count - 1].theirs == STDOUT_FILENO
             ? start->fds[start->fd_count - 1].ours
             : STDOUT_FILENO;
  else if (wanted < 0)
    error = -EINVAL;
  if (error == 0)
    add_fd(start, fd, number);
  return error;
}

static int set_fds(struct belay__start *start,
                   const struct belay_process_options *options,
                   struct opened *opened, int pipes[3]) {
  const int stdio[3] = {options->stdin_fd, options->stdout_fd,
                        options->stderr_fd};
  start->fds = calloc(options->fd_count + 3, sizeof(start->fds[0]));
  if (start->fds == NULL)
    return -ENOMEM;
  int error = 0;
  for (int number = 0; number < 3 && error == 0; number++)
    error = set_stdio(start, stdio[number], number, opened, pipes);
  for (size_t i = 0; i < options->fd_count && error == 0; i++) {
    if (options->fds[i].ours < 0 || options->fds[i].theirs < 0)
      error = -EBADF;
    else
      add_fd(start, options->fds[i].ours, options->fds[i].theirs);
  }
  return error;
}

/* -- Starting -------------------------------------------------------------- */

/* With all signals blocked: 0, or -errno of what the child met. */
static int make(struct belay__start *start) {
  struct belay__start_result result;
  int error = belay__make_child(start, &result);
  pid_t pid = atomic_load(start->pid);
  if (error < 0)
    return error;
  if (result.error < 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
      continue;
    return result.error;
  }
  if (result.stopped_by != 0)
    kill(start->flags & BELAY_PROCESS_SAME_GROUP ? pid : -pid,
         result.stopped_by);
  return 0;
}

static int make_undisturbed(struct belay__start *start) {
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  int error = make(start);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return error;
}

static int fill_in(struct belay__start *start, char *const argv[],
                   const struct belay_process_options *options) {
  const char *path = getenv("PATH");
  *start = (struct belay__start){
      .argv = argv,
      .environment =
          options->environment != NULL ? options->environment : environ,
      .path = path != NULL ? path : "/bin:/usr/bin",
      .directory = options->directory,
      .flags = options->flags,
      .terminal = options->terminal,
      .parent_death_signal = options->parent_death_signal,
      .parent = options->parent_death_signal != 0 ? getpid() : 0,
      .limits = options->limits,
      .limit_count = options->limit_count,
  };
  /* What is somebody else's is not ours to give. */
  if (start->terminal >= 0) {
    pid_t foreground = tcgetpgrp(start->terminal);
    if (foreground < 0)
      return -errno;
    start->group = getpgrp();
    if (foreground != start->group)
      start->terminal = -1;
  }
  keep_ignored(&start->ignored, options->flags);
  belay__dispositions_to_look_at(options->flags, &start->looked_at);
  sigemptyset(&start->mask);
  int error = add_signals(&start->ignored, options->ignore);
  return error < 0 ? error : add_signals(&start->mask, options->block);
}

int belay__spawn(char *const argv[], const struct belay_process_options *given,
                 struct belay_process *process) {
  struct belay_process_options options;
  struct belay__start start;
  struct opened opened = {.count = 0};
  if (argv == NULL || argv[0] == NULL)
    return -EINVAL;
  int error = read_options(given, &options);
  if (error == 0)
    error = fill_in(&start, argv, &options);
  if (error < 0)
    return error;
  start.pid = &process->pid;
  start.pidfd = -1;
  error = set_fds(&start, &options, &opened, process->pipes);
  if (error == 0)
    error = make_undisturbed(&start);
  process->pidfd = start.pidfd;
  while (opened.count > 0)
    belay__fd_close(opened.fds[--opened.count]);
  free(start.fds);
  return error;
}
