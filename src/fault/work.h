/*
 * work.h: what a lane needs only while it is doing something out of the
 * ordinary: a pace, an alarm, a program that interrupts another, data that is
 * passed on.
 */
#ifndef FAULT_WORK_H
#define FAULT_WORK_H

#include "connection.h"

/* So many bytes each period, from a beginning on: no drift. */
struct pace {
  int64_t period_ns; /* 0: as fast as can be */
  int64_t bytes;
  int64_t spread;   /* give or take so many */
  int64_t begun_ns; /* -1: with the next byte */
  int64_t done;
};

struct alarm {
  int64_t due_ns;                /* INT64_MAX: none */
  uint32_t pc;                   /* of the step to run then */
  const struct program *program; /* whose step it is */
};

#define FRAMES 3

struct frame {
  struct program *program;
  uint32_t pc;
  int64_t progress;
  struct pace pace;
  struct alarm alarm;
  bool keeps_pace; /* what was called may change it */
};

struct work {
  struct frame frames[FRAMES];
  unsigned depth;
  struct pace pace;
  struct alarm alarm;
  int64_t again_count;
  int64_t delay_ns, jitter_ns; /* of what is relayed */
  /* What the client has not acknowledged, and since when it is as much. */
  int unacknowledged;
  int64_t unacknowledged_ns;
  struct relay *relay;
};

/* Makes it if there is none; NULL out of memory. */
struct work *lane_work(struct lane *lane);

/* Bytes that may go now; if none, the engine's wait_ns is set.  INT64_MAX: as
 * many as one likes. */
int64_t pace_allowance(struct lane *lane);
void pace_count(struct lane *lane, int64_t bytes);
/* The client does not take them: no burst afterwards. */
void pace_restart(struct lane *lane);

/* relay.c */
void relay_free(struct lane *lane);
/* Another program begins; what was read goes out still. */
void relay_replan(struct lane *lane);

#endif
