/*
 * registry.c: who wants which signal; installs our handler for the first who
 * does, and takes it away with the last.
 *
 * All changes are made under one lock.  Invariants: what a handler may be
 * reading of a plan is never changed or freed; a signal that comes while
 * things change is delivered to a subscriber or does what it did before, never
 * neither; what was installed before us comes back as it was.
 */
#include "signal/registry.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/lock.h"
#include "base/owner.h"
#include "signal/plan.h"

/* The registry's own side of a slot; the handler never looks at it. */
struct entry {
  size_t interrupters; /* subscribers with BELAY_SIGNAL_INTERRUPT */
  struct sigaction previous;
  bool installed; /* ours is the handler, or beneath one that others put on */
  bool ignored_by_us;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry entries[BELAY__NSIG];
static unsigned generation;  /* of the process that `entries` describes */
static size_t children_kept; /* for whose sake SIGCHLD is caught */
static bool fork_handled;

/* -- The lock ------------------------------------------------------------- */

/* A handler of others that interrupts its holder may fork. */
static _Thread_local bool is_holder;

/* The result goes to leave(). */
static int enter(void) {
  int cancel_state = belay__lock(&lock);
  is_holder = true;
  return cancel_state;
}

static void leave(int cancel_state) {
  is_holder = false;
  belay__unlock(&lock, cancel_state);
}

static void before_fork(void) {
  if (!is_holder)
    pthread_mutex_lock(&lock);
}

static void after_fork(void) {
  if (!is_holder)
    pthread_mutex_unlock(&lock);
}

/* The handlers that other threads were in do not run in the child. */
static void after_fork_in_child(void) {
  for (int signo = 1; signo < BELAY__NSIG; signo++)
    belay__grace_reset(&belay__slots[signo].grace);
  after_fork();
}

/* What other threads of the parent were writing will never be whole here. */
static void forget_unfinished(struct belay__slot *slot) {
  for (int i = 0; i < BELAY__RECORDS; i++)
    if (atomic_load(&slot->records[i].state) & 1)
      atomic_store(&slot->records[i].state, 0);
  atomic_store(&slot->finished, atomic_load(&slot->claimed));
}

/* Streams went; actions stay. */
static void count_interrupters(int signo) {
  const struct belay__plan *plan = atomic_load(&belay__slots[signo].plan);
  entries[signo].interrupters = 0;
  for (size_t i = 0; plan != NULL && i < atomic_load(&plan->count); i++)
    if (atomic_load(&plan->steps[i].kind) != BELAY__STEP_NONE &&
        (plan->steps[i].action->flags & BELAY_SIGNAL_INTERRUPT))
      entries[signo].interrupters++;
}

/* Actions stay, with the memory that they point to; streams were the
 * parent's, and so were their bells. */
static void start_anew(void) {
  children_kept = 0;
  for (int signo = 1; signo < BELAY__NSIG; signo++) {
    struct belay__slot *slot = &belay__slots[signo];
    atomic_store(&slot->only, NULL);
    count_interrupters(signo);
    if (atomic_exchange(&slot->listeners, 0) > 0)
      belay__bell_close(&slot->bell);
    forget_unfinished(slot);
  }
}

/* Makes sure that the registry describes this very process. */
static int adopt(void) {
  if (generation != 0 && belay__owner_generation() == generation)
    return 0;
  if (!fork_handled) {
    if (pthread_atfork(before_fork, after_fork, after_fork_in_child) != 0)
      return -ENOMEM;
    fork_handled = true;
  }
  if (generation != 0) /* else nobody before us had anything, nor touched it */
    start_anew();
  int error = belay__owner_claim();
  if (error == 0)
    generation = belay__owner_generation();
  return error;
}

/* -- Dispositions --------------------------------------------------------- */

static bool is_ours(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) &&
         action->sa_sigaction == belay__deliver;
}

/* SIG_DFL and SIG_IGN are what they are with SA_SIGINFO too. */
static bool is_plain(const struct sigaction *action, void (*handler)(int)) {
  return action->sa_handler == handler;
}

/* What is to come back: a previous handler for one time that was called is the
 * default by now. */
static struct sigaction previous_now(int signo) {
  struct sigaction action = entries[signo].previous;
  if (atomic_load(&belay__slots[signo].previous_spent))
    action.sa_handler = SIG_DFL;
  return action;
}

bool belay__registry_ignore_is_respected(int signo) {
  switch (signo) {
    case SIGHUP:
    case SIGINT:
    case SIGQUIT:
    case SIGTSTP:
    case SIGTTIN:
    case SIGTTOU:
      return true;
    default:
      return false;
  }
}

static bool is_left_ignored(int signo, const struct sigaction *now,
                            unsigned flags) {
  return is_plain(now, SIG_IGN) && belay__registry_ignore_is_respected(signo) &&
         !(flags & BELAY_SIGNAL_FORCE);
}

bool belay__registry_is_left_ignored(int signo, unsigned flags) {
  struct sigaction now;
  return belay__registry_ignore_is_respected(signo) && /* most are not */
         sigaction(signo, NULL, &now) == 0 &&
         is_left_ignored(signo, &now, flags);
}

