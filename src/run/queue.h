/*
 * queue.h: tasks that do not run yet: those that come from the feed, and those
 * that wait for another attempt.
 */
#ifndef RUN_QUEUE_H
#define RUN_QUEUE_H

#include <belay/loop.h>

#include "feed.h"
#include "options.h"
#include "task.h"

struct queue {
  struct belay_loop *loop;
  struct feed *feed;
  struct belay_source *feed_source; /* while lines are waited for */
  bool feed_is_over;
  long count;            /* tasks that came from the feed */
  struct task *retrying; /* those that wait for their next attempt */
  struct task *due;      /* those whose time has come */
};

/* Opens the feed, which may have to be waited for, if it is a fifo: 0; or a
 * negative errno with *ret_error a line, to be freed. */
int queue_open(struct queue *queue, const struct run_options *options,
               char **ret_error);

/* From now on it is waited for in the loop: 0 or -errno. */
int queue_listen(struct queue *queue, struct belay_loop *loop);

/* The next task: 1; 0: there is none, or none yet; or a negative errno, which
 * was told, after which there is none. */
int queue_next(struct queue *queue, struct task **ret_task);

/* Whether queue_next() may have one now; whether it never will. */
bool queue_may_have_next(const struct queue *queue);
bool queue_is_over(const struct queue *queue);

/* Whether the loop is to wait for more: 0 or a negative errno, as above. */
int queue_wait(struct queue *queue, bool wanted);

/* Puts a task back, for another attempt after so long. */
void queue_put_back(struct queue *queue, struct task *task, int64_t wait_ns);

/* Puts it back: it is the next. */
void queue_put_first(struct queue *queue, struct task *task);

/* Whether an event of the loop is the queue's; then it has been dealt with. */
bool queue_takes(struct queue *queue, const struct belay_event *event);

/* One of those that wait for another attempt, to be dropped; NULL: none. */
struct task *queue_take_waiting(struct queue *queue);

/* How many there will have been in all; -1: not known yet. */
long queue_total(const struct queue *queue);

void queue_free_task(struct task *task);
void queue_close(struct queue *queue);

#endif
