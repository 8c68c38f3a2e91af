/*
 * stream.c: signals as a pollable fd.
 *
 * A stream listens to the bells of its signals and has a position in each of
 * their records.  Invariant: either its listener has heard a ring that it has
 * not cleared, so that the fd is readable; or all its signals are parked, so
 * that the next delivery will ring.  Hence the order, whenever a ring is
 * cleared: clear, park, look.  The writer's order is: record, then ring if
 * parked.  No delivery falls between the two.
 */
#include <belay/signal.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/owner.h"
#include "signal/record.h"
#include "signal/registry.h"
#include "signal/stream.h"

struct belay_stream {
  pthread_mutex_t lock;
  struct belay__listener *listener; /* its own, or one that is shared */
  struct belay__listener own;
  unsigned generation; /* of the process that opened it */
  unsigned flags;      /* BELAY_SIGNAL_... */
  bool closed;
  size_t count;
  struct subscription {
    int signo;
    bool live; /* false: removed, but what came before may still be read */
    uint64_t position, end; /* end: where reading stops once it is not live */
    uint64_t owed; /* deliveries of an earlier subscription, not yet read */
  } signals[BELAY__NSIG];
};

static bool is_ours(const struct belay_stream *stream) {
  return stream->generation == belay__owner_generation();
}

/* -- Subscribing ---------------------------------------------------------- */

static struct subscription *find(struct belay_stream *stream, int signo) {
  for (size_t i = 0; i < stream->count; i++)
    if (stream->signals[i].signo == signo)
      return &stream->signals[i];
  return NULL;
}

/*
 * Reads on from `position`.  What an earlier subscription has left unread is
 * kept: with its details if nothing was delivered since, else as a number.
 */
static void resume_from(struct subscription *subscription, uint64_t position) {
  if (position != subscription->end) {
    subscription->owed += subscription->end - subscription->position;
    subscription->position = position;
  }
}

static int subscribe(struct belay_stream *stream, int signo) {
  uint64_t position = belay__record_now(signo);
  int error = belay__registry_listen(signo, stream->flags, stream->listener);
  if (error < 0)
    return error;
  atomic_store(&belay__slots[signo].parked, 1);
  struct subscription *subscription = find(stream, signo);
  if (subscription == NULL) {
    subscription = &stream->signals[stream->count++];
    *subscription = (struct subscription){.signo = signo};
  }
  resume_from(subscription, position);
  subscription->live = true;
  /* What came before it was parked has not been heard. */
  if (belay__record_any(signo, subscription->position))
    belay__listener_ring(stream->listener);
  return 0;
}

static void unsubscribe(struct belay_stream *stream,
                        struct subscription *subscription) {
  int signo = subscription->signo;
  belay__registry_unlisten(signo, stream->flags, stream->listener);
  subscription->end = belay__record_now(signo);
  subscription->live = false;
  /* Its bell, with a ring that is not cleared, is heard no more. */
  if (subscription->position != subscription->end)
    belay__listener_ring(stream->listener);
}

static void unsubscribe_all(struct belay_stream *stream) {
  for (size_t i = 0; i < stream->count; i++)
    if (stream->signals[i].live)
      unsubscribe(stream, &stream->signals[i]);
}

static struct belay_stream *new_stream(struct belay__listener *shared,
                                       int *ret_error) {
  struct belay_stream *stream = calloc(1, sizeof(*stream));
  *ret_error = stream == NULL ? -ENOMEM : 0;
  if (stream == NULL)
    return NULL;
  stream->listener = shared;
  if (shared == NULL) {
    stream->listener = &stream->own;
    *ret_error = belay__listener_open(&stream->own);
  }
  if (*ret_error < 0) {
    free(stream);
    return NULL;
  }
  pthread_mutex_init(&stream->lock, NULL);
  return stream;
}

