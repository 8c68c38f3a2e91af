/*
 * process.c: a child, from its start to the end of its number.
 *
 * Looking never takes an ended child away (WNOWAIT): only freeing does.  So its
 * number, and its group's, is nobody else's as long as there is a handle.
 */
#include "process/process.h"

#include <belay/signal.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/wait.h"
#include "process/children.h"
#include "process/pidfd.h"
#include "process/spawn.h"

/* -- Making ---------------------------------------------------------------- */

static int new_handle(struct belay_process **ret_process) {
  struct belay_process *process = calloc(1, sizeof(*process));
  if (process == NULL)
    return -ENOMEM;
  int error = belay__children_keep();
  if (error < 0) {
    free(process);
    return error;
  }
  process->pidfd = -1;
  for (int i = 0; i < 3; i++)
    process->pipes[i] = -1;
  *ret_process = process;
  return 0;
}

static int watch(struct belay_process *process, pid_t pid) {
  process->pid = pid;
  int fd = belay__pidfd_open(pid);
  if (fd < 0 && fd != -ENOSYS)
    return fd;
  process->pidfd = fd >= 0 ? fd : -1;
  return 0;
}

/* A program that cannot be watched is not to run. */
static void take_back(const struct belay__spawned *spawned) {
  kill(spawned->pid, SIGKILL);
  while (waitpid(spawned->pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  for (int i = 0; i < 3; i++)
    belay__fd_close(spawned->pipes[i]);
}

static void free_handle(struct belay_process *process) {
  belay__fd_close(process->pidfd);
  belay__children_let_go();
  free(process);
}

int belay_process_start(char *const argv[],
                        const struct belay_process_options *options,
                        struct belay_process **ret_process) {
  struct belay_process *process;
  struct belay__spawned spawned;
  int error = new_handle(&process);
  if (error < 0)
    return error;
  error = belay__spawn(argv, options, &spawned);
  if (error == 0) {
    error = watch(process, spawned.pid);
    if (error < 0)
      take_back(&spawned);
  }
  if (error < 0) {
    free_handle(process);
    return error;
  }
  for (int i = 0; i < 3; i++)
    process->pipes[i] = spawned.pipes[i];
  bool is_alone =
      options == NULL || !(options->flags & BELAY_PROCESS_SAME_GROUP);
  process->group = is_alone ? process->pid : 0;
  *ret_process = process;
  return 0;
}

int belay_process_adopt(pid_t pid, struct belay_process **ret_process) {
  struct belay_process *process;
  siginfo_t info;
  if (pid <= 0 ||
      waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    return -ECHILD;
  int error = new_handle(&process);
  if (error < 0)
    return error;
  error = watch(process, pid);
  if (error < 0) {
    free_handle(process);
    return error;
  }
  process->group = getpgid(pid) == pid ? pid : 0;
  *ret_process = process;
  return 0;
}

/* -- What there is --------------------------------------------------------- */

pid_t belay_process_pid(const struct belay_process *process) {
  return process->pid;
}

int belay_process_pipe(const struct belay_process *process, int fd) {
  return fd >= 0 && fd < 3 ? process->pipes[fd] : -1;
}

void belay_process_close_pipe(struct belay_process *process, int fd) {
  if (fd < 0 || fd >= 3)
    return;
  belay__fd_close(process->pipes[fd]);
  process->pipes[fd] = -1;
}

/* -- Signals --------------------------------------------------------------- */

int belay_process_signal(const struct belay_process *process, int signo) {
  siginfo_t info = {.si_pid = 0};
  if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) !=
          0 ||
      info.si_pid != 0)
    return -ESRCH;
  return kill(process->pid, signo) == 0 ? 0 : -errno;
}

int belay_process_signal_group(const struct belay_process *process, int signo) {
  if (process->group == 0)
    return -EINVAL;
  if (process->status.state == BELAY_PROCESS_LOST)
    return -ESRCH;
  return kill(-process->group, signo) == 0 ? 0 : -errno;
}

/* -- What became of it ----------------------------------------------------- */

bool belay__process_is_over(const struct belay_process *process) {
  return process->status.state >= BELAY_PROCESS_EXITED;
}

static struct belay_process_status status_from(const siginfo_t *info) {
  struct belay_process_status status = {.code = info->si_status};
  switch (info->si_code) {
    case CLD_EXITED:
      status.state = BELAY_PROCESS_EXITED;
      break;
    case CLD_KILLED:
    case CLD_DUMPED:
      status.state = BELAY_PROCESS_KILLED;
      status.core_dumped = info->si_code == CLD_DUMPED;
      break;
    case CLD_STOPPED:
    case CLD_TRAPPED:
      status.state = BELAY_PROCESS_STOPPED;
      break;
    default: /* CLD_CONTINUED */
      status = (struct belay_process_status){.state = BELAY_PROCESS_RUNNING};
      break;
  }
  return status;
}

/* Its end stays to be looked at; a stop, or going on, is told once.  The second
 * look finds no child if it has ended since the first. */
static void look(struct belay_process *process) {
  siginfo_t info = {.si_pid = 0};
  id_t pid = (id_t)process->pid;
  if (belay__process_is_over(process))
    return;
  if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
    process->status =
        (struct belay_process_status){.state = BELAY_PROCESS_LOST};
  else if (info.si_pid != 0 ||
           (waitid(P_PID, pid, &info, WSTOPPED | WCONTINUED | WNOHANG) == 0 &&
            info.si_pid != 0))
    process->status = status_from(&info);
}

void belay_process_look(struct belay_process *process,
                        struct belay_process_status *ret_status) {
  int saved_errno = errno;
  look(process);
  errno = saved_errno;
  *ret_status = process->status;
}

/* -- Waiting --------------------------------------------------------------- */

/* Until something may have become of it: 1, 0 when the time is over, or
 * -errno.  `children` is a stream of SIGCHLD, where there is no pidfd. */
static int wait_once(const struct belay_process *process,
                     struct belay_stream *children, int64_t timeout_ns) {
  struct belay_siginfo info;
  if (children != NULL)
    return belay_stream_wait(children, timeout_ns, &info);
  struct pollfd fd = {.fd = process->pidfd, .events = POLLIN};
  int n = belay__wait_poll(&fd, 1, timeout_ns);
  return n == -EINTR ? 1 : n;
}

static int wait_for_end(struct belay_process *process,
                        struct belay_stream *children, int64_t timeout_ns) {
  int64_t deadline =
      timeout_ns > 0 ? belay__clock_add(belay__clock_now(), timeout_ns) : 0;
  for (int64_t left = timeout_ns;;) {
    look(process);
    if (belay__process_is_over(process))
      return 1;
    if (left == 0)
      return 0;
    int n = wait_once(process, children, left);
    if (n < 0)
      return n;
    if (timeout_ns > 0) {
      left = deadline - belay__clock_now();
      left = left > 0 ? left : 0;
    }
  }
}

int belay_process_wait(struct belay_process *process, int64_t timeout_ns,
                       struct belay_process_status *ret_status) {
  const int signals[] = {SIGCHLD, 0};
  struct belay_stream *children = NULL;
  int result = 0;
  if (process->pidfd < 0)
    result = belay_stream_open(signals, 0, &children);
  if (result == 0)
    result = wait_for_end(process, children, timeout_ns);
  belay_stream_free(children);
  if (result > 0)
    *ret_status = process->status;
  return result;
}

void belay_process_free(struct belay_process *process) {
  if (process == NULL)
    return;
  int saved_errno = errno;
  siginfo_t info;
  waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG);
  for (int i = 0; i < 3; i++)
    belay_process_close_pipe(process, i);
  free_handle(process);
  errno = saved_errno;
}
