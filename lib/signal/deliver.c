/*
 * deliver.c: THE handler, and nothing else: all that runs when a signal comes.
 *
 * It reads one plan, writes one record, takes the steps in order, rings one
 * bell if somebody waits for it, and passes the signal on to the handler that
 * was there before.  Invariants: no lock, no allocation, no loop whose length
 * another thread controls; errno is kept; nothing outside of this file is
 * called but what rings, and what the plan points to.  The thread is not
 * cancelled on the way: all signals are blocked.
 *
 * Order: record, steps, wake.  Who is woken finds everything in place.
 */
#include <errno.h>
#include <pthread.h>

#include "base/nap.h"
#include "base/owner.h"
#include "signal/info.h"
#include "signal/slot.h"

struct belay__slot belay__slots[BELAY__NSIG];
_Atomic uint64_t belay__record_stamp;

/*
 * Claims the ring's place for delivery number `n`.  It fails when another
 * handler is still writing there, 64 deliveries behind, or has overtaken us:
 * then the signal is counted without details, and readers merge it.
 */
static bool claim(struct belay__record *record, uint64_t n) {
  uint64_t state = atomic_load(&record->state);
  bool being_written = state & 1;
  if (being_written || state > 2 * n)
    return false;
  return atomic_compare_exchange_strong(&record->state, &state, 2 * n + 1);
}

static void record(struct belay__slot *slot, const struct belay_siginfo *info) {
  uint64_t n = atomic_fetch_add(&slot->claimed, 1);
  struct belay__record *place = &slot->records[n % BELAY__RECORDS];
  if (claim(place, n)) {
    uint64_t words[BELAY__RECORD_WORDS];
    words[0] = atomic_fetch_add(&belay__record_stamp, 1);
    belay__info_pack(info, words);
    for (int i = 0; i < BELAY__RECORD_WORDS; i++)
      atomic_store_explicit(&place->words[i], words[i], memory_order_release);
    atomic_store_explicit(&place->state, 2 * n + 2, memory_order_release);
  }
  atomic_fetch_add(&slot->finished, 1);
}

/* Nothing is written while a ring that somebody has yet to hear is out, nor if
 * the only one to hear it is the thread that we interrupt, which looks as soon
 * as we return. */
static void wake_listeners(struct belay__slot *slot, void *context) {
  const struct belay__listener *only = atomic_load(&slot->only);
  if (only != NULL && belay__nap_ends(context, only))
    return;
  if (atomic_load(&slot->parked) == 0 || atomic_exchange(&slot->parked, 0) == 0)
    return;
  belay__bell_ring(&slot->bell);
}

static void call(const struct belay__step *step,
                 const struct belay_siginfo *info, void *context) {
  int cancel_state;
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  step->as.call.fn(info, context, step->as.call.data);
  pthread_setcancelstate(cancel_state, &cancel_state);
}

/* Takes one step: whether the signal was anything to it. */
static bool take(const struct belay__step *step, unsigned generation,
                 const struct belay_siginfo *info, void *context) {
  switch (atomic_load_explicit(&step->kind, memory_order_acquire)) {
    case BELAY__STEP_FLAG:
      __atomic_store_n(step->as.flag.flag, step->as.flag.value,
                       __ATOMIC_RELEASE);
      return true;
    case BELAY__STEP_WAKE:
      if (step->as.wake.generation != generation)
        return false;
      belay__poke(step->as.wake.fd, step->as.wake.is_eventfd);
      return true;
    case BELAY__STEP_CALL:
      call(step, info, context);
      return true;
    default: /* it was removed */
      return false;
  }
}

/* A handler for one time only (SA_RESETHAND) has had it, and leaves the default
 * behind. */
static struct sigaction previous_of(struct belay__slot *slot,
                                    const struct belay__plan *plan) {
  struct sigaction previous = plan->previous;
  bool is_handler =
      previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN;
  if (is_handler && (previous.sa_flags & (int)SA_RESETHAND) &&
      atomic_exchange(&slot->previous_spent, true))
    previous.sa_handler = SIG_DFL;
  return previous;
}

/* Children that stop or go on, of which the previous handler wants to hear
 * nothing: ours is told of all. */
static bool is_unwanted(const struct sigaction *previous, int signo,
                        const siginfo_t *info) {
  return signo == SIGCHLD && (previous->sa_flags & SA_NOCLDSTOP) &&
         (info->si_code == CLD_STOPPED || info->si_code == CLD_CONTINUED);
}

/* What would have happened without us, after what has happened with us. */
static void pass_on(const struct sigaction *previous, bool taken, int signo,
                    siginfo_t *info, void *context) {
  if (previous->sa_handler == SIG_IGN || is_unwanted(previous, signo, info))
    return;
  if (previous->sa_handler == SIG_DFL) {
    if (!taken)
      belay_signal_default(signo);
    return;
  }
  if (previous->sa_flags & SA_SIGINFO)
    previous->sa_sigaction(signo, info, context);
  else
    previous->sa_handler(signo);
}

void belay__deliver(int signo, siginfo_t *siginfo, void *context) {
  int saved_errno = errno;
  struct belay__slot *slot = &belay__slots[signo];
  struct belay_siginfo info = belay__info_from(signo, siginfo);
  unsigned generation = belay__owner_generation();
  unsigned side = belay__grace_enter(&slot->grace);
  const struct belay__plan *plan = atomic_load(&slot->plan);
  bool has_listeners = atomic_load(&slot->listeners) != 0 && generation != 0 &&
                       atomic_load(&slot->generation) == generation;
  bool taken = has_listeners;
  if (has_listeners)
    record(slot, &info);
  size_t count = atomic_load_explicit(&plan->count, memory_order_acquire);
  for (size_t i = 0; i < count; i++)
    taken |= take(&plan->steps[i], generation, &info, context);
  if (has_listeners)
    wake_listeners(slot, context);
  const struct sigaction previous = previous_of(slot, plan);
  belay__grace_leave(&slot->grace, side);

  /* Outside of the grace period: a handler of others may never return. */
  errno = saved_errno;
  pass_on(&previous, taken, signo, siginfo, context);
  errno = saved_errno;
}