int belay__stream_open(const int *signals, unsigned flags,
                       struct belay__listener *shared,
                       struct belay_stream **ret_stream) {
  if ((flags & ~(BELAY_SIGNAL_FORCE | BELAY_SIGNAL_INTERRUPT)) != 0)
    return -EINVAL;
  for (const int *signo = signals; *signo != 0; signo++)
    if (belay__registry_check(*signo) < 0)
      return -EINVAL;
  int error;
  struct belay_stream *stream = new_stream(shared, &error);
  if (stream == NULL)
    return error;
  stream->flags = flags;
  error = belay__registry_generation(&stream->generation);
  for (const int *signo = signals; error == 0 && *signo != 0; signo++)
    if (find(stream, *signo) == NULL)
      error = subscribe(stream, *signo);
  if (error < 0)
    belay_stream_free(stream);
  else
    *ret_stream = stream;
  return error;
}

int belay_stream_open(const int *signals, unsigned flags,
                      struct belay_stream **ret_stream) {
  return belay__stream_open(signals, flags, NULL, ret_stream);
}

int belay_stream_add(struct belay_stream *stream, int signo) {
  int error = belay__registry_check(signo);
  if (error < 0)
    return error;
  if (!is_ours(stream))
    return -ECHILD;
  int cancel_state = belay__lock(&stream->lock);
  const struct subscription *known = find(stream, signo);
  if (stream->closed)
    error = -ESHUTDOWN;
  else if (known == NULL || !known->live)
    error = subscribe(stream, signo);
  belay__unlock(&stream->lock, cancel_state);
  return error;
}

int belay_stream_remove(struct belay_stream *stream, int signo) {
  if (!is_ours(stream))
    return -ECHILD;
  int cancel_state = belay__lock(&stream->lock);
  struct subscription *subscription = find(stream, signo);
  bool live = subscription != NULL && subscription->live;
  if (live)
    unsubscribe(stream, subscription);
  belay__unlock(&stream->lock, cancel_state);
  return live ? 0 : -ENOENT;
}

int belay_stream_fd(const struct belay_stream *stream) {
  return stream->listener->fd;
}

/* -- Reading -------------------------------------------------------------- */

static bool has_pending(const struct belay_stream *stream) {
  for (size_t i = 0; i < stream->count; i++) {
    const struct subscription *s = &stream->signals[i];
    if (s->owed > 0 || (s->live ? belay__record_any(s->signo, s->position)
                                : s->position != s->end))
      return true;
  }
  return false;
}

/* A record, and what taking it changes. */
struct taken {
  struct belay_siginfo info;
  uint64_t stamp, next;
};

/* The subscription's first record, without taking it: 1, or 0. */
static int peek(const struct subscription *s, struct taken *ret) {
  struct belay_siginfo merged = {.signo = s->signo, .count = s->owed};
  if (s->owed > 0) {
    *ret = (struct taken){.info = merged, .next = s->position};
    return 1;
  }
  bool any = s->live ? belay__record_any(s->signo, s->position)
                     : s->position != s->end;
  if (!any || !belay__record_peek(s->signo, s->position, &ret->info,
                                  &ret->stamp, &ret->next))
    return 0;
  /* A record that reaches beyond the end has details of what came later. */
  if (!s->live && ret->next > s->end) {
    merged.count = s->end - s->position;
    *ret = (struct taken){.info = merged, .next = s->end};
  }
  return 1;
}

/* Takes the record that came first among all signals: 1, or 0. */
static int take(struct belay_stream *stream, struct belay_siginfo *ret_info) {
  struct subscription *first = NULL;
  struct taken earliest = {.stamp = UINT64_MAX};
  for (size_t i = 0; i < stream->count; i++) {
    struct taken taken;
    if (!peek(&stream->signals[i], &taken) || taken.stamp >= earliest.stamp)
      continue;
    first = &stream->signals[i];
    earliest = taken;
  }
  if (first == NULL)
    return 0;
  first->position = earliest.next;
  first->owed = 0;
  *ret_info = earliest.info;
  return 1;
}

/* Closed, and not even a handler in another thread has yet to finish a record
 * that belongs to it. */
static bool is_over(const struct belay_stream *stream) {
  return stream->closed && !has_pending(stream);
}

static void park(struct belay_stream *stream) {
  for (size_t i = 0; i < stream->count; i++) {
    atomic_uint *parked = &belay__slots[stream->signals[i].signo].parked;
    if (stream->signals[i].live && atomic_load(parked) == 0)
      atomic_store(parked, 1);
  }
}

