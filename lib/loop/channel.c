/*
 * channel.c: a ring of messages under a lock, with an fd that says whether
 * there are any.
 *
 * Invariant, under the lock: the fd is readable if and only if there are
 * messages or the channel is closed.  So a wake-up costs a system call only
 * when the queue stops or starts being empty.
 */
#include <belay/channel.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/wakeup.h"

struct belay_channel {
  pthread_mutex_t lock;
  pthread_cond_t room; /* for senders who wait */
  struct belay__wakeup wakeup;
  bool closed;
  size_t message_bytes, capacity;
  size_t first, count;
  unsigned char *messages;
};

static void init_lock(struct belay_channel *channel) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&channel->room, &attributes);
  pthread_condattr_destroy(&attributes);
  pthread_mutex_init(&channel->lock, NULL);
}

int belay_channel_new(size_t capacity, size_t message_bytes,
                      struct belay_channel **ret_channel) {
  if (capacity == 0 || message_bytes == 0)
    return -EINVAL;
  struct belay_channel *channel = calloc(1, sizeof(*channel));
  if (channel == NULL)
    return -ENOMEM;
  channel->capacity = capacity;
  channel->message_bytes = message_bytes;
  channel->messages = calloc(capacity, message_bytes);
  int error = channel->messages == NULL ? -ENOMEM
                                        : belay__wakeup_open(&channel->wakeup);
  if (error < 0) {
    free(channel->messages);
    free(channel);
    return error;
  }
  init_lock(channel);
  *ret_channel = channel;
  return 0;
}

static void *place(const struct belay_channel *channel, size_t index) {
  size_t at = (channel->first + index) % channel->capacity;
  return channel->messages + at * channel->message_bytes;
}

/* With the lock held: waits for room, or for the channel to be closed.  0, or
 * what ended it in vain. */
static int wait_for_room(struct belay_channel *channel, int64_t timeout_ns,
                         const struct timespec *deadline) {
  int error = timeout_ns == 0 ? ETIMEDOUT : 0;
  while (channel->count == channel->capacity && !channel->closed && error == 0)
    error = timeout_ns < 0 ? pthread_cond_wait(&channel->room, &channel->lock)
                           : pthread_cond_timedwait(&channel->room,
                                                    &channel->lock, deadline);
  if (channel->closed)
    return -EPIPE;
  return channel->count == channel->capacity ? -EAGAIN : 0;
}

/* With the lock held: copies in what there is room for; how many. */
static size_t append(struct belay_channel *channel,
                     const unsigned char *messages, size_t count) {
  size_t room = channel->capacity - channel->count;
  if (count > room)
    count = room;
  for (size_t i = 0; i < count; i++)
    memcpy(place(channel, channel->count + i),
           messages + i * channel->message_bytes, channel->message_bytes);
  if (channel->count == 0)
    belay__wakeup_set(&channel->wakeup);
  channel->count += count;
  return count;
}

int belay_channel_send_many(struct belay_channel *channel, const void *messages,
                            size_t count, int64_t timeout_ns) {
  struct timespec deadline = {0};
  if (timeout_ns > 0)
    deadline =
        belay__clock_timespec(belay__clock_add(belay__clock_now(), timeout_ns));
  if (count > INT_MAX)
    count = INT_MAX;
  size_t sent = 0;
  int error = 0;
  int cancel_state = belay__lock(&channel->lock);
  while (sent < count &&
         (error = wait_for_room(channel, timeout_ns, &deadline)) == 0)
    sent +=
        append(channel,
               (const unsigned char *)messages + sent * channel->message_bytes,
               count - sent);
  belay__unlock(&channel->lock, cancel_state);
  return sent > 0 ? (int)sent : error;
}

int belay_channel_send(struct belay_channel *channel, const void *message,
                       int64_t timeout_ns) {
  int result = belay_channel_send_many(channel, message, 1, timeout_ns);
  return result > 0 ? 0 : result;
}

int belay_channel_receive(struct belay_channel *channel, void *ret_message) {
  int result = 1;
  int cancel_state = belay__lock(&channel->lock);
  if (channel->count == 0) {
    result = channel->closed ? -EPIPE : 0;
  } else {
    memcpy(ret_message, place(channel, 0), channel->message_bytes);
    channel->first = (channel->first + 1) % channel->capacity;
    if (--channel->count == 0 && !channel->closed)
      belay__wakeup_clear(&channel->wakeup);
    pthread_cond_signal(&channel->room);
  }
  belay__unlock(&channel->lock, cancel_state);
  return result;
}

int belay_channel_fd(const struct belay_channel *channel) {
  return channel->wakeup.fd;
}

void belay_channel_close(struct belay_channel *channel) {
  int cancel_state = belay__lock(&channel->lock);
  if (!channel->closed) {
    channel->closed = true;
    belay__wakeup_set(&channel->wakeup);
    pthread_cond_broadcast(&channel->room);
  }
  belay__unlock(&channel->lock, cancel_state);
}

void belay_channel_free(struct belay_channel *channel) {
  if (channel == NULL)
    return;
  belay__wakeup_close(&channel->wakeup);
  pthread_cond_destroy(&channel->room);
  pthread_mutex_destroy(&channel->lock);
  free(channel->messages);
  free(channel);
}
