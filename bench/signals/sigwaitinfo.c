/* sigwaitinfo.c: signals blocked and waited for, with nothing else. */
#include "common.h"

static sigset_t set;

void peer_setup(const int *signals) {
  sigemptyset(&set);
  for (; *signals != 0; signals++)
    sigaddset(&set, *signals);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

void peer_wait(void) {
  siginfo_t info;
  int signo = sigwaitinfo(&set, &info);
  if (signo > 0)
    heard(signo, 1);
}

void *peer_subscribe(int signo) {
  (void)signo;
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