/* After a ring was cleared: parks, looks, and sees to it that the fd is
 * readable again if more is left than the one record taken. */
static int park_and_take(struct belay_stream *stream,
                         struct belay_siginfo *ret_info) {
  park(stream);
  int taken = take(stream, ret_info);
  if (taken && has_pending(stream))
    belay__listener_ring(stream->listener);
  return taken;
}

int belay_stream_read(struct belay_stream *stream,
                      struct belay_siginfo *ret_info) {
  if (!is_ours(stream))
    return -ECHILD;
  int cancel_state = belay__lock(&stream->lock);
  int result = take(stream, ret_info);
  if (result == 0 && is_over(stream))
    result = -ESHUTDOWN;
  else if (result == 0 && stream->listener == &stream->own &&
           belay__listener_clear(&stream->own))
    result = park_and_take(stream, ret_info);
  belay__unlock(&stream->lock, cancel_state);
  return result;
}

int belay__stream_take(struct belay_stream *stream,
                       struct belay_siginfo *ret_info, bool *ret_more) {
  if (!is_ours(stream))
    return -ECHILD;
  int cancel_state = belay__lock(&stream->lock);
  int result = take(stream, ret_info);
  *ret_more = result > 0 && has_pending(stream);
  belay__unlock(&stream->lock, cancel_state);
  return result;
}

bool belay__stream_heard(struct belay_stream *stream) {
  int cancel_state = belay__lock(&stream->lock);
  park(stream);
  bool pending = has_pending(stream);
  belay__unlock(&stream->lock, cancel_state);
  return pending;
}

/* One look, without clearing, before waiting or after: 1, 0 or -ESHUTDOWN. */
static int look(struct belay_stream *stream, bool waited,
                struct belay_siginfo *ret_info) {
  int cancel_state = belay__lock(&stream->lock);
  int result =
      waited ? park_and_take(stream, ret_info) : take(stream, ret_info);
  if (result == 0 && is_over(stream))
    result = -ESHUTDOWN;
  belay__unlock(&stream->lock, cancel_state);
  return result;
}

static void ring_again(void *stream) {
  belay__listener_ring(((struct belay_stream *)stream)->listener);
}

/* A thread that is cancelled here may have cleared a ring, or been woken by its
 * own handler, and not looked: somebody else is to look. */
static int wait_for_ring(struct belay_stream *stream, int64_t timeout_ns) {
  int n;
  pthread_cleanup_push(ring_again, stream);
  n = belay__listener_wait(stream->listener, timeout_ns);
  pthread_cleanup_pop(0);
  return n;
}

int belay_stream_wait(struct belay_stream *stream, int64_t timeout_ns,
                      struct belay_siginfo *ret_info) {
  if (!is_ours(stream))
    return -ECHILD;
  int64_t deadline =
      timeout_ns > 0 ? belay__clock_add(belay__clock_now(), timeout_ns) : 0;
  for (bool waited = false;; waited = true) {
    int result = look(stream, waited, ret_info);
    if (result != 0)
      return result;
    int64_t left = timeout_ns;
    if (timeout_ns > 0) {
      left = deadline - belay__clock_now();
      if (left < 0)
        left = 0;
    }
    int n = wait_for_ring(stream, left);
    if (n < 0 && n != -EINTR)
      return n;
    if (n == 0 && left == 0)
      return look(stream, true, ret_info);
  }
}

/* -- Ending --------------------------------------------------------------- */

void belay_stream_close(struct belay_stream *stream) {
  if (stream == NULL || !is_ours(stream))
    return;
  int cancel_state = belay__lock(&stream->lock);
  if (!stream->closed) {
    unsubscribe_all(stream);
    stream->closed = true;
    if (stream->listener == &stream->own)
      belay__listener_finish(&stream->own);
  }
  belay__unlock(&stream->lock, cancel_state);
}

void belay_stream_free(struct belay_stream *stream) {
  if (stream == NULL)
    return;
  belay_stream_close(stream);
  if (stream->listener == &stream->own)
    belay__listener_close(&stream->own);
  pthread_mutex_destroy(&stream->lock);
  free(stream);
}
