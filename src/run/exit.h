/*
 * exit.h: how we end: as the command did, and the statuses that timeout(1) and
 * the shell have for the rest.
 */
#ifndef RUN_EXIT_H
#define RUN_EXIT_H

#include <belay/process.h>
#include <stdbool.h>

enum {
  EXIT_TIMED_OUT = 124,
  EXIT_BELAY = 125, /* wrong usage, or we failed ourselves */
  EXIT_CANNOT_EXECUTE = 126,
  EXIT_NOT_FOUND = 127,
  EXIT_SIGNAL = 128, /* and the signal's number */
};

/* The exit status that a shell has for it. */
int exit_status_of(const struct belay_process_status *status);

/*
 * Ends as the command did: with its exit status, or, if `raises`, by its
 * signal, without a core of our own; as PID 1, which no signal ends, and
 * otherwise, with 128 and its number.
 */
_Noreturn void exit_as(const struct belay_process_status *status, bool raises);

/* Dies by a signal, or exits with 128 and its number. */
_Noreturn void exit_by(int signo, bool raises);

#endif
