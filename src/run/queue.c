/*
 * queue.c: two lists and a feed.  Invariant: a task is in one list or in none,
 * and has a timer while it is in `retrying`.
 */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"

/* -- Lists ---------------------------------------------------------------- */

static struct task *pop(struct task **list) {
  struct task *task = *list;
  if (task != NULL)
    task_take_out(list, task);
  return task;
}

void queue_free_task(struct task *task) {
  belay_source_remove(task->retry);
  command_clear(&task->command);
  free(task);
}

/* -- Beginning ------------------------------------------------------------ */

int queue_open(struct queue *queue, const struct run_options *options,
               char **ret_error) {
  *queue = (struct queue){.loop = NULL};
  return feed_open(options, &queue->feed, ret_error);
}

int queue_listen(struct queue *queue, struct belay_loop *loop) {
  queue->loop = loop;
  if (feed_fd(queue->feed) < 0)
    return 0;
  int error = belay_loop_add_fd(loop, feed_fd(queue->feed), BELAY_FD_READ, NULL,
                                &queue->feed_source);
  if (error != -EPERM)
    return error;
  feed_is_always_ready(queue->feed); /* /dev/null, say */
  return 0;
}

/* -- The next ------------------------------------------------------------- */

/* After this there is none. */
static int fail(struct queue *queue, const char *what, int error) {
  message("%s: %s", what, strerror(-error));
  queue->feed_is_over = true;
  return error;
}

static int make_task(struct queue *queue, struct command *command,
                     struct task **ret_task) {
  struct task *task = calloc(1, sizeof(*task));
  if (task == NULL) {
    command_clear(command);
    return fail(queue, "cannot start a command", -ENOMEM);
  }
  task->command = *command;
  task->number = ++queue->count;
  *ret_task = task;
  return 1;
}

int queue_next(struct queue *queue, struct task **ret_task) {
  struct command command;
  char *error = NULL;
  if (queue->due != NULL) {
    *ret_task = pop(&queue->due);
    return 1;
  }
  if (queue->feed_is_over)
    return 0;
  int n = feed_next(queue->feed, &command, &error);
  if (n > 0)
    return make_task(queue, &command, ret_task);
  if (n == -EAGAIN)
    return 0;
  queue->feed_is_over = true;
  if (n < 0)
    message("%s", error != NULL ? error : strerror(-n));
  free(error);
  return n;
}

bool queue_may_have_next(const struct queue *queue) {
  return queue->due != NULL || !queue->feed_is_over;
}

bool queue_is_over(const struct queue *queue) {
  return !queue_may_have_next(queue) && queue->retrying == NULL;
}

long queue_total(const struct queue *queue) {
  return feed_total(queue->feed);
}

/* -- Waiting -------------------------------------------------------------- */

/* Not at all while no line is wanted: that its writer is gone would be told
 * again and again. */
int queue_wait(struct queue *queue, bool wanted) {
  int fd = feed_fd(queue->feed);
  if (!wanted) {
    belay_source_remove(queue->feed_source);
    queue->feed_source = NULL;
  } else if (queue->feed_source == NULL && fd >= 0) {
    int error = belay_loop_add_fd(queue->loop, fd, BELAY_FD_READ, NULL,
                                  &queue->feed_source);
    if (error < 0)
      return fail(queue, "cannot wait for more commands", error);
  }
  return 0;
}

/* By the loop, also at once: restarts may be without end, and signals are to be
 * heard between them. */
void queue_put_back(struct queue *queue, struct task *task, int64_t wait_ns) {
  task->state = TASK_RETRYING;
  if (belay_loop_add_timer(queue->loop, wait_ns, 0, task, &task->retry) < 0)
    task_push(&queue->due, task);
  else
    task_push(&queue->retrying, task);
}

void queue_put_first(struct queue *queue, struct task *task) {
  task->state = TASK_QUEUED;
  task_push(&queue->due, task);
}

static bool is_of_waiting_task(const struct belay_event *event) {
  const struct task *task = event->data;
  return event->type == BELAY_EVENT_TIMER && task != NULL &&
         task->state == TASK_RETRYING;
}

bool queue_takes(struct queue *queue, const struct belay_event *event) {
  if (event->type == BELAY_EVENT_FD && event->source == queue->feed_source) {
    feed_is_ready(queue->feed);
    return true;
  }
  if (!is_of_waiting_task(event))
    return false;
  struct task *task = event->data;
  task_take_out(&queue->retrying, task);
  belay_source_remove(task->retry);
  task->retry = NULL;
  task_push(&queue->due, task);
  return true;
}

struct task *queue_take_waiting(struct queue *queue) {
  struct task *task = pop(&queue->retrying);
  return task != NULL ? task : pop(&queue->due);
}

void queue_close(struct queue *queue) {
  feed_close(queue->feed);
}
