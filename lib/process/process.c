/*
 * process.c: a child, from its start to the end of its handle.
 *
 * Looking never takes an ended child away (WNOWAIT): only freeing does, and
 * reaping (reap.c).  So until then its number, and its group's, is nobody
 * else's.
 */
#include "process/process.h"

#include <belay/job.h>

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/lock.h"
#include "base/owner.h"
#include "base/wait.h"
#include "process/handles.h"
#include "process/pidfd.h"
#include "process/spawn.h"
#include "signal/registry.h"

/* -- Making ---------------------------------------------------------------- */

static int new_handle(struct belay_process **ret_process) {
  struct belay_process *process = calloc(1, sizeof(*process));
  if (process == NULL)
    return -ENOMEM;
  belay__list_init(&process->link);
  int error = belay__registry_keep_children();
  if (error == 0 && (error = belay__handles_add(process)) < 0)
    belay__registry_let_children_go();
  if (error < 0) {
    free(process);
    return error;
  }
  process->generation = belay__owner_generation();
  process->pidfd = -1;
  for (int i = 0; i < 3; i++)
    process->pipes[i] = -1;
  *ret_process = process;
  return 0;
}

/* By a pidfd, if it was not born with one, and if there are any. */
static int watch(struct belay_process *process) {
  if (process->pidfd < 0)
    process->pidfd = belay__pidfd_open(process->pid);
  if (process->pidfd >= 0)
    return 0;
  int error = process->pidfd == -ENOSYS ? 0 : process->pidfd;
  process->pidfd = -1;
  return error;
}

int belay__process_wait_for(const struct belay_process *process,
                            siginfo_t *ret_info, int options,
                            struct rusage *ret_usage) {
  *ret_info = (siginfo_t){.si_pid = 0};
  return belay__pidfd_wait(process->pidfd, process->pid, ret_info, options,
                           ret_usage);
}

static int wait_for(const struct belay_process *process, siginfo_t *ret_info,
                    int options) {
  return belay__process_wait_for(process, ret_info, options, NULL);
}

/* A program that cannot be watched is not to run, nor to have the terminal. */
static void take_back(pid_t pid, const struct belay_process_options *options) {
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    continue;
  if (options != NULL && options->terminal >= 0 &&
      tcgetpgrp(options->terminal) == pid)
    belay_terminal_give(options->terminal, getpgrp());
}

static void free_handle(struct belay_process *process) {
  belay__handles_remove(process);
  belay__fd_close(process->pidfd);
  for (int i = 0; i < 3; i++)
    belay__fd_close(process->pipes[i]);
  belay__registry_let_children_go();
  free(process);
}

static int start(struct belay_process *process, char *const argv[],
                 const struct belay_process_options *options) {
  int error = belay__spawn(argv, options, process);
  if (error < 0)
    return error;
  error = watch(process);
  if (error < 0)
    take_back(process->pid, options);
  bool is_alone =
      options == NULL || !(options->flags & BELAY_PROCESS_SAME_GROUP);
  process->group = is_alone ? process->pid : 0;
  return error;
}

int belay_process_start(char *const argv[],
                        const struct belay_process_options *options,
                        struct belay_process **ret_process) {
  struct belay_process *process;
  int cancel_state = belay__cancel_disable();
  int error = new_handle(&process);
  if (error == 0) {
    error = start(process, argv, options);
    if (error < 0)
      free_handle(process);
    else
      *ret_process = process;
  }
  belay__cancel_restore(cancel_state);
  return error;
}

