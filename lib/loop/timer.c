/*
 * timer.c: the loop's time and its timers.
 *
 * The loop's time is the clock less all pauses, so that pausing every timer is
 * one subtraction, however many there are.  Deadlines are absolute in it: what
 * an interval timer does late, it does not pass on to the next time.
 */
#include "loop/source.h"

#include <errno.h>

#include "base/clock.h"
#include "base/fd.h"
#include "loop/timerfd.h"

#define NO_DEADLINE INT64_MAX

static bool is_timer(const struct belay_source *source) {
  return source->kind->release == belay__timer_release;
}

static int fill(struct belay_source *source, struct belay_event *event) {
  event->expirations = source->expirations;
  source->expirations = 0;
  return 1;
}

static const struct belay__source_kind timer_kind = {
    .type = BELAY_EVENT_TIMER,
    .fill = fill,
    .release = belay__timer_release,
};

static struct belay_source *source_of(struct belay__heap_node *node) {
  return BELAY__CONTAINER(node, struct belay_source, deadline);
}

int64_t belay_loop_now(const struct belay_loop *loop) {
  int64_t clock = loop->paused ? loop->paused_at_ns : belay__clock_now();
  return clock - loop->paused_total_ns;
}

void belay_loop_pause(struct belay_loop *loop) {
  if (loop->paused)
    return;
  loop->paused_at_ns = belay__clock_now();
  loop->paused = true;
}

void belay_loop_resume(struct belay_loop *loop) {
  if (!loop->paused)
    return;
  loop->paused_total_ns += belay__clock_now() - loop->paused_at_ns;
  loop->paused = false;
  loop->timer_fd_deadline = NO_DEADLINE; /* the clock's has moved */
}

/* -- Arming --------------------------------------------------------------- */

static void arm_at(struct belay_source *source, int64_t deadline) {
  belay__heap_remove(&source->loop->timers, &source->deadline);
  source->deadline.key = deadline;
  belay__heap_push(&source->loop->timers, &source->deadline);
}

static void disarm(struct belay_source *source) {
  belay__heap_remove(&source->loop->timers, &source->deadline);
  belay__list_remove(&source->ready);
  source->expirations = 0;
}

int belay_source_set_timer(struct belay_source *source, int64_t delay_ns,
                           int64_t interval_ns) {
  if (!is_timer(source) || interval_ns < 0)
    return -EINVAL;
  disarm(source);
  source->interval_ns = interval_ns;
  source->was_armed = delay_ns >= 0;
  if (source->paused)
    source->left_ns = delay_ns;
  else if (delay_ns >= 0)
    arm_at(source, belay__clock_add(belay_loop_now(source->loop), delay_ns));
  return 0;
}

int belay__timer_add(struct belay_loop *loop,
                     const struct belay__source_kind *kind, int64_t delay_ns,
                     int64_t interval_ns, void *data,
                     struct belay_source **ret_source) {
  if (interval_ns < 0)
    return -EINVAL;
  struct belay_source *source = belay__source_new(loop, kind, data);
  if (source == NULL)
    return -ENOMEM;
  loop->timer_count++;
  int error = belay__heap_reserve(&loop->timers, loop->timer_count);
  if (error == 0)
    error = belay_source_set_timer(source, delay_ns, interval_ns);
  return belay__source_finish(source, error, ret_source);
}

int belay_loop_add_timer(struct belay_loop *loop, int64_t delay_ns,
                         int64_t interval_ns, void *data,
                         struct belay_source **ret_source) {
  return belay__timer_add(loop, &timer_kind, delay_ns, interval_ns, data,
                          ret_source);
}

void belay__timer_release(struct belay_source *source) {
  disarm(source);
  source->loop->timer_count--;
}

int belay_source_pause(struct belay_source *source) {
  if (!is_timer(source))
    return -EINVAL;
  if (source->paused)
    return 0;
  source->paused = true;
  source->was_armed = source->deadline.place != 0;
  if (source->was_armed)
    source->left_ns = source->deadline.key - belay_loop_now(source->loop);
  belay__heap_remove(&source->loop->timers, &source->deadline);
  return 0;
}

int belay_source_resume(struct belay_source *source) {
  if (!is_timer(source))
    return -EINVAL;
  if (!source->paused)
    return 0;
  source->paused = false;
  if (source->was_armed)
    arm_at(source, belay__clock_add(belay_loop_now(source->loop),
                                    source->left_ns > 0 ? source->left_ns : 0));
  return 0;
}

/* -- Expiring ------------------------------------------------------------- */

int64_t belay__timer_wait_ns(const struct belay_loop *loop) {
  const struct belay__heap_node *first = belay__heap_first(&loop->timers);
  if (first == NULL || loop->paused)
    return -1;
  int64_t left = first->key - belay_loop_now(loop);
  return left > 0 ? left : 0;
}

static void expire(struct belay_source *source, int64_t now) {
  int64_t interval = source->interval_ns;
  int64_t deadline = source->deadline.key;
  belay__heap_remove(&source->loop->timers, &source->deadline);
  source->expirations++;
  if (interval > 0) {
    int64_t missed = (now - deadline) / interval;
    source->expirations += (uint64_t)missed;
    arm_at(source, belay__clock_add(deadline, (missed + 1) * interval));
  }
  belay__source_ready(source);
}

void belay__timer_expire(struct belay_loop *loop) {
  if (loop->paused || loop->timers.count == 0)
    return;
  int64_t now = belay_loop_now(loop);
  struct belay__heap_node *first;
  while ((first = belay__heap_first(&loop->timers)) != NULL &&
         first->key <= now)
    expire(source_of(first), now);
}

/* -- For loops within loops ------------------------------------------------ */

int belay__timer_open_fd(struct belay_loop *loop) {
  if (loop->timer_fd >= 0)
    return 0;
  int fd = belay__timerfd_open();
  if (fd < 0)
    return fd;
  /* Its source is the loop's own: NULL. */
  int error = belay__poller_add(loop->poller, fd, BELAY_FD_READ, NULL);
  if (error < 0) {
    belay__fd_close(fd);
    return error;
  }
  loop->timer_fd = fd;
  loop->timer_fd_deadline = NO_DEADLINE;
  belay__timer_arm_fd(loop);
  return 0;
}

void belay__timer_arm_fd(struct belay_loop *loop) {
  if (loop->timer_fd < 0)
    return;
  const struct belay__heap_node *first = belay__heap_first(&loop->timers);
  int64_t deadline = first == NULL || loop->paused ? NO_DEADLINE : first->key;
  if (deadline == loop->timer_fd_deadline && deadline != NO_DEADLINE)
    return;
  loop->timer_fd_deadline = deadline;
  belay__timerfd_set(loop->timer_fd,
                     deadline == NO_DEADLINE
                         ? -1
                         : belay__clock_add(deadline, loop->paused_total_ns));
}
