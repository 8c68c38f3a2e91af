/* pending_none.c (portable): nothing tells the two apart. */
#include "signal/pending.h"

#include <unistd.h>

int belay__pending_in_thread(int signo) {
  (void)signo;
  return -1;
}

/* As SI_QUEUE: without its sender, and unlike what a write raises. */
void belay__pending_give_back(siginfo_t *info) {
  sigqueue(getpid(), info->si_signo, info->si_value);
}
