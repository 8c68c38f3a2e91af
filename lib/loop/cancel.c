/*
 * cancel.c: a sticky request to stop, in a tree.
 *
 * Nothing is passed down when one is asked for: whoever looks, looks upwards.
 * All of a tree share one bell, which rings for every request in it, so that
 * asking is an atomic and one system call however many there are below.
 * Invariant: levels only rise.
 */
#include "loop/cancel.h"

#include <errno.h>
#include <stdlib.h>

#include "base/atomic.h"
#include "base/lock.h"

struct belay_cancel {
  atomic_int level; /* asked of this one itself */
  atomic_uint holders;
  struct belay_cancel *parent; /* held; NULL for a root */
  struct belay_cancel *root;
  struct belay__bell bell; /* the root's */
  pthread_mutex_t lock;    /* the root's: for those who join and leave */
};

int belay_cancel_new(struct belay_cancel *parent,
                     struct belay_cancel **ret_cancel) {
  struct belay_cancel *cancel = calloc(1, sizeof(*cancel));
  if (cancel == NULL)
    return -ENOMEM;
  atomic_store(&cancel->holders, 1);
  if (parent != NULL) {
    cancel->parent = belay__cancel_hold(parent);
    cancel->root = parent->root;
  } else {
    cancel->root = cancel;
    int error = belay__bell_open(&cancel->bell);
    if (error < 0) {
      free(cancel);
      return error;
    }
    pthread_mutex_init(&cancel->lock, NULL);
  }
  *ret_cancel = cancel;
  return 0;
}

int belay_cancel_request(struct belay_cancel *cancel,
                         enum belay_cancel_level level) {
  if (level != BELAY_CANCEL_ASKED && level != BELAY_CANCEL_FORCED)
    return -EINVAL;
  int now = atomic_load(&cancel->level);
  while (now < (int)level) /* at most twice: it only rises */
    if (atomic_compare_exchange_strong(&cancel->level, &now, (int)level)) {
      int saved_errno = errno;
      belay__bell_ring(&cancel->root->bell);
      errno = saved_errno;
      return 1;
    }
  return 0;
}

enum belay_cancel_level belay_cancel_level(const struct belay_cancel *cancel) {
  int highest = BELAY_CANCEL_NONE;
  for (; cancel != NULL; cancel = cancel->parent) {
    int level = atomic_load(&cancel->level);
    if (level > highest)
      highest = level;
  }
  return (enum belay_cancel_level)highest;
}

int belay__cancel_join(struct belay_cancel *cancel,
                       struct belay__listener *listener) {
  struct belay_cancel *root = cancel->root;
  int cancel_state = belay__lock(&root->lock);
  int error = belay__listener_join(listener, &root->bell);
  belay__unlock(&root->lock, cancel_state);
  return error;
}

void belay__cancel_leave(struct belay_cancel *cancel,
                         struct belay__listener *listener) {
  struct belay_cancel *root = cancel->root;
  int cancel_state = belay__lock(&root->lock);
  belay__listener_leave(listener, &root->bell);
  belay__unlock(&root->lock, cancel_state);
}

struct belay_cancel *belay__cancel_hold(struct belay_cancel *cancel) {
  atomic_fetch_add(&cancel->holders, 1);
  return cancel;
}

void belay_cancel_free(struct belay_cancel *cancel) {
  while (cancel != NULL && atomic_fetch_sub(&cancel->holders, 1) == 1) {
    struct belay_cancel *parent = cancel->parent;
    if (parent == NULL) {
      belay__bell_close(&cancel->bell);
      pthread_mutex_destroy(&cancel->lock);
    }
    free(cancel);
    cancel = parent;
  }
}
