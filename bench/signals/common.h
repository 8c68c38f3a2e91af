/*
 * common.h: what a peer has to provide, and what it calls, so that all are
 * measured by the same code.
 *
 * common.c is main(): it sends signals from one process and receives them with
 * the peer in another, which it executes anew.
 */
#ifndef BENCH_SIGNALS_COMMON_H
#define BENCH_SIGNALS_COMMON_H

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* -- What each peer provides ---------------------------------------------- */

/* Subscribes to `signals`, a list that ends with 0; exits on failure. */
void peer_setup(const int *signals);

/* Blocks until something came, and calls heard() for each signal and each of
 * its subscribers. */
void peer_wait(void);

/* One more subscriber of `signo`; NULL: more than one is not the peer's
 * business. */
void *peer_subscribe(int signo);
void peer_unsubscribe(void *subscriber);

/* -- What a peer calls ----------------------------------------------------- */

/* The receiver's counts, in memory that the sender sees. */
struct tally {
  uint64_t told;   /* subscribers told, in this round if there are rounds */
  uint64_t wanted; /* that many are a round; 0: there are none */
  uint64_t counted;
  bool terminated;
};
extern struct tally *tally;

void round_is_over(void); /* notes the time and tells the sender */

/* `count`: how many signals that were, 0 if the peer does not say. */
static inline void heard(int signo, uint64_t count) {
  tally->counted += count;
  if (signo == SIGTERM)
    tally->terminated = true;
  if (++tally->told == tally->wanted)
    round_is_over();
}

/* Subscribers that the peer's handler has told itself; then heard(). */
static inline void also_told(uint64_t subscribers) {
  tally->told += subscribers;
}

/* Ends the program, with a message, if `failed`. */
void die_if(bool failed, const char *what);

#endif
