/*
 * registry.c: who wants which signal; installs our handler for the first who
 * does, and takes it away with the last.
 *
 * All changes are made under one lock with every signal blocked, and reach the
 * handler as a new plan, published whole.  Invariants: a plan that the handler
 * may be reading is never changed or freed; a signal that comes while things
 * change is delivered to a subscriber or does what it did before, never
 * neither; what was installed before us comes back as it was.
 */
#include "signal/registry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/owner.h"

/* The registry's own side of a slot; the handler never looks at it. */
struct entry {
  struct belay__list actions; /* in order of registration */
  size_t action_count;
  struct belay__plan *spare; /* NULL, or one that nobody reads any more */
  struct sigaction previous;
  bool installed; /* ours is the handler, or beneath one that others put on */
  bool ignored_by_us;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry entries[BELAY__NSIG];
static unsigned generation; /* of the process that `entries` describes */
static bool fork_handled;

/* -- The lock ------------------------------------------------------------- */

/* What enter() changed in its thread. */
struct changed {
  sigset_t mask;
  int cancel_state;
};

static struct changed enter(void) {
  struct changed changed;
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &changed.mask);
  changed.cancel_state = belay__lock(&lock);
  return changed;
}

static void leave(const struct changed *changed) {
  belay__unlock(&lock, changed->cancel_state);
  pthread_sigmask(SIG_SETMASK, &changed->mask, NULL);
}

static void before_fork(void) {
  pthread_mutex_lock(&lock);
}

static void after_fork(void) {
  pthread_mutex_unlock(&lock);
}

/* The handlers that other threads were in do not run in the child. */
static void after_fork_in_child(void) {
  for (int signo = 1; signo < BELAY__NSIG; signo++)
    belay__grace_reset(&belay__slots[signo].grace);
  pthread_mutex_unlock(&lock);
}

/* Actions stay, with the memory that they point to; streams were the
 * parent's, and so were their bells. */
