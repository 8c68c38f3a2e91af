/*
 * dispositions.c: which signals a child has to look at before it executes its
 * program: all; or where it is promised that they are known, those that were
 * not the default once, those that are ours, and those that the child catches.
 */
#include <pthread.h>

#include "process/start.h"
#include "signal/registry.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static sigset_t not_default;

static void look(void) {
  sigemptyset(&not_default);
  for (int signo = 1; signo < BELAY__NSIG; signo++) {
    struct sigaction now;
    if (sigaction(signo, NULL, &now) == 0 && now.sa_handler != SIG_DFL)
      sigaddset(&not_default, signo);
  }
}

void belay__dispositions_to_look_at(unsigned flags, sigset_t *ret_signals) {
  if (!(flags & BELAY_PROCESS_KNOWN_DISPOSITIONS)) {
    sigfillset(ret_signals);
    return;
  }
  pthread_once(&once, look);
  *ret_signals = not_default;
  sigaddset(ret_signals, SIGTSTP);
  sigaddset(ret_signals, SIGTTIN);
  sigaddset(ret_signals, SIGTTOU);
  belay__registry_add_ours(ret_signals);
}
