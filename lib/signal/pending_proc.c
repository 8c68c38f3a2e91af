/*
 * pending_proc.c (Linux): sigpending() mixes what is pending for the thread
 * with what is pending for the process; /proc keeps them apart.
 */
#include "signal/pending.h"
#include "signal/proc.h"

int belay__pending_in_thread(int signo) {
  uint64_t pending;
  if (belay__proc_mask("/proc/thread-self/status", "SigPnd", &pending) < 0)
    return -1;
  return (pending >> (signo - 1)) & 1;
}
