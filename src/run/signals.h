/*
 * signals.h: which signals we take as messages, and what each becomes on its
 * way to a command.
 */
#ifndef RUN_SIGNALS_H
#define RUN_SIGNALS_H

#include <belay/loop.h>
#include <belay/sigwait.h>

#include "options.h"

/* Blocks all that can be taken, and adds them to the loop; and SIGCHLD, which
 * tells us of children and is not blocked.  0 or -errno. */
int signals_listen(struct belay_loop *loop, struct belay_sigwait **ret_sigwait);

/* Takes a signal out of the queue if it waits there: it is no message. */
void signals_forget(int signo);

/* What it is passed on as; 0: not at all. */
int signals_rewritten(const struct run_options *options, int signo);

/* Whether it asks to end: HUP, INT, QUIT, TERM. */
bool signals_is_end(int signo);

/* Whether one of them has come and waits: they are blocked, and whoever waits
 * for something else than the loop has to look for them. */
bool signals_end_is_pending(void);

/* Whether it is the terminal's (or somebody's) wish that we stop. */
bool signals_is_stop(int signo);

/* Whether it stops who wants the terminal, and has it not. */
bool signals_wants_terminal(int signo);

/* SIGPIPE of a write of our own is no message. */
bool signals_is_own_doing(const struct belay_siginfo *info);

/* Whether the terminal sent it, and to all of a process group. */
bool signals_is_of_terminal(const struct belay_siginfo *info);

/* "SIGTERM", or "signal 77" */
const char *signals_name(int signo);

#endif
