/*
 * belay/loop.h: waiting for whichever comes first.
 *
 * A loop waits for signals, fds, timers, messages and cancellations together
 * and returns them one at a time.  It calls nothing back: the program keeps
 * its own `for` and its own `switch` in sight.
 *
 *   struct belay_event event;
 *   while (belay_loop_next(loop, -1, &event) > 0) {
 *     switch (event.type) {
 *       case BELAY_EVENT_SIGNAL: ... event.signal.signo ...
 *       case BELAY_EVENT_FD:     ... event.fd, event.ready ...
 *     }
 *   }
 *
 * Order: signals, then cancellations, then timers that are due, then fds,
 * messages and children, each as the kernel reported them.  Every source that
 * was ready is returned before any of them is returned again, so none starves.
 *
 * A loop and its sources belong to one thread, unless a function says
 * otherwise.  After fork() the child may only free it.
 */
#ifndef BELAY_LOOP_H
#define BELAY_LOOP_H

#include <belay/process.h>
#include <belay/signal.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

struct belay_cancel;
struct belay_channel;
struct belay_loop;
struct belay_sigwait;
struct belay_subscriber;
struct belay_source; /* something that a loop waits for */

enum belay_event_type {
  BELAY_EVENT_SIGNAL = 1,
  BELAY_EVENT_CANCEL = 2,
  BELAY_EVENT_TIMER = 3,
  BELAY_EVENT_FD = 4,
  BELAY_EVENT_CHANNEL = 5,
  BELAY_EVENT_PROCESS = 6
};

/* What an fd is watched for, and what it was found to be. */
#define BELAY_FD_READ 0x1u
#define BELAY_FD_WRITE 0x2u
#define BELAY_FD_HANGUP 0x4u /* told unasked: the other end is gone */
#define BELAY_FD_ERROR 0x8u  /* told unasked */

struct belay_event {
  enum belay_event_type type;
  struct belay_source *source; /* which one it was */
  void *data;                  /* what was given when it was added */

  struct belay_siginfo signal; /* SIGNAL */
  int level;                   /* CANCEL: enum belay_cancel_level, now */
  uint64_t expirations;        /* TIMER: how often it was due, 1 or more */
  int fd;                      /* FD: which */
  unsigned ready;              /* FD: BELAY_FD_... */

  struct belay_process_status process; /* PROCESS: what became of it */
};

/* -- The loop ------------------------------------------------------------ */

/* -EMFILE, -ENFILE, -ENOMEM.  The caller frees it. */
int belay_loop_new(struct belay_loop **ret_loop);

/* Removes and frees all sources with it.  NULL is allowed. */
void belay_loop_free(struct belay_loop *loop);

/*
 * Waits for the next event up to `timeout_ns` nanoseconds (0 not at all,
 * negative for ever): 1, or 0 when the time is over or belay_loop_wake() was
 * called.  Handlers that interrupt it do not end it early.  With no source at
 * all and no timeout it waits for belay_loop_wake().  A negative errno means
 * that the system refused to wait.
 */
int belay_loop_next(struct belay_loop *loop, int64_t timeout_ns,
                    struct belay_event *ret_event);

/*
 * An fd that is readable when belay_loop_next() has something to return, so
 * that a loop nests in any other (Linux allows four levels).  Call
 * belay_loop_next(loop, 0, ...) until 0 before waiting for it.  -ENOSYS where
 * the system has no such fd (the poll backend).  It belongs to the loop.
 */
int belay_loop_fd(struct belay_loop *loop);

/* Makes a belay_loop_next() that waits, or the next one to wait, return 0.
 * MT-Safe, AS-Safe. */
void belay_loop_wake(struct belay_loop *loop);

/*
 * The loop's time in nanoseconds: CLOCK_MONOTONIC, less the time for which the
 * loop was paused.  All its timers follow it.
 */
int64_t belay_loop_now(const struct belay_loop *loop);

