/*
 * child.c: what the child does between fork and exec.
 *
 * It may share the memory of its parent, who waits (vfork): so nothing here
 * allocates or locks, and nothing but the child's own kernel state and what
 * belongs to the start is changed.  All signals are blocked until the last
 * moment.  Invariant: no handler of the parent's program ever runs here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "process/start.h"
#include "signal/slot.h"

/* -- Signals --------------------------------------------------------------- */

/* Whose stop is put off: the child that this thread has become. */
static _Thread_local struct belay__start_result *putting_off;

/* A stop between here and exec would leave a parent that waits for us stuck.
 * It is told instead, and sends it again to the program. */
static void put_off(int signo) {
  putting_off->stopped_by = signo;
}

static bool is_terminal_stop(int signo) {
  return signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU;
}

/* Of SIGPIPE, which many programs ignore, is known who wanted it. */
static bool stays_ignored(const struct belay__start *start, int signo,
                          const struct sigaction *now) {
  if (sigismember(&start->ignored, signo) == 1)
    return true;
  return (start->flags & BELAY_PROCESS_KEEP_IGNORED) && signo != SIGPIPE &&
         now->sa_handler == SIG_IGN;
}

static void set_disposition(int signo, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler};
  sigemptyset(&action.sa_mask);
  sigaction(signo, &action, NULL);
}

/* Exec makes handlers the default, and leaves what is ignored. */
static void reset_dispositions(const struct belay__start *start) {
  putting_off = start->result;
  for (int signo = 1; signo < BELAY__NSIG; signo++) {
    struct sigaction now;
    if (sigismember(&start->looked_at, signo) != 1 ||
        sigaction(signo, NULL, &now) != 0)
      continue;
    void (*wanted)(int) = is_terminal_stop(signo) ? put_off : SIG_DFL;
    if (stays_ignored(start, signo, &now))
      wanted = SIG_IGN;
    if (now.sa_handler != wanted)
      set_disposition(signo, wanted);
  }
}

/* -- Fds ------------------------------------------------------------------- */

int belay__highest_fd(const struct belay__start *start) {
  int highest = STDERR_FILENO;
  for (size_t i = 0; i < start->fd_count; i++)
    if (start->fds[i].theirs > highest)
      highest = start->fds[i].theirs;
  return highest;
}

/* One by one, as far as is reasonable, where there is no call for it. */
static void close_on_exec_all(void) {
  if (belay__close_on_exec_all() == 0)
    return;
  long most = sysconf(_SC_OPEN_MAX);
  for (int fd = STDERR_FILENO + 1; fd < most && fd < 65536; fd++)
    fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* First all of them out of each other's way, then each into its place. */
static int place_fds(struct belay__start *start) {
  int highest = belay__highest_fd(start);
  for (size_t i = 0; i < start->fd_count; i++) {
    int copy = fcntl(start->fds[i].ours, F_DUPFD_CLOEXEC, highest + 1);
    if (copy < 0)
      return -errno;
    start->fds[i].ours = copy;
  }
  if (start->terminal >= 0 &&
      (start->terminal = fcntl(start->terminal, F_DUPFD_CLOEXEC, highest + 1)) <
          0)
    return -errno;
  if (!(start->flags & BELAY_PROCESS_KEEP_FDS))
    close_on_exec_all();
  for (size_t i = 0; i < start->fd_count; i++)
    if (dup2(start->fds[i].ours, start->fds[i].theirs) < 0)
      return -errno;
  return 0;
}

/* -- Where it belongs ------------------------------------------------------ */

static int join_group(const struct belay__start *start) {
  int n = 0;
  if (start->flags & BELAY_PROCESS_NEW_SESSION)
    n = setsid() < 0 ? -1 : 0;
  else if (!(start->flags & BELAY_PROCESS_SAME_GROUP))
    n = setpgid(0, 0);
  return n < 0 ? -errno : 0;
}

/* A parent that ended before we asked will not be told of any more. */
static int follow_parent(const struct belay__start *start) {
  if (start->parent_death_signal == 0)
    return 0;
  int error = belay__set_parent_death_signal(start->parent_death_signal);
  pid_t parent = getppid(); /* 0: it is in another namespace */
  return error == 0 && parent != start->parent && parent != 0 ? -ESRCH : error;
}

/* Numbers are as wide as the system has them; none is the greatest there. */
static int limit(const struct belay__start *start) {
  for (size_t i = 0; i < start->limit_count; i++) {
    const struct belay_process_limit *from = &start->limits[i];
    struct rlimit to = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    if (from->soft != UINT64_MAX)
      to.rlim_cur = (rlim_t)from->soft;
    if (from->hard != UINT64_MAX)
      to.rlim_max = (rlim_t)from->hard;
    if (setrlimit(from->resource, &to) != 0)
      return -errno;
  }
  return 0;
}

static int prepare(struct belay__start *start) {
  int error = join_group(start);
  if (error == 0)
    error = follow_parent(start);
  if (error == 0)
    error = place_fds(start);
  if (error == 0 && start->directory != NULL && chdir(start->directory) != 0)
    error = -errno;
  if (error == 0)
    error = limit(start);
  if (error == 0 && start->terminal >= 0 &&
      tcsetpgrp(start->terminal, getpgrp()) != 0)
    error = -errno;
  return error;
}

/* -- The program ----------------------------------------------------------- */

/* A script without #! is the shell's, as for execvp(). */
static int execute_as_script(const struct belay__start *start,
                             const char *file) {
  size_t count = 0;
  while (start->argv[count] != NULL)
    count++;
  if (count > 1024)
    return -E2BIG;
  const char *argv[1024 + 2] = {"sh", file};
  for (size_t i = 1; i <= count; i++)
    argv[i + 1] = start->argv[i];
  execve("/bin/sh", (char **)(uintptr_t)argv, start->environment);
  return -errno;
}

static int execute_file(const struct belay__start *start, const char *file) {
  execve(file, start->argv, start->environment);
  return errno == ENOEXEC ? execute_as_script(start, file) : -errno;
}

/* The next entry of PATH with the name: what is left of PATH, or NULL. */
static const char *join_path(const char *path, const char *name,
                             char file[PATH_MAX]) {
  size_t length = strcspn(path, ":"), name_length = strlen(name);
  file[0] = '\0';
  if (length + name_length + 2 <= PATH_MAX) {
    memcpy(file, path, length);
    if (length > 0)
      file[length++] = '/';
    memcpy(file + length, name, name_length + 1);
  }
  path += strcspn(path, ":");
  return *path == ':' ? path + 1 : NULL;
}

/* The first that can be executed; that one was not permitted is told if no
 * other is there. */
static int execute(const struct belay__start *start) {
  const char *name = start->argv[0];
  if (strchr(name, '/') != NULL)
    return execute_file(start, name);
  int result = -ENOENT;
  if (*name == '\0') /* or it would be the directories themselves */
    return result;
  for (const char *rest = start->path; rest != NULL;) {
    char file[PATH_MAX];
    rest = join_path(rest, name, file);
    int error = execute_file(start, file);
    if (error == -EACCES)
      result = error;
    else if (error != -ENOENT && error != -ENOTDIR)
      return error;
  }
  return result;
}

_Noreturn void belay__child_main(struct belay__start *start) {
  reset_dispositions(start);
  int error = prepare(start);
  if (error == 0) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &start->mask, NULL);
    error = execute(start);
    sigprocmask(SIG_SETMASK, &all, NULL);
    if (start->terminal >= 0)
      tcsetpgrp(start->terminal, start->group);
  }
  start->result->error = error;
  _exit(127);
}
