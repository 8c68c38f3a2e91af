/*
 * source.h: what a loop waits for, and the loop that waits; shared by the
 * files of this folder, and by process/, which adds children.
 */
#ifndef LOOP_SOURCE_H
#define LOOP_SOURCE_H

#include <belay/loop.h>
#include <stdbool.h>

#include "base/atomic.h"
#include "base/bell.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/wakeup.h"
#include "loop/poller.h"

/* More than the last of enum belay_event_type. */
#define BELAY__EVENT_TYPES (BELAY_EVENT_PROCESS + 1)

/* What the files that add sources do each in their own way. */
struct belay__source_kind {
  enum belay_event_type type;
  /* Fills in the event of a source that is due: 1; 0 if it turns out to have
   * none; or a negative errno. */
  int (*fill)(struct belay_source *source, struct belay_event *event);
  /* Before it is freed; it is in no list and not in the poller any more.  May
   * be NULL. */
  void (*release)(struct belay_source *source);
};

struct belay_source {
  struct belay_loop *loop;
  const struct belay__source_kind *kind;
  void *data;
  struct belay__list all;   /* in loop->sources */
  struct belay__list ready; /* in one of loop->ready, while an event is due */
  int fd;                   /* in the poller; -1: none */
  unsigned ready_fd;        /* what it was found to be */

  struct belay_stream *stream;   /* SIGNAL */
  struct belay_sigwait *sigwait; /* SIGNAL, of blocked ones; borrowed */

  struct belay_process *process;    /* PROCESS; borrowed */
  struct belay_process_status told; /* PROCESS */
  unsigned told_stops;              /* PROCESS: up to which */
  bool watch_stops;                 /* PROCESS */

  struct belay_cancel *cancel; /* CANCEL: held */
  int told_level;              /* CANCEL */
  struct belay__list heard;    /* SIGNAL, CANCEL, PROCESS: in a list of the
                                * loop */

  struct belay__heap_node deadline; /* TIMER: key in the loop's time */
  int64_t interval_ns;
  int64_t left_ns; /* while paused */
  bool paused, was_armed;
  uint64_t expirations;
};

struct belay_loop {
  unsigned generation; /* of the process that made it */
  bool disowned;
  struct belay__poller *poller;
  struct belay__list sources;
  /* What is due, by class, in the order in which it is returned. */
  struct belay__list ready[BELAY__EVENT_TYPES];

  struct belay__heap timers;
  size_t timer_count;
  int64_t paused_total_ns, paused_at_ns;
  bool paused;
  int timer_fd; /* for whoever waits for the loop's own fd; -1: nobody does */
  int64_t timer_fd_deadline; /* what it is set to, in the loop's time */

  struct belay__wakeup wakeup;
  atomic_bool woken;

  struct belay__listener listener; /* of all signals' and cancels' bells */
  bool listening;
  bool look_again; /* at the signals: more came than were told */
  struct belay__list signals, cancels;

  struct belay__list jobs; /* to be stopped with us: process/job.h */
  /* Processes that are heard of by SIGCHLD, and who hears it for all. */
  struct belay__list children; /* process/hearer.c */
  struct belay_source *child_hearer;
  bool stop_is_told; /* to one of them, which will look */
};

/* -- source.c: making and removing -- */

struct belay_source *belay__source_new(struct belay_loop *loop,
                                       const struct belay__source_kind *kind,
                                       void *data);
/* Lets the poller watch `fd` for it. */
int belay__source_watch(struct belay_source *source, int fd, unsigned interest);
/* Hands it to the caller, or frees it if there was an error. */
int belay__source_finish(struct belay_source *source, int error,
                         struct belay_source **ret_source);
/* An event of it is due; twice is once. */
void belay__source_ready(struct belay_source *source);

/* -- timer.c -- */

/* How long the poller may wait for timers' sake: -1 for ever. */
int64_t belay__timer_wait_ns(const struct belay_loop *loop);
/* A timer whose events its kind fills in; its release has to be this one. */
int belay__timer_add(struct belay_loop *loop,
                     const struct belay__source_kind *kind, int64_t delay_ns,
                     int64_t interval_ns, void *data,
                     struct belay_source **ret_source);
void belay__timer_release(struct belay_source *source);
/* Makes the sources of all timers that are due ready. */
void belay__timer_expire(struct belay_loop *loop);
/* Keeps the loop's own fd in step with the first deadline. */
void belay__timer_arm_fd(struct belay_loop *loop);
int belay__timer_open_fd(struct belay_loop *loop);

/* -- loop.c -- */

/* In a forked child: lets go of what the kernel keeps for the parent. */
void belay__loop_disown(struct belay_loop *loop);

/* Has the listener, if it has none yet. */
int belay__loop_listen(struct belay_loop *loop);

/* -- signals.c -- */

/* Makes the sources ready that have a signal. */
void belay__signals_heard(struct belay_loop *loop);

/* -- cancels.c -- */

/* Makes the sources ready whose level has risen. */
void belay__cancels_heard(struct belay_loop *loop);

#endif
