/*
 * broadcast.c: a ring of the latest messages, in which each subscriber has a
 * position.
 *
 * All subscribers hear one bell.  Invariant, under the lock: a subscriber's fd
 * is readable if and only if there are messages after its position or the
 * broadcast is closed; `parked` is true if some fd is not readable, so that a
 * message costs one system call if anybody may be waiting, else none.
 */
#include <belay/broadcast.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bell.h"
#include "base/lock.h"

struct belay_broadcast {
  pid_t pid; /* of the process that made it */
  pthread_mutex_t lock;
  struct belay__bell bell;
  size_t holders; /* its owner, and every subscriber */
  bool parked, closed;
  size_t message_bytes, capacity;
  uint64_t sent; /* message n is in place n % capacity */
  unsigned char *messages;
};

struct belay_subscriber {
  struct belay_broadcast *broadcast; /* held */
  struct belay__listener listener;
  uint64_t position; /* the number of the message to read next */
};

/* -- The sender's side ----------------------------------------------------- */

int belay_broadcast_new(size_t capacity, size_t message_bytes,
                        struct belay_broadcast **ret_broadcast) {
  if (capacity == 0 || message_bytes == 0)
    return -EINVAL;
  struct belay_broadcast *broadcast = calloc(1, sizeof(*broadcast));
  if (broadcast == NULL)
    return -ENOMEM;
  broadcast->pid = getpid();
  broadcast->capacity = capacity;
  broadcast->message_bytes = message_bytes;
  broadcast->holders = 1;
  broadcast->messages = calloc(capacity, message_bytes);
  int error = broadcast->messages == NULL ? -ENOMEM
                                          : belay__bell_open(&broadcast->bell);
  if (error < 0) {
    free(broadcast->messages);
    free(broadcast);
    return error;
  }
  pthread_mutex_init(&broadcast->lock, NULL);
  *ret_broadcast = broadcast;
  return 0;
}

static void *place(const struct belay_broadcast *broadcast, uint64_t number) {
  size_t at = (size_t)(number % broadcast->capacity);
  return broadcast->messages + at * broadcast->message_bytes;
}

/* With the lock held: whoever waits is to look. */
static void ring(struct belay_broadcast *broadcast) {
  if (!broadcast->parked)
    return;
  broadcast->parked = false;
  belay__bell_ring(&broadcast->bell);
}

int belay_broadcast_send(struct belay_broadcast *broadcast,
                         const void *message) {
  int cancel_state = belay__lock(&broadcast->lock);
  int error = broadcast->closed ? -EPIPE : 0;
  if (error == 0) {
    memcpy(place(broadcast, broadcast->sent), message,
           broadcast->message_bytes);
    broadcast->sent++;
    ring(broadcast);
  }
  belay__unlock(&broadcast->lock, cancel_state);
  return error;
}

void belay_broadcast_close(struct belay_broadcast *broadcast) {
  int cancel_state = belay__lock(&broadcast->lock);
  broadcast->closed = true;
  if (broadcast->pid == getpid()) /* in a fork, the parent's would hear it */
    ring(broadcast);
  belay__unlock(&broadcast->lock, cancel_state);
}

static void let_go(struct belay_broadcast *broadcast) {
  int cancel_state = belay__lock(&broadcast->lock);
  bool last = --broadcast->holders == 0;
  belay__unlock(&broadcast->lock, cancel_state);
  if (!last)
    return;
  belay__bell_close(&broadcast->bell);
  pthread_mutex_destroy(&broadcast->lock);
  free(broadcast->messages);
  free(broadcast);
}

void belay_broadcast_free(struct belay_broadcast *broadcast) {
  if (broadcast == NULL)
    return;
  belay_broadcast_close(broadcast);
  let_go(broadcast);
}

/* -- The subscriber's side ------------------------------------------------- */

/* With the lock held. */
static int join(struct belay_subscriber *subscriber,
                struct belay_broadcast *broadcast) {
  int error = belay__listener_join(&subscriber->listener, &broadcast->bell);
  if (error < 0)
    return error;
  subscriber->broadcast = broadcast;
  subscriber->position = broadcast->sent;
  broadcast->holders++;
  /* What the bell rang before is nothing to the newcomer. */
  belay__listener_clear(&subscriber->listener);
  broadcast->parked = true;
  if (broadcast->closed)
    ring(broadcast);
  return 0;
}

int belay_broadcast_subscribe(struct belay_broadcast *broadcast,
                              struct belay_subscriber **ret_subscriber) {
  struct belay_subscriber *subscriber = calloc(1, sizeof(*subscriber));
  if (subscriber == NULL)
    return -ENOMEM;
  int error = belay__listener_open(&subscriber->listener);
  if (error < 0) {
    free(subscriber);
    return error;
  }
  int cancel_state = belay__lock(&broadcast->lock);
  error = join(subscriber, broadcast);
  belay__unlock(&broadcast->lock, cancel_state);
  if (error < 0) {
    belay__listener_close(&subscriber->listener);
    free(subscriber);
    return error;
  }
  *ret_subscriber = subscriber;
  return 0;
}

/* With the lock held: takes the next message, which is there. */
static void take(struct belay_subscriber *subscriber, void *ret_message,
                 uint64_t *ret_missed) {
  struct belay_broadcast *broadcast = subscriber->broadcast;
  uint64_t unread = broadcast->sent - subscriber->position;
  uint64_t missed =
      unread > broadcast->capacity ? unread - broadcast->capacity : 0;
  subscriber->position += missed;
  memcpy(ret_message, place(broadcast, subscriber->position),
         broadcast->message_bytes);
  if (ret_missed != NULL)
    *ret_missed = missed;
  subscriber->position++;
  if (subscriber->position == broadcast->sent && !broadcast->closed) {
    belay__listener_clear(&subscriber->listener);
    broadcast->parked = true;
  }
}

int belay_subscriber_receive(struct belay_subscriber *subscriber,
                             void *ret_message, uint64_t *ret_missed) {
  struct belay_broadcast *broadcast = subscriber->broadcast;
  int result = 1;
  int cancel_state = belay__lock(&broadcast->lock);
  if (subscriber->position < broadcast->sent)
    take(subscriber, ret_message, ret_missed);
  else
    result = broadcast->closed ? -EPIPE : 0;
  belay__unlock(&broadcast->lock, cancel_state);
  return result;
}

int belay_subscriber_fd(const struct belay_subscriber *subscriber) {
  return subscriber->listener.fd;
}

void belay_subscriber_free(struct belay_subscriber *subscriber) {
  if (subscriber == NULL)
    return;
  struct belay_broadcast *broadcast = subscriber->broadcast;
  if (broadcast->pid != getpid())
    belay__listener_abandon(&subscriber->listener);
  int cancel_state = belay__lock(&broadcast->lock);
  belay__listener_leave(&subscriber->listener, &broadcast->bell);
  belay__unlock(&broadcast->lock, cancel_state);
  belay__listener_close(&subscriber->listener);
  let_go(broadcast);
  free(subscriber);
}
