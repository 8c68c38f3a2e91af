/*
 * inherited.c: what we were started with, and our children are to have too:
 * which signals were ignored.  It is looked at when the library is loaded,
 * before anybody can have changed it.
 */
#include "process/start.h"
#include "signal/slot.h"

static sigset_t ignored;

__attribute__((constructor)) static void look(void) {
  sigemptyset(&ignored);
  for (int signo = 1; signo < BELAY__NSIG; signo++) {
    struct sigaction now;
    if (sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
      sigaddset(&ignored, signo);
  }
}

const sigset_t *belay__ignored_at_load(void) {
  return &ignored;
}
