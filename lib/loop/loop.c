/*
 * loop.c: one thread's wait for whichever comes first.
 *
 * It goes round: wait, sort what is ready into one list for each class, return
 * from the lists until they are empty, wait again.  Invariant: a source is in
 * a list at most once, so each that is ready has its turn before any has
 * another.  Nothing is called back.
 */
#include <belay/loop.h>

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/owner.h"
#include "loop/source.h"
#include "signal/registry.h"

#define BATCH 64

/* -- Making and freeing ---------------------------------------------------- */

static void init(struct belay_loop *loop) {
  belay__list_init(&loop->sources);
  belay__list_init(&loop->signals);
  belay__list_init(&loop->cancels);
  belay__list_init(&loop->jobs);
  belay__list_init(&loop->children);
  for (int type = 0; type < BELAY__EVENT_TYPES; type++)
    belay__list_init(&loop->ready[type]);
  loop->timer_fd = -1;
  loop->wakeup.fd = loop->wakeup.write_fd = -1;
}

int belay_loop_new(struct belay_loop **ret_loop) {
  struct belay_loop *loop = calloc(1, sizeof(*loop));
  if (loop == NULL)
    return -ENOMEM;
  init(loop);
  int error = belay__registry_generation(&loop->generation);
  if (error == 0)
    error = belay__poller_new(&loop->poller);
  if (error == 0)
    error = belay__wakeup_open(&loop->wakeup);
  if (error == 0)
    error = belay__poller_add(loop->poller, loop->wakeup.fd, BELAY_FD_READ,
                              &loop->wakeup);
  if (error < 0)
    belay_loop_free(loop);
  else
    *ret_loop = loop;
  return error;
}

void belay__loop_disown(struct belay_loop *loop) {
  if (loop->disowned || loop->generation == belay__owner_generation())
    return;
  loop->disowned = true;
  if (loop->poller != NULL)
    belay__poller_abandon(loop->poller);
  if (loop->listening)
    belay__listener_abandon(&loop->listener);
}

void belay_loop_free(struct belay_loop *loop) {
  if (loop == NULL)
    return;
  belay__loop_disown(loop);
  while (!belay__list_is_empty(&loop->sources))
    belay_source_remove(
        BELAY__CONTAINER(loop->sources.next, struct belay_source, all));
  if (loop->listening)
    belay__listener_close(&loop->listener);
  belay__fd_close(loop->timer_fd);
  belay__wakeup_close(&loop->wakeup);
  belay__heap_free(&loop->timers);
  belay__poller_free(loop->poller);
  free(loop);
}

int belay_loop_fd(struct belay_loop *loop) {
  int fd = belay__poller_fd(loop->poller);
  if (fd < 0)
    return fd;
  int error = belay__timer_open_fd(loop);
  return error < 0 ? error : fd;
}

void belay_loop_wake(struct belay_loop *loop) {
  int saved_errno = errno;
  if (!atomic_exchange(&loop->woken, true))
    belay__wakeup_set(&loop->wakeup);
  errno = saved_errno;
}

/* First the fd, then the flag: a wake in between sets the fd anew.  The flag
 * may be seen before its thread has set the fd, which is then cleared when the
 * poller tells of it, without a wake. */
static bool was_woken(struct belay_loop *loop) {
  if (!atomic_load(&loop->woken))
    return false;
  belay__wakeup_clear(&loop->wakeup);
  return atomic_exchange(&loop->woken, false);
}

/* A listener that the poller watches like any other fd. */
static int listen_beside(struct belay_loop *loop) {
  int error = belay__listener_open(&loop->listener);
  if (error < 0)
    return error;
  error =
      belay__poller_add(loop->poller, loop->listener.fd, BELAY_FD_READ, loop);
  if (error < 0)
    belay__listener_close(&loop->listener);
  return error;
}

/* The listener's source in the poller is the loop itself. */
int belay__loop_listen(struct belay_loop *loop) {
  if (loop->listening)
    return 0;
  int error = belay__listener_open_in(&loop->listener,
                                      belay__poller_fd(loop->poller), loop);
  if (error == -ENOSYS)
    error = listen_beside(loop);
  loop->listening = error == 0;
  return error;
}

/* -- Returning what is ready ----------------------------------------------- */

/* As the kind's fill(). */
static int fill(struct belay_source *source, struct belay_event *event) {
  event->type = source->kind->type;
  event->source = source;
  event->data = source->data;
  return source->kind->fill(source, event);
}

static int take_ready(struct belay_loop *loop, struct belay_event *ret_event) {
  for (int type = 0; type < BELAY__EVENT_TYPES; type++) {
    struct belay__list *list = &loop->ready[type];
    while (!belay__list_is_empty(list)) {
      struct belay_source *source =
          BELAY__CONTAINER(list->next, struct belay_source, ready);
      belay__list_remove(&source->ready);
      struct belay_event event = {.level = 0};
      int result = fill(source, &event);
      if (result > 0)
        *ret_event = event;
      if (result != 0)
        return result;
    }
  }
  return 0;
}

/* -- Waiting --------------------------------------------------------------- */

static void sort_in(struct belay_loop *loop, const struct belay__ready *ready) {
  if (ready->data == NULL)
    return; /* the timers' fd: they are looked at in any case */
  if (ready->data == &loop->wakeup) {
    belay__wakeup_clear(&loop->wakeup);
    return; /* and so is the flag */
  }
  if (ready->data == loop) {
    if (!loop->listener.is_guest)
      belay__listener_clear(&loop->listener);
    belay__signals_heard(loop);
    belay__cancels_heard(loop);
    return;
  }
  struct belay_source *source = ready->data;
  source->ready_fd = ready->ready;
  belay__source_ready(source);
}

/* After a handler ran in this thread it need not have rung. */
static int wait_once(struct belay_loop *loop, int64_t timeout_ns) {
  struct belay__ready ready[BATCH];
  int64_t timer_ns = belay__timer_wait_ns(loop);
  if (timer_ns >= 0 && (timeout_ns < 0 || timer_ns < timeout_ns))
    timeout_ns = timer_ns;
  if (loop->look_again)
    timeout_ns = 0;
  int n = belay__poller_wait(loop->poller, ready, BATCH, timeout_ns,
                             &loop->listener);
  for (int i = 0; i < n; i++)
    sort_in(loop, &ready[i]);
  if (n == -EINTR || loop->look_again)
    belay__signals_heard(loop);
  belay__timer_expire(loop);
  return n == -EINTR ? 0 : n;
}

int belay_loop_next(struct belay_loop *loop, int64_t timeout_ns,
                    struct belay_event *ret_event) {
  int64_t deadline =
      timeout_ns > 0 ? belay__clock_add(belay__clock_now(), timeout_ns) : 0;
  int64_t left = timeout_ns;
  for (bool waited = false;; waited = true) {
    int result = take_ready(loop, ret_event);
    if (result != 0)
      return result;
    if (was_woken(loop) || (waited && left == 0)) {
      belay__timer_arm_fd(loop);
      return 0;
    }
    result = wait_once(loop, left);
    if (result < 0)
      return result;
    if (timeout_ns > 0) {
      left = deadline - belay__clock_now();
      left = left > 0 ? left : 0;
    }
  }
}
