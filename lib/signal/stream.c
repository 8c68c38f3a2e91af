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
#include <unistd.h>

#include "base/clock.h"
#include "base/owner.h"
#include "signal/record.h"
#include "signal/registry.h"

struct belay_stream {
  pthread_mutex_t lock;
  struct belay__listener listener;
  unsigned generation; /* of the process that opened it */
  bool closed;
  size_t count;
  struct subscription {
    int signo;
    bool live; /* false: removed, but what came before may still be read */
    uint64_t position, end; /* end: where reading stops once it is not live */
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

static int subscribe(struct belay_stream *stream, int signo, unsigned flags) {
  struct belay__slot *slot = &belay__slots[signo];
  uint64_t position = belay__record_now(signo);
  int error = belay__registry_listen(signo, flags);
  if (error < 0)
    return error;
  error = belay__listener_join(&stream->listener, &slot->bell);
  if (error < 0) {
    belay__registry_unlisten(signo);
    return error;
  }
  atomic_store(&slot->parked, 1);
  struct subscription *subscription = find(stream, signo);
  if (subscription == NULL) {
    subscription = &stream->signals[stream->count++];
    *subscription = (struct subscription){.signo = signo};
  }
  subscription->position = position;
  subscription->live = true;
  /* What came before the bell was joined has not been heard. */
  if (belay__record_any(signo, position))
    belay__listener_ring(&stream->listener);
  return 0;
}

static void unsubscribe(struct belay_stream *stream,
                        struct subscription *subscription) {
  int signo = subscription->signo;
  belay__listener_leave(&stream->listener, &belay__slots[signo].bell);
  belay__registry_unlisten(signo);
  subscription->end = belay__record_now(signo);
  subscription->live = false;
}

static void unsubscribe_all(struct belay_stream *stream) {
  for (size_t i = 0; i < stream->count; i++)
    if (stream->signals[i].live)
      unsubscribe(stream, &stream->signals[i]);
}

int belay_stream_open(const int *signals, unsigned flags,
                      struct belay_stream **ret_stream) {
  if ((flags & ~BELAY_SIGNAL_FORCE) != 0)
    return -EINVAL;
  for (const int *signo = signals; *signo != 0; signo++)
    if (belay__registry_check(*signo) < 0)
      return -EINVAL;
  struct belay_stream *stream = calloc(1, sizeof(*stream));
  if (stream == NULL)
    return -ENOMEM;
  pthread_mutex_init(&stream->lock, NULL);
  int error = belay__listener_open(&stream->listener);
  if (error < 0) {
    free(stream);
    return error;
  }
  error = belay__registry_generation(&stream->generation);
  for (const int *signo = signals; error == 0 && *signo != 0; signo++)
    if (find(stream, *signo) == NULL)
      error = subscribe(stream, *signo, flags);
  if (error < 0)
    belay_stream_free(stream);
  else
    *ret_stream = stream;
  return error;
}

int belay_stream_add(struct belay_stream *stream, int signo) {
  int error = belay__registry_check(signo);
  if (error < 0)
    return error;
  if (!is_ours(stream))
    return -ECHILD;
  pthread_mutex_lock(&stream->lock);
  const struct subscription *known = find(stream, signo);
  if (stream->closed)
    error = -ESHUTDOWN;
  else if (known == NULL || !known->live)
    error = subscribe(stream, signo, 0);
  pthread_mutex_unlock(&stream->lock);
  return error;
}

int belay_stream_remove(struct belay_stream *stream, int signo) {
  if (!is_ours(stream))
    return -ECHILD;
  pthread_mutex_lock(&stream->lock);
  struct subscription *subscription = find(stream, signo);
  bool live = subscription != NULL && subscription->live;
  if (live)
    unsubscribe(stream, subscription);
  pthread_mutex_unlock(&stream->lock);
  return live ? 0 : -ENOENT;
}

int belay_stream_fd(const struct belay_stream *stream) {
  return stream->listener.fd;
}

/* -- Reading -------------------------------------------------------------- */

static bool has_pending(const struct belay_stream *stream) {
  for (size_t i = 0; i < stream->count; i++) {
    const struct subscription *s = &stream->signals[i];
    if (s->live ? belay__record_any(s->signo, s->position)
                : s->position != s->end)
      return true;
  }
  return false;
}

/* Cuts a record that reaches beyond the subscription's end. */
static bool within_end(const struct subscription *s, uint64_t *next,
                       struct belay_siginfo *info) {
  if (s->live || *next <= s->end)
    return true;
  if (s->position >= s->end)
    return false;
  info->count = s->end - s->position;
  *next = s->end;
  return true;
}

/* Takes the record that came first among all signals: 1, or 0. */
static int take(struct belay_stream *stream, struct belay_siginfo *ret_info) {
  struct subscription *first = NULL;
  uint64_t first_stamp = UINT64_MAX, first_next = 0;
  for (size_t i = 0; i < stream->count; i++) {
    struct subscription *s = &stream->signals[i];
    struct belay_siginfo info;
    uint64_t stamp, next;
    if (!belay__record_any(s->signo, s->position) ||
        !belay__record_peek(s->signo, s->position, &info, &stamp, &next) ||
        !within_end(s, &next, &info) || stamp >= first_stamp)
      continue;
    first = s;
    first_stamp = stamp;
    first_next = next;
    *ret_info = info;
  }
  if (first == NULL)
    return 0;
  first->position = first_next;
  return 1;
}

static void park(struct belay_stream *stream) {
  for (size_t i = 0; i < stream->count; i++)
    if (stream->signals[i].live)
      atomic_store(&belay__slots[stream->signals[i].signo].parked, 1);
}

/* After a ring was cleared: parks, looks, and sees to it that the fd is
 * readable again if more is left than the one record taken. */
static int park_and_take(struct belay_stream *stream,
                         struct belay_siginfo *ret_info) {
  park(stream);
  int taken = take(stream, ret_info);
  if (taken && has_pending(stream))
    belay__listener_ring(&stream->listener);
  return taken;
}

int belay_stream_read(struct belay_stream *stream,
                      struct belay_siginfo *ret_info) {
  if (!is_ours(stream))
    return -ECHILD;
  pthread_mutex_lock(&stream->lock);
  int result = take(stream, ret_info);
  if (result == 0 && stream->closed)
    result = -ESHUTDOWN;
  else if (result == 0 && belay__listener_clear(&stream->listener))
    result = park_and_take(stream, ret_info);
  pthread_mutex_unlock(&stream->lock);
  return result;
}

/* One look, without clearing: 1, 0 or -ESHUTDOWN. */
static int look(struct belay_stream *stream, bool cleared,
                struct belay_siginfo *ret_info) {
  pthread_mutex_lock(&stream->lock);
  int result = cleared ? park_and_take(stream, ret_info)
                       : take(stream, ret_info);
  if (result == 0 && stream->closed)
    result = -ESHUTDOWN;
  pthread_mutex_unlock(&stream->lock);
  return result;
}

int belay_stream_wait(struct belay_stream *stream, int64_t timeout_ns,
                      struct belay_siginfo *ret_info) {
  if (!is_ours(stream))
    return -ECHILD;
  int64_t deadline =
      timeout_ns > 0 ? belay__clock_add(belay__clock_now(), timeout_ns) : 0;
  bool cleared = false;
  for (;;) {
    int result = look(stream, cleared, ret_info);
    if (result != 0)
      return result;
    int64_t left = timeout_ns;
    if (timeout_ns > 0) {
      left = deadline - belay__clock_now();
      if (left < 0)
        left = 0;
    }
    int n = belay__listener_wait(&stream->listener, left);
    if (n < 0 && n != -EINTR)
      return n;
    if (n == 0 && left == 0)
      return look(stream, false, ret_info);
    cleared = n > 0;
  }
}

/* -- Ending --------------------------------------------------------------- */

void belay_stream_close(struct belay_stream *stream) {
  if (stream == NULL || !is_ours(stream))
    return;
  pthread_mutex_lock(&stream->lock);
  if (!stream->closed) {
    unsubscribe_all(stream);
    stream->closed = true;
    belay__listener_finish(&stream->listener);
  }
  pthread_mutex_unlock(&stream->lock);
}

void belay_stream_free(struct belay_stream *stream) {
  if (stream == NULL)
    return;
  belay_stream_close(stream);
  belay__listener_close(&stream->listener);
  pthread_mutex_destroy(&stream->lock);
  free(stream);
}