static void start_anew(void) {
  for (int signo = 1; signo < BELAY__NSIG; signo++) {
    struct belay__slot *slot = &belay__slots[signo];
    if (entries[signo].actions.next == NULL)
      belay__list_init(&entries[signo].actions);
    if (atomic_exchange(&slot->listeners, 0) > 0)
      belay__bell_close(&slot->bell);
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
  start_anew();
  int error = belay__owner_claim();
  if (error == 0)
    generation = belay__owner_generation();
  return error;
}

/* -- Plans ---------------------------------------------------------------- */

/*
 * A plan for the entry as it is now.  The plan that was published before the
 * last is kept as a spare: it has room for one action less than the last, so
 * that removing an action never needs memory.
 */
static struct belay__plan *new_plan(struct entry *entry) {
  struct belay__plan *plan = entry->spare;
  size_t capacity = entry->action_count;
  if (plan != NULL && plan->capacity >= capacity) {
    entry->spare = NULL;
  } else {
    plan = malloc(sizeof(*plan) + capacity * sizeof(plan->steps[0]));
    if (plan == NULL)
      return NULL;
    plan->capacity = capacity;
  }
  plan->previous = entry->previous;
  plan->default_action = belay_signal_default;
  plan->count = 0;
  struct belay__list *link = entry->actions.next;
  for (; link != &entry->actions; link = link->next)
    plan->steps[plan->count++] =
        BELAY__CONTAINER(link, struct belay_action, link)->step;
  return plan;
}

/* Publishes a new plan and waits until the old one is read by nobody. */
static int refresh(int signo) {
  struct belay__slot *slot = &belay__slots[signo];
  struct entry *entry = &entries[signo];
  struct belay__plan *plan = new_plan(entry);
  if (plan == NULL)
    return -ENOMEM;
  struct belay__plan *old = atomic_exchange(&slot->plan, plan);
  belay__grace_wait(&slot->grace);
  free(entry->spare);
  entry->spare = old;
  return 0;
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

/* Whether an ignored signal was ignored by whoever started us, for good
 * reason: nohup, a shell's `&`, a shell without job control. */
static bool ignore_is_respected(int signo) {
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
  return is_plain(now, SIG_IGN) && ignore_is_respected(signo) &&
         !(flags & BELAY_SIGNAL_FORCE);
}

bool belay__registry_is_left_ignored(int signo, unsigned flags) {
  struct sigaction now;
  return sigaction(signo, NULL, &now) == 0 &&
         is_left_ignored(signo, &now, flags);
}

static struct sigaction our_action(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
  action.sa_sigaction = belay__deliver;
  sigfillset(&action.sa_mask);
  /* A fault inside a handler has to end the process, not hang it. */
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
  for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
    sigdelset(&action.sa_mask, faults[i]);
  return action;
}

static bool is_wanted(int signo) {
  return entries[signo].action_count > 0 ||
         atomic_load(&belay__slots[signo].listeners) > 0;
}

/*
 * Puts our handler in.  The plan has to name the previous one before the first
 * signal comes, and another thread may change it in between: so it is read,
 * published, replaced, and looked at again.
 */
static int install(int signo, unsigned flags) {
  struct entry *entry = &entries[signo];
  struct sigaction now, replaced, ours = our_action();
  if (sigaction(signo, NULL, &now) != 0)
    return -errno;
  if (is_ours(&now)) {
    entry->installed = true;
    return 0;
  }
  bool covered = !is_plain(&now, SIG_DFL) && !is_plain(&now, SIG_IGN);
  if (entry->installed && covered)
    return 0; /* by a handler that was put on top and, we trust, calls ours */
  if (is_left_ignored(signo, &now, flags))
    return 0;
  entry->previous = now;
  atomic_store(&belay__slots[signo].previous_spent, false);
  int error = refresh(signo);
  if (error < 0)
    return error;
  if (sigaction(signo, &ours, &replaced) != 0)
    return -errno;
  entry->installed = true;
  if (!is_ours(&replaced) && (replaced.sa_flags != now.sa_flags ||
                              replaced.sa_handler != now.sa_handler)) {
    entry->previous = replaced;
    error = refresh(signo);
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
  struct changed changed = enter();
  int error = adopt();
  *ret_generation = generation;
  leave(&changed);
  return error;
}

int belay__registry_add(struct belay_action *action, unsigned flags) {
  struct entry *entry = &entries[action->signo];
  struct changed changed = enter();
  int error = adopt();
  if (error == 0) {
    if (action->step.kind == BELAY__STEP_WAKE)
      action->step.as.wake.generation = generation;
    belay__list_append(&entry->actions, &action->link);
    entry->action_count++;
    error = refresh(action->signo);
    if (error == 0)
      error = install(action->signo, flags);
    if (error < 0) {
      belay__list_remove(&action->link);
      entry->action_count--;
      refresh(action->signo);
    }
  }
  leave(&changed);
  return error;
}

void belay__registry_remove(struct belay_action *action) {
  int signo = action->signo;
  struct entry *entry = &entries[signo];
  struct changed changed = enter();
  belay__list_remove(&action->link);
  entry->action_count--;
  if (!is_wanted(signo))
    uninstall(signo);
  refresh(signo); /* into the spare plan: cannot fail */
  leave(&changed);
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
  atomic_fetch_add(&slot->listeners, 1);
  return 0;
}

static void part(struct belay__slot *slot, struct belay__listener *listener) {
  bool last = atomic_fetch_sub(&slot->listeners, 1) == 1;
  belay__listener_leave(listener, &slot->bell);
  if (last) {
    belay__grace_wait(&slot->grace);
    belay__bell_close(&slot->bell);
  }
}

int belay__registry_listen(int signo, unsigned flags,
                           struct belay__listener *listener) {
  struct belay__slot *slot = &belay__slots[signo];
  struct changed changed = enter();
  int error = adopt();
  if (error == 0)
    error = join(slot, listener);
  if (error == 0) {
    error = install(signo, flags);
    if (error < 0)
      part(slot, listener);
  }
  leave(&changed);
  return error;
}

void belay__registry_unlisten(int signo, struct belay__listener *listener) {
  struct belay__slot *slot = &belay__slots[signo];
  struct changed changed = enter();
  if (atomic_load(&slot->listeners) == 1 && entries[signo].action_count == 0)
    uninstall(signo);
  part(slot, listener);
  leave(&changed);
}

/* -- What others had set up ------------------------------------------------ */

bool belay__registry_children_are_discarded(void) {
  struct sigaction now;
  return sigaction(SIGCHLD, NULL, &now) == 0 &&
         (is_plain(&now, SIG_IGN) || (now.sa_flags & SA_NOCLDWAIT));
}

/* -- SIGPIPE's process scope ---------------------------------------------- */

int belay__registry_ignore(int signo) {
  struct sigaction now, ignore = {.sa_handler = SIG_IGN};
  int result = 1;
  sigemptyset(&ignore.sa_mask);
  struct changed changed = enter();
  if (sigaction(signo, NULL, &now) != 0) {
    result = -errno;
  } else if (is_plain(&now, SIG_DFL)) {
    result = sigaction(signo, &ignore, NULL) != 0 ? -errno : 0;
    entries[signo].ignored_by_us = result == 0;
  } else if (!is_plain(&now, SIG_IGN)) {
    result = -EBUSY;
  }
  leave(&changed);
  return result;
}

int belay__registry_unignore(int signo) {
  struct sigaction now, dfl = {.sa_handler = SIG_DFL};
  sigemptyset(&dfl.sa_mask);
  struct changed changed = enter();
  struct entry *entry = &entries[signo];
  int result = 1;
  if (entry->ignored_by_us && sigaction(signo, NULL, &now) == 0) {
    entry->ignored_by_us = false;
    if (is_plain(&now, SIG_IGN)) {
      result = sigaction(signo, &dfl, NULL) != 0 ? -errno : 0;
    } else if (is_ours(&now) && is_plain(&entry->previous, SIG_IGN)) {
      entry->previous = dfl; /* subscribers came since */
      result = refresh(signo);
    }
  }
  leave(&changed);
  return result;
}
