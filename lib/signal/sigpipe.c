/*
 * sigpipe.c: keeping SIGPIPE from one thread, or from the process.
 *
 * The guard blocks the signal, and on leaving takes back the one that this
 * thread caused.  Invariants: a SIGPIPE that somebody else sent is still there
 * afterwards; the guard always looks on leaving, as a pipe that breaks in the
 * middle of a write raises the signal and returns a count.
 */
#include <belay/sigpipe.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "signal/pending.h"
#include "signal/registry.h"

/* -- One thread ----------------------------------------------------------- */

enum {
  WAS_BLOCKED = 1u,
  WAS_PENDING = 2u,           /* somewhere */
  WAS_PENDING_IN_THREAD = 4u, /* here: another of ours would merge into it */
  PID_SHIFT = 3, /* with the former, of which process; Linux has 22 bits */
};

static sigset_t just_sigpipe(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  return set;
}

static bool is_pending(void) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

void belay_sigpipe_begin(struct belay_sigpipe_guard *guard) {
  int saved_errno = errno;
  sigset_t sigpipe = just_sigpipe(), old;
  unsigned state = 0;
  pthread_sigmask(SIG_BLOCK, &sigpipe, &old);
  if (sigismember(&old, SIGPIPE) == 1) {
    state |= WAS_BLOCKED;
    if (is_pending())
      state |= WAS_PENDING;
    if ((state & WAS_PENDING) && belay__pending_in_thread(SIGPIPE) != 0)
      state |= WAS_PENDING_IN_THREAD;
  }
  if (state & WAS_PENDING)
    state |= (unsigned)getpid() << PID_SHIFT;
  guard->belay_private = state;
  errno = saved_errno;
}

/*
 * Takes one SIGPIPE without waiting.  The kernel gives the thread's own before
 * the process's, and marks what a write raised as sent by ourselves; anything
 * else is handed back.
 */
static void take_ours(const sigset_t *sigpipe) {
  const struct timespec at_once = {0, 0};
  siginfo_t info;
  int signo;
  do {
    signo = sigtimedwait(sigpipe, &info, &at_once);
  } while (signo < 0 && errno == EINTR);
  if (signo == SIGPIPE && !(info.si_code == SI_USER && info.si_pid == getpid()))
    belay__pending_give_back(&info);
}

void belay_sigpipe_end(struct belay_sigpipe_guard *guard) {
  int saved_errno = errno;
  unsigned state = guard->belay_private;
  sigset_t sigpipe = just_sigpipe();
  /* A child inherits the guard, and nothing that is pending. */
  if ((state & WAS_PENDING) && state >> PID_SHIFT != (unsigned)getpid())
    state &= ~(WAS_PENDING | WAS_PENDING_IN_THREAD);
  bool merged = state & WAS_PENDING_IN_THREAD;
  if (!merged && is_pending() &&
      (!(state & WAS_PENDING) || belay__pending_in_thread(SIGPIPE) == 1))
    take_ours(&sigpipe);
  if (!(state & WAS_BLOCKED))
    pthread_sigmask(SIG_UNBLOCK, &sigpipe, NULL);
  errno = saved_errno;
}

void belay_sigpipe_block(void) {
  sigset_t sigpipe = just_sigpipe();
  pthread_sigmask(SIG_BLOCK, &sigpipe, NULL);
}

/* -- The process ---------------------------------------------------------- */

int belay_sigpipe_ignore(void) {
  return belay__registry_ignore(SIGPIPE);
}

int belay_sigpipe_restore(void) {
  return belay__registry_unignore(SIGPIPE);
}