/*
 * Stops the loop's time, and with it every timer, until resumed: call it
 * before stopping oneself on Ctrl-Z and resume after SIGCONT.  Twice is once.
 */
void belay_loop_pause(struct belay_loop *loop);
void belay_loop_resume(struct belay_loop *loop);

/* -- Sources ------------------------------------------------------------- */

/*
 * Each adds a source, with the pointer that its events will carry, and stores
 * it in *ret_source, which may be NULL when it is never to be changed or
 * removed alone.  -ENOMEM, -EMFILE, -ENFILE, and what is said below.
 */

/* Signals, a list that ends with 0, and flags, as for belay_stream_open(). */
int belay_loop_add_signals(struct belay_loop *loop, const int *signals,
                           unsigned flags, void *data,
                           struct belay_source **ret_source);

/* Blocked signals, of a belay_sigwait, which is borrowed.  -ENOSYS where it has
 * no fd. */
int belay_loop_add_sigwait(struct belay_loop *loop,
                           struct belay_sigwait *sigwait, void *data,
                           struct belay_source **ret_source);

/*
 * An fd, level-triggered, for BELAY_FD_READ and BELAY_FD_WRITE or'ed; 0 tells
 * of hang-ups and errors alone.  It is borrowed: remove the source, then close
 * the fd.  -EEXIST: it is in the loop already; -EBADF; -EPERM: a plain file,
 * which is always ready.
 */
int belay_loop_add_fd(struct belay_loop *loop, int fd, unsigned interest,
                      void *data, struct belay_source **ret_source);

/* Watches the fd for something else.  -EINVAL: not an fd's source. */
int belay_source_set_interest(struct belay_source *source, unsigned interest);

/*
 * A timer, due `delay_ns` from now and then every `interval_ns`, 0 for once;
 * a negative delay adds it unarmed.  It keeps to its times: one that was
 * missed is told in `expirations`, and the next is not late for it.
 */
int belay_loop_add_timer(struct belay_loop *loop, int64_t delay_ns,
                         int64_t interval_ns, void *data,
                         struct belay_source **ret_source);

/* Sets it anew; a negative delay disarms it.  -EINVAL: not a timer. */
int belay_source_set_timer(struct belay_source *source, int64_t delay_ns,
                           int64_t interval_ns);

/* Stops one timer's time, and lets it go on with what was left.  -EINVAL: not
 * a timer.  Twice is once. */
int belay_source_pause(struct belay_source *source);
int belay_source_resume(struct belay_source *source);

/* A cancellation: one event whenever its level has risen, at once if it had
 * before.  The source keeps what it needs of `cancel`. */
int belay_loop_add_cancel(struct belay_loop *loop, struct belay_cancel *cancel,
                          void *data, struct belay_source **ret_source);

/* A channel: an event while there are messages in it, or it is closed; take
 * them with belay_channel_receive().  It is borrowed, as an fd is. */
int belay_loop_add_channel(struct belay_loop *loop,
                           struct belay_channel *channel, void *data,
                           struct belay_source **ret_source);

/* A broadcast's subscriber: CHANNEL events, as for a channel; take the messages
 * with belay_subscriber_receive().  It is borrowed. */
int belay_loop_add_subscriber(struct belay_loop *loop,
                              struct belay_subscriber *subscriber, void *data,
                              struct belay_source **ret_source);

/*
 * A child (belay/process.h): one event for each change of its status, from how
 * it is now on: that it ended, and, with BELAY_PROCESS_WATCH_STOPS in `flags`,
 * that it was stopped and went on.  It is borrowed.
 */
int belay_loop_add_process(struct belay_loop *loop,
                           struct belay_process *process, unsigned flags,
                           void *data, struct belay_source **ret_source);

/* Removes and frees it.  No event of it is returned any more, not even one
 * that was due.  NULL is allowed. */
void belay_source_remove(struct belay_source *source);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