static bool is_child(pid_t pid) {
  siginfo_t info;
  return pid > 0 &&
         waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

int belay_process_adopt(pid_t pid, struct belay_process **ret_process) {
  struct belay_process *process;
  int cancel_state = belay__cancel_disable();
  int error = is_child(pid) ? new_handle(&process) : -ECHILD;
  if (error == 0) {
    process->pid = pid;
    error = watch(process);
    process->group = getpgid(pid) == pid ? pid : 0;
    if (error < 0)
      free_handle(process);
    else
      *ret_process = process;
  }
  belay__cancel_restore(cancel_state);
  return error;
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

bool belay__process_is_ours(const struct belay_process *process) {
  return process->generation == belay__owner_generation();
}

/* What is told of its end, without changing what is known: -ECHILD: it is not
 * there; 1: it has ended; 0. */
static int look_at_end(const struct belay_process *process) {
  siginfo_t info;
  if (!belay__process_is_ours(process))
    return -ECHILD;
  int cancel_state = belay__cancel_disable();
  int n = wait_for(process, &info, WEXITED | WNOHANG | WNOWAIT);
  belay__cancel_restore(cancel_state);
  return n != 0 ? -ECHILD : info.si_pid != 0;
}

int belay_process_signal(const struct belay_process *process, int signo) {
  if (atomic_load(&process->reaped) || look_at_end(process) != 0)
    return -ESRCH;
  int error = process->pidfd >= 0 ? belay__pidfd_signal(process->pidfd, signo)
                                  : -ENOSYS;
  if (error != -ENOSYS)
    return error;
  return kill(process->pid, signo) == 0 ? 0 : -errno;
}

/* The number may be another's once somebody else has waited for the child. */
static int signal_group_by_number(const struct belay_process *process,
                                  int signo) {
  if (!atomic_load(&process->reaped) && look_at_end(process) < 0)
    return -ESRCH;
  return kill(-process->group, signo) == 0 ? 0 : -errno;
}

/* By the pidfd it is this very group, whatever its number is by now. */
static int signal_group(const struct belay_process *process, int signo) {
  int error = process->pidfd >= 0
                  ? belay__pidfd_signal_group(process->pidfd, signo)
                  : -ENOSYS;
  return error == -ENOSYS ? signal_group_by_number(process, signo) : error;
}

static void note_that_group_is_gone(const struct belay_process *process) {
  ((struct belay_process *)(uintptr_t)process)->group_is_gone = true;
}

int belay_process_signal_group(const struct belay_process *process, int signo) {
  if (process->group == 0)
    return -EINVAL;
  bool reaped = atomic_load(&process->reaped);
  if (!belay__process_is_ours(process) || (reaped && process->group_is_gone))
    return -ESRCH;
  int error = signal_group(process, signo);
  if (reaped && error == -ESRCH)
    note_that_group_is_gone(process);
  return error;
}

void belay__process_kill_rest(struct belay_process *process) {
  if (process->group == 0 || process->group_is_gone)
    return;
  if (process->pidfd < 0 ||
      belay__pidfd_signal_group(process->pidfd, SIGKILL) == -ENOSYS)
    belay_process_signal_group(process, SIGKILL);
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

/* Its end stays to be looked at; a stop, or going on, is told once: it is taken
 * as it is by then, if it has not ended in between. */
static void look(struct belay_process *process) {
  siginfo_t info;
  if (belay__process_is_over(process))
    return;
  int n = wait_for(process, &info,
                   WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT);
  if (n == 0 &&
      (info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED ||
       info.si_code == CLD_CONTINUED) &&
      wait_for(process, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0)
    n = wait_for(process, &info, WEXITED | WNOHANG | WNOWAIT);
  if (n != 0)
    process->status =
        (struct belay_process_status){.state = BELAY_PROCESS_LOST};
  else if (info.si_pid != 0) {
    process->status = status_from(&info);
    process->stops += process->status.state == BELAY_PROCESS_STOPPED;
  }
}

void belay_process_look(struct belay_process *process,
                        struct belay_process_status *ret_status) {
  int saved_errno = errno;
  int cancel_state = belay__cancel_disable();
  look(process);
  belay__cancel_restore(cancel_state);
  errno = saved_errno;
  *ret_status = process->status;
}

/* -- Waiting --------------------------------------------------------------- */

/* Without a pidfd there is nothing that ends with the child or with the time:
 * it is looked at so often. */
#define LOOK_EVERY_NS (10 * BELAY__NS_PER_MS)

/* Until something may have become of it: 0 or -errno. */
static int wait_once(const struct belay_process *process, int64_t timeout_ns) {
  if (process->pidfd >= 0) {
    struct pollfd fd = {.fd = process->pidfd, .events = POLLIN};
    int n = belay__wait_poll(&fd, 1, timeout_ns);
    return n < 0 && n != -EINTR ? n : 0;
  }
  if (timeout_ns < 0) {
    siginfo_t info;
    waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOWAIT);
    return 0;
  }
  struct timespec pause = belay__clock_timespec(
      timeout_ns < LOOK_EVERY_NS ? timeout_ns : LOOK_EVERY_NS);
  nanosleep(&pause, NULL);
  return 0;
}

/* A thread may be cancelled in it. */
int belay_process_wait(struct belay_process *process, int64_t timeout_ns,
                       struct belay_process_status *ret_status) {
  int64_t deadline =
      timeout_ns > 0 ? belay__clock_add(belay__clock_now(), timeout_ns) : 0;
  for (int64_t left = timeout_ns;;) {
    struct belay_process_status status;
    belay_process_look(process, &status);
    bool is_over = belay__process_is_over(process);
    if (is_over || left == 0) {
      *ret_status = status;
      return is_over;
    }
    int error = wait_once(process, left);
    if (error < 0)
      return error;
    if (timeout_ns > 0) {
      left = deadline - belay__clock_now();
      left = left > 0 ? left : 0;
    }
  }
}

void belay_process_free(struct belay_process *process) {
  if (process == NULL)
    return;
  int saved_errno = errno;
  int cancel_state = belay__cancel_disable();
  belay__process_let_go(process);
  free_handle(process);
  belay__cancel_restore(cancel_state);
  errno = saved_errno;
}
