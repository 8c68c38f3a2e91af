/*
 * pending_proc.c (Linux): sigpending() mixes what is pending for the thread
 * with what is pending for the process; /proc keeps them apart.
 */
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "signal/pending.h"
#include "signal/proc.h"

int belay__pending_in_thread(int signo) {
  uint64_t pending;
  if (belay__proc_mask("/proc/thread-self/status", "SigPnd", &pending) < 0)
    return -1;
  return (pending >> (signo - 1)) & 1;
}

/* With all that the kernel told of it, which it accepts only from a thread that
 * names itself; the signal is the process's all the same. */
void belay__pending_give_back(siginfo_t *info) {
  pid_t tid = (pid_t)syscall(SYS_gettid);
  if (syscall(SYS_rt_sigqueueinfo, tid, info->si_signo, info) != 0)
    sigqueue(getpid(), info->si_signo, info->si_value);
}
