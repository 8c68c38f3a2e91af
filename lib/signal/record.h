/*
 * record.h: reading what the handler has recorded.
 *
 * Each reader has a position of its own for each signal; reading takes nothing
 * away from others.
 */
#ifndef SIGNAL_RECORD_H
#define SIGNAL_RECORD_H

#include <belay/signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The position from which all later deliveries of signo will be read. */
uint64_t belay__record_now(int signo);

/* Whether a record may be there after `position`.  Cheap; it may say yes too
 * early, while the handler still writes, but never no too late. */
bool belay__record_any(int signo, uint64_t position);

/*
 * Reads the first record from `position` on, without moving it: 1, with its
 * stamp and the position after it; or 0.  Its count stands for itself and for
 * those before it whose details are gone, so that the counts add up.
 */
int belay__record_peek(int signo, uint64_t position,
                       struct belay_siginfo *ret_info, uint64_t *ret_stamp,
                       uint64_t *ret_next);

#endif