static struct sigaction our_action(int signo) {
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
  if (entries[signo].interrupters == 0)
    action.sa_flags |= SA_RESTART;
  action.sa_sigaction = belay__deliver;
  /* All, with those that the C library keeps for itself: no thread is cancelled
   * in a handler. */
  memset(&action.sa_mask, 0xff, sizeof(action.sa_mask));
  /* A fault inside a handler has to end the process, not hang it. */
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
    sigdelset(&action.sa_mask, faults[i]);
  return action;
}

static bool is_wanted(int signo) {
  return belay__plan_size(&belay__slots[signo]) > 0 ||
         atomic_load(&belay__slots[signo].listeners) > 0 ||
         (signo == SIGCHLD && children_kept > 0);
}

/* Ours is there; whether it interrupts is as its subscribers want it now. */
static int adjust(int signo, const struct sigaction *now) {
  struct sigaction ours = our_action(signo);
  if (((now->sa_flags ^ ours.sa_flags) & SA_RESTART) == 0)
    return 0;
  return sigaction(signo, &ours, NULL) == 0 ? 0 : -errno;
}

/*
 * Puts our handler in.  The plan has to name the previous one before the first
 * signal comes, and another thread may change it in between: so it is read,
 * published, replaced, and looked at again.
 */
static int install(int signo, unsigned flags) {
  struct belay__slot *slot = &belay__slots[signo];
  struct entry *entry = &entries[signo];
  struct sigaction now, replaced, ours = our_action(signo);
  if (sigaction(signo, NULL, &now) != 0)
    return -errno;
  if (is_ours(&now)) {
    entry->installed = true;
    return adjust(signo, &now);
  }
  bool covered = !is_plain(&now, SIG_DFL) && !is_plain(&now, SIG_IGN);
  if (entry->installed && covered)
    return 0; /* by a handler that was put on top and, we trust, calls ours */
  if (is_left_ignored(signo, &now, flags))
    return 0;
  entry->previous = now;
  atomic_store(&slot->previous_spent, false);
  int error = belay__plan_renew(slot, &entry->previous);
  if (error < 0)
    return error;
  if (sigaction(signo, &ours, &replaced) != 0)
    return -errno;
  entry->installed = true;
  if (!is_ours(&replaced) && (replaced.sa_flags != now.sa_flags ||
                              replaced.sa_handler != now.sa_handler)) {
    entry->previous = replaced;
    error = belay__plan_renew(slot, &entry->previous);
  }
  return error;
}

/* Takes our handler out, unless somebody's lies on top of it: then ours stays
 * and forwards, with nothing of its own to do. */
static void uninstall(int signo) {
  struct entry *entry = &entries[signo];
  struct sigaction previous = previous_now(signo), now, replaced;
  if (!entry->installed || sigaction(signo, NULL, &now) != 0 || !is_ours(&now))
    return;
  if (sigaction(signo, &previous, &replaced) != 0)
    return;
  if (is_ours(&replaced))
    entry->installed = false;
  else /* somebody was quicker: it was on top of ours, and so it shall be */
    sigaction(signo, &replaced, NULL);
}

/* -- Subscriptions -------------------------------------------------------- */

int belay__registry_check(int signo) {
  switch (signo) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
      return -EINVAL;
    default:
      return belay_signal_name(signo) != NULL ? 0 : -EINVAL;
  }
}

int belay__registry_generation(unsigned *ret_generation) {
  int cancel_state = enter();
  int error = adopt();
  *ret_generation = generation;
  leave(cancel_state);
  return error;
}

static void count_flags(int signo, unsigned flags, int change) {
  if (flags & BELAY_SIGNAL_INTERRUPT)
    entries[signo].interrupters += (size_t)change;
}

int belay__registry_add(struct belay_action *action, struct belay__step step,
                        unsigned flags) {
  int cancel_state = enter();
  int error = adopt();
  if (error == 0) {
    step.action = action;
    if (atomic_load(&step.kind) == BELAY__STEP_WAKE)
      step.as.wake.generation = generation;
    error = belay__plan_add(&belay__slots[action->signo], &step,
                            &entries[action->signo].previous);
  }
  if (error == 0) {
    action->flags = flags;
    count_flags(action->signo, flags, 1);
    error = install(action->signo, flags);
    if (error < 0) {
      count_flags(action->signo, flags, -1);
      belay__plan_remove(&belay__slots[action->signo], action);
    }
  }
  leave(cancel_state);
  return error;
}

void belay__registry_remove(struct belay_action *action) {
  int signo = action->signo;
  int cancel_state = enter();
  belay__plan_remove(&belay__slots[action->signo], action);
  count_flags(signo, action->flags, -1);
  if (!is_wanted(signo))
    uninstall(signo);
  else if (action->flags & BELAY_SIGNAL_INTERRUPT)
    install(signo, 0);
  leave(cancel_state);
}

