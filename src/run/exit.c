/* exit.c: the last words. */
#include "exit.h"

#include <belay/signal.h>

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

int exit_status_of(const struct belay_process_status *status) {
  if (status->state == BELAY_PROCESS_EXITED)
    return status->code;
  return status->state == BELAY_PROCESS_KILLED ? EXIT_SIGNAL + status->code
                                               : EXIT_BELAY;
}

/* The command has dumped its core already, if it was to have one.  What is
 * ignored, or does not end a process, ends us with the status instead. */
_Noreturn void exit_by(int signo, bool raises) {
  static const struct rlimit none = {0, 0};
  if (raises && getpid() != 1) {
    setrlimit(RLIMIT_CORE, &none);
    belay_signal_default(signo);
  }
  exit(EXIT_SIGNAL + signo);
}

_Noreturn void exit_as(const struct belay_process_status *status, bool raises) {
  if (status->state == BELAY_PROCESS_KILLED)
    exit_by(status->code, raises);
  exit(exit_status_of(status));
}
