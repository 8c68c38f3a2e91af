/*
 * default.c: what the kernel would have done, done by the kernel: the default
 * disposition is put back, the signal unblocked and sent to this thread.
 *
 * Everything here is async-signal-safe.  Invariant: whoever waits for us sees
 * the signal itself, never a status that was made up, except for PID 1, for
 * which the kernel has no default.
 */
#include "signal/default.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "signal/raise.h"
#include "signal/slot.h"

enum kind { ENDS, STOPS, IGNORED };

static enum kind kind_of(int signo) {
  switch (signo) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
      return IGNORED;
    case SIGSTOP:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return STOPS;
    default:
      return ENDS;
  }
}

/*
 * Lets the signal, the only one in `one`, come by its default action, in this
 * thread.  Returns after a stop, or if the kernel dropped it (an orphaned
 * process group).
 *
 * For our whole group it is sent twice, to this thread and to the group with
 * us, before either may come: whichever comes first stops us, and going on
 * throws the other away.  It is not taken by anybody here, for there is no
 * handler, and if somebody goes on with the group in between, so do we.
 */
static void let_it_come(int signo, const sigset_t *one, bool for_group) {
  struct sigaction action = {.sa_handler = SIG_DFL}, installed;
  sigset_t mask;
  sigemptyset(&action.sa_mask);
  pthread_sigmask(SIG_BLOCK, one, &mask);
  bool changed = sigaction(signo, &action, &installed) == 0;
  belay__raise(signo);
  if (for_group)
    kill(0, signo);
  pthread_sigmask(SIG_UNBLOCK, one, NULL);
  if (changed)
    sigaction(signo, &installed, NULL);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

int belay_signal_default(int signo) {
  int saved_errno = errno;
  sigset_t one;
  sigemptyset(&one);
  /* Refused too: those that the C library keeps for itself. */
  if (sigaddset(&one, signo) != 0) {
    errno = saved_errno;
    return -EINVAL;
  }
  enum kind kind = kind_of(signo);
  if (kind == ENDS && getpid() == 1)
    _exit(128 + signo);
  if (kind != IGNORED)
    let_it_come(signo, &one, false);
  /* Still here: another thread changed the disposition at the same time. */
  if (kind == ENDS)
    _exit(128 + signo);
  errno = saved_errno;
  return 0;
}

/* PID 1 cannot stop, and nobody would go on with the others. */
void belay__stop_with_group(int signo) {
  int saved_errno = errno;
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signo);
  let_it_come(signo, &one, getpid() != 1);
  errno = saved_errno;
}

static bool is_armed(const struct belay__armed *armed) {
  return armed->armed == NULL ||
         __atomic_load_n(armed->armed, __ATOMIC_ACQUIRE) != 0;
}

void belay__exit_if_armed(const struct belay_siginfo *info, void *context,
                          void *data) {
  const struct belay__armed *armed = data;
  (void)info, (void)context;
  if (is_armed(armed))
    _exit(armed->status);
}

void belay__default_if_armed(const struct belay_siginfo *info, void *context,
                             void *data) {
  (void)context;
  if (is_armed(data))
    belay_signal_default(info->signo);
}
