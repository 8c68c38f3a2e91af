/* threads_proc.c (Linux): each thread's mask is in /proc. */
#include "signal/threads.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "signal/proc.h"
#include "signal/slot.h"

/* A thread that has ended since it was listed blocks enough. */
static bool blocks(const char *tid, const sigset_t *set) {
  char path[64];
  uint64_t mask;
  snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", tid);
  if (belay__proc_mask(path, "SigBlk", &mask) < 0)
    return true;
  for (int signo = 1; signo < BELAY__NSIG; signo++)
    if (sigismember(set, signo) == 1 && !((mask >> (signo - 1)) & 1))
      return false;
  return true;
}

/* With its two names and one for each thread. */
static bool is_alone(void) {
  struct stat tasks;
  return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
}

bool belay__threads_block(const sigset_t *set) {
  if (is_alone())
    return true;
  DIR *tasks = opendir("/proc/self/task");
  if (tasks == NULL)
    return true;
  long self = syscall(SYS_gettid);
  bool all = true;
  const struct dirent *entry;
  while (all && (entry = readdir(tasks)) != NULL) {
    long tid = strtol(entry->d_name, NULL, 10);
    all = tid <= 0 || tid == self || blocks(entry->d_name, set);
  }
  closedir(tasks);
  return all;
}
