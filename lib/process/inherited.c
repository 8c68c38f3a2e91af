/*
 * inherited.c: what somebody wanted us to ignore when we were started, and so
 * our children.  It is looked at when the library is loaded, before anybody can
 * have changed it; and only at the signals of which it matters who wanted it,
 * since every program that has the library pays for each.
 */
#include "process/start.h"
#include "signal/registry.h"
#include "signal/slot.h"

static sigset_t ignored;

__attribute__((constructor)) static void look(void) {
  sigemptyset(&ignored);
  for (int signo = 1; signo < BELAY__NSIG; signo++) {
    struct sigaction now;
    if ((belay__registry_ignore_is_respected(signo) || signo == SIGPIPE) &&
        sigaction(signo, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
      sigaddset(&ignored, signo);
  }
}

const sigset_t *belay__ignored_at_load(void) {
  return &ignored;
}
