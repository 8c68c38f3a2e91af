/*
 * record.c: the readers' half of a signal's ring of records.
 *
 * The number of deliveries is the truth and the ring only holds their details:
 * a delivery whose details were overwritten, or never written because another
 * handler was in the way, is counted in the next record.  Invariant: the
 * counts of what a reader is given add up to the deliveries since it came.
 */
#include "signal/record.h"

#include "signal/info.h"
#include "signal/slot.h"

uint64_t belay__record_now(int signo) {
  return atomic_load(&belay__slots[signo].claimed);
}

bool belay__record_any(int signo, uint64_t position) {
  return atomic_load(&belay__slots[signo].claimed) != position;
}

enum found { FOUND, ABSENT, OVERWRITTEN };

/*
 * Reads delivery n's details.  The state is read before and after: every word
 * is written with release and read with acquire, so that a word of a later
 * delivery brings that delivery's state with it, and the second look sees it.
 */
static enum found read_record(struct belay__slot *slot, uint64_t n,
                              uint64_t words[BELAY__RECORD_WORDS]) {
  struct belay__record *record = &slot->records[n % BELAY__RECORDS];
  uint64_t whole = 2 * n + 2;
  uint64_t state = atomic_load(&record->state);
  if (state != whole)
    return state > whole ? OVERWRITTEN : ABSENT;
  for (int i = 0; i < BELAY__RECORD_WORDS; i++)
    words[i] = atomic_load_explicit(&record->words[i], memory_order_acquire);
  return atomic_load(&record->state) == whole ? FOUND : OVERWRITTEN;
}

int belay__record_peek(int signo, uint64_t position,
                       struct belay_siginfo *ret_info, uint64_t *ret_stamp,
                       uint64_t *ret_next) {
  struct belay__slot *slot = &belay__slots[signo];
  /* In this order: if they are equal, no handler was between the two when
   * `finished` was read, and what is absent will stay so. */
  uint64_t finished = atomic_load(&slot->finished);
  uint64_t claimed = atomic_load(&slot->claimed);
  bool settled = finished == claimed;

  uint64_t n = position;
  if (claimed - n > BELAY__RECORDS)
    n = claimed - BELAY__RECORDS;
  for (; n < claimed; n++) {
    uint64_t words[BELAY__RECORD_WORDS];
    enum found found = read_record(slot, n, words);
    if (found == FOUND) {
      *ret_info = belay__info_unpack(signo, words);
      ret_info->count = n + 1 - position;
      *ret_stamp = words[0];
      *ret_next = n + 1;
      return 1;
    }
    if (found == ABSENT && !settled)
      return 0; /* being written; its handler will ring */
  }
  if (position == claimed || !settled)
    return 0;
  *ret_info =
      (struct belay_siginfo){.signo = signo, .count = claimed - position};
  *ret_stamp = 0;
  *ret_next = claimed;
  return 1;
}
