/*
 * slot.h: what the process knows of each signal; shared by the handler, the
 * registry and the streams; others take from it how many signals there are.
 *
 * deliver.c reads the plan and writes the records; registry.c publishes plans;
 * record.c reads records for streams.
 */
#ifndef SIGNAL_SLOT_H
#define SIGNAL_SLOT_H

#include <belay/signal.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/atomic.h"
#include "base/bell.h"
#include "base/grace.h"

#ifdef _NSIG
#define BELAY__NSIG _NSIG
#else
#define BELAY__NSIG NSIG
#endif

/* Records of one signal that keep their details; a power of two. */
#define BELAY__RECORDS 64

/* -- The plan: what the handler does for a signal -------------------------- */

/*
 * A plan is published whole; afterwards steps are appended to it, and taken
 * out by making them NONE.  A step's kind is written last and read first.  What
 * it says may change again when no handler reads it any more.
 */
enum belay__step_kind {
  BELAY__STEP_NONE,
  BELAY__STEP_FLAG,
  BELAY__STEP_WAKE,
  BELAY__STEP_CALL
};

struct belay_action;

struct belay__step {
  atomic_int kind;
  struct belay_action *action; /* whose it is; the registry's */
  union {
    struct {
      volatile sig_atomic_t *flag;
      int value;
    } flag;
    struct {
      unsigned generation; /* of the process whose fd it is */
      int fd;
      bool is_eventfd;
    } wake;
    struct {
      belay_action_fn *fn;
      void *data;
    } call;
  } as;
};

struct belay__plan {
  struct sigaction previous; /* what was installed before us */
  _Atomic size_t count;      /* places in use, by a step or by none any more */
  size_t capacity, size;     /* the registry's: places, and steps */
  struct belay__step steps[];
};

/* -- Records: what was delivered, for streams ----------------------------- */

/*
 * One place of the ring.  `state` says which delivery it holds (numbered from
 * 0): 2n + 1 while that one is being written, 2n + 2 when it is whole, 0 at
 * first.  The words are the details, packed.
 */
#define BELAY__RECORD_WORDS 5

struct belay__record {
  _Atomic uint64_t state;
  _Atomic uint64_t words[BELAY__RECORD_WORDS];
};

struct belay__slot {
  _Atomic(struct belay__plan *) plan; /* NULL until first installed */
  struct belay__grace grace;          /* of the plan and the bell */
  atomic_bool previous_spent; /* a previous handler for one time was called */

  /* Streams, and the generation of the process whose streams they are. */
  atomic_uint listeners;
  atomic_uint generation;
  struct belay__bell bell;
  atomic_uint parked; /* some listener waits for a ring */
  _Atomic(const struct belay__listener *) only; /* the one there is, or NULL */

  _Atomic uint64_t claimed;  /* deliveries that were given a number */
  _Atomic uint64_t finished; /* of them, those that have been written */
  struct belay__record records[BELAY__RECORDS];
};

extern struct belay__slot belay__slots[BELAY__NSIG];

/* Orders records of different signals. */
extern _Atomic uint64_t belay__record_stamp;

/* The handler. */
void belay__deliver(int signo, siginfo_t *info, void *context);

#endif