/* A bell is open, and heard by the handler, while it has listeners. */
static int join(struct belay__slot *slot, struct belay__listener *listener) {
  bool first = atomic_load(&slot->listeners) == 0;
  int error = first ? belay__bell_open(&slot->bell) : 0;
  if (error < 0)
    return error;
  error = belay__listener_join(listener, &slot->bell);
  if (error < 0) {
    if (first)
      belay__bell_close(&slot->bell);
    return error;
  }
  atomic_store(&slot->generation, generation);
  atomic_store(&slot->only, first ? listener : NULL);
  atomic_fetch_add(&slot->listeners, 1);
  return 0;
}

static void part(struct belay__slot *slot, struct belay__listener *listener) {
  atomic_store(&slot->only, NULL);
  bool last = atomic_fetch_sub(&slot->listeners, 1) == 1;
  belay__listener_leave(listener, &slot->bell);
  /* What a handler is writing is whole, before the listener goes by it. */
  belay__grace_wait(&slot->grace);
  if (last)
    belay__bell_close(&slot->bell);
}

int belay__registry_listen(int signo, unsigned flags,
                           struct belay__listener *listener) {
  struct belay__slot *slot = &belay__slots[signo];
  int cancel_state = enter();
  int error = adopt();
  if (error == 0)
    error = join(slot, listener);
  if (error == 0) {
    count_flags(signo, flags, 1);
    error = install(signo, flags);
    if (error < 0) {
      count_flags(signo, flags, -1);
      part(slot, listener);
    }
  }
  leave(cancel_state);
  return error;
}

void belay__registry_unlisten(int signo, unsigned flags,
                              struct belay__listener *listener) {
  struct belay__slot *slot = &belay__slots[signo];
  int cancel_state = enter();
  if (atomic_load(&slot->listeners) == 1 &&
      belay__plan_size(&belay__slots[signo]) == 0 &&
      (signo != SIGCHLD || children_kept == 0))
    uninstall(signo);
  part(slot, listener);
  count_flags(signo, flags, -1);
  if ((flags & BELAY_SIGNAL_INTERRUPT) && is_wanted(signo))
    install(signo, 0);
  leave(cancel_state);
}

int belay_signal_check(int signo) {
  struct sigaction now;
  if (belay__registry_check(signo) < 0 || sigaction(signo, NULL, &now) != 0)
    return -EINVAL;
  return is_ours(&now);
}

void belay__registry_add_ours(sigset_t *set) {
  int cancel_state = enter();
  for (int signo = 1; signo < BELAY__NSIG; signo++)
    if (entries[signo].installed || entries[signo].ignored_by_us)
      sigaddset(set, signo);
  leave(cancel_state);
}

/* -- Children -------------------------------------------------------------- */

static bool is_discarding(const struct sigaction *action) {
  return is_plain(action, SIG_IGN) || (action->sa_flags & SA_NOCLDWAIT);
}

/* With a handler of ours the kernel keeps ended children, whatever lies
 * beneath. */
int belay__registry_keep_children(void) {
  struct sigaction now;
  int cancel_state = enter();
  int error = adopt();
  if (error == 0 && sigaction(SIGCHLD, NULL, &now) == 0 &&
      is_discarding(is_ours(&now) ? &entries[SIGCHLD].previous : &now))
    error = install(SIGCHLD, 0);
  if (error == 0)
    children_kept++;
  leave(cancel_state);
  return error;
}

void belay__registry_let_children_go(void) {
  int cancel_state = enter();
  if (generation == belay__owner_generation() && children_kept > 0) {
    children_kept--;
    if (!is_wanted(SIGCHLD))
      uninstall(SIGCHLD);
  }
  leave(cancel_state);
}

/* -- SIGPIPE's process scope ---------------------------------------------- */

int belay__registry_ignore(int signo) {
  struct sigaction now, ignore = {.sa_handler = SIG_IGN};
  int result = 1;
  sigemptyset(&ignore.sa_mask);
  int cancel_state = enter();
  if (sigaction(signo, NULL, &now) != 0) {
    result = -errno;
  } else if (is_plain(&now, SIG_DFL)) {
    result = sigaction(signo, &ignore, NULL) != 0 ? -errno : 0;
    entries[signo].ignored_by_us = result == 0;
  } else if (!is_plain(&now, SIG_IGN)) {
    result = -EBUSY;
  }
  leave(cancel_state);
  return result;
}

int belay__registry_unignore(int signo) {
  struct sigaction now, dfl = {.sa_handler = SIG_DFL};
  sigemptyset(&dfl.sa_mask);
  int cancel_state = enter();
  struct entry *entry = &entries[signo];
  int result = 1;
  if (entry->ignored_by_us && sigaction(signo, NULL, &now) == 0) {
    entry->ignored_by_us = false;
    if (is_plain(&now, SIG_IGN)) {
      result = sigaction(signo, &dfl, NULL) != 0 ? -errno : 0;
    } else if (is_ours(&now) && is_plain(&entry->previous, SIG_IGN)) {
      entry->previous = dfl; /* subscribers came since */
      result = belay__plan_renew(&belay__slots[signo], &entry->previous);
    }
  }
  leave(cancel_state);
  return result;
}
