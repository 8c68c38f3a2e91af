/*
 * signals.c: all signals are blocked and taken from the kernel's queue, so that
 * nothing of ours ever runs in a handler but the library's note of SIGCHLD.
 */
#include "signals.h"

#include <belay/signal.h>

#include <stdio.h>
#include <unistd.h>

#define MOST_SIGNALS 128

/* Those that a fault raises cannot be answered later; the library refuses
 * them, and the numbers that the C library keeps for itself have no name. */
static bool can_be_taken(int signo) {
  switch (signo) {
    case SIGKILL:
    case SIGSTOP:
    case SIGCHLD:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
      return false;
    default:
      return belay_signal_name(signo) != NULL;
  }
}

static int take(struct belay_sigwait **ret_sigwait) {
  int signals[MOST_SIGNALS], count = 0;
  for (int signo = 1; signo <= SIGRTMAX && count < MOST_SIGNALS - 1; signo++)
    if (can_be_taken(signo))
      signals[count++] = signo;
  signals[count] = 0;
  return belay_sigwait_open(signals, 0, ret_sigwait);
}

int signals_listen(struct belay_loop *loop,
                   struct belay_sigwait **ret_sigwait) {
  static const int children[] = {SIGCHLD, 0};
  int error = take(ret_sigwait);
  if (error == 0)
    error = belay_loop_add_sigwait(loop, *ret_sigwait, NULL, NULL);
  if (error == 0)
    error = belay_loop_add_signals(loop, children, 0, NULL, NULL);
  return error;
}

void signals_forget(int signo) {
  const int signals[] = {signo, 0};
  struct belay_sigwait *sigwait;
  struct belay_siginfo info;
  if (belay_sigwait_open(signals, 0, &sigwait) < 0)
    return;
  belay_sigwait_read(sigwait, &info);
  belay_sigwait_free(sigwait);
}

int signals_rewritten(const struct run_options *options, int signo) {
  for (size_t i = 0; i < options->rewrite_count; i++)
    if (options->rewrites[i].from == signo)
      return options->rewrites[i].to;
  return signo;
}

bool signals_is_end(int signo) {
  return signo == SIGHUP || signo == SIGINT || signo == SIGQUIT ||
         signo == SIGTERM;
}

bool signals_end_is_pending(void) {
  sigset_t pending;
  return sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 ||
                                       sigismember(&pending, SIGTERM) == 1 ||
                                       sigismember(&pending, SIGHUP) == 1 ||
                                       sigismember(&pending, SIGQUIT) == 1);
}

bool signals_is_stop(int signo) {
  return signo == SIGTSTP || signals_wants_terminal(signo);
}

bool signals_wants_terminal(int signo) {
  return signo == SIGTTIN || signo == SIGTTOU;
}

bool signals_is_own_doing(const struct belay_siginfo *info) {
  return info->signo == SIGPIPE && (info->flags & BELAY_SIGINFO_SENDER) &&
         info->pid == getpid();
}

bool signals_is_of_terminal(const struct belay_siginfo *info) {
  return info->code == SI_KERNEL &&
         (info->signo == SIGINT || info->signo == SIGQUIT ||
          info->signo == SIGWINCH);
}

const char *signals_name(int signo) {
  static char text[24];
  const char *name = belay_signal_name(signo);
  if (name != NULL)
    return name;
  snprintf(text, sizeof(text), "signal %d", signo);
  return text;
}
