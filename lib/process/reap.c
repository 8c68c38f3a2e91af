/*
 * reap.c: giving back the number of a child that has ended, and what it used.
 *
 * Invariant: a number that was given back is used for nothing but its group,
 * and that only until the group was seen to be gone.
 */
#include <errno.h>
#include <sys/wait.h>

#include "base/lock.h"
#include "process/handles.h"
#include "process/process.h"

void belay__process_let_go(struct belay_process *process) {
  siginfo_t info;
  if (atomic_load(&process->reaped) || !belay__process_is_ours(process))
    return;
  int n = belay__process_wait_for(process, &info, WEXITED | WNOHANG,
                                  &process->usage);
  process->has_usage = n == 0 && info.si_pid != 0;
  if (n != 0 && errno == ENOSYS)
    n = belay__process_wait_for(process, &info, WEXITED | WNOHANG, NULL);
  if (n == 0 && info.si_pid != 0) {
    atomic_store(&process->reaped, true);
    belay__handles_remove(process);
  }
}

int belay_process_reap(struct belay_process *process) {
  struct belay_process_status status;
  belay_process_look(process, &status);
  if (!belay__process_is_over(process))
    return -EBUSY;
  int saved_errno = errno;
  int cancel_state = belay__cancel_disable();
  belay__process_let_go(process);
  belay__cancel_restore(cancel_state);
  /* Now, before anybody can have the number. */
  if (process->group != 0 && atomic_load(&process->reaped))
    belay_process_signal_group(process, 0);
  errno = saved_errno;
  return 0;
}

static int look_at_usage(struct belay_process *process) {
  siginfo_t info;
  int n = belay__process_wait_for(process, &info, WEXITED | WNOHANG | WNOWAIT,
                                  &process->usage);
  if (n != 0)
    return errno == ENOSYS ? -ENOSYS : -ECHILD;
  process->has_usage = info.si_pid != 0;
  return process->has_usage ? 0 : -EAGAIN;
}

int belay_process_usage(struct belay_process *process,
                        struct rusage *ret_usage) {
  int error = 0, saved_errno = errno;
  if (!process->has_usage && atomic_load(&process->reaped)) {
    error = -ENOSYS;
  } else if (!process->has_usage) {
    int cancel_state = belay__cancel_disable();
    error = look_at_usage(process);
    belay__cancel_restore(cancel_state);
  }
  errno = saved_errno;
  if (error == 0)
    *ret_usage = process->usage;
  return error;
}
