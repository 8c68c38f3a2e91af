/*
 * cancels.c: the cancellations that a loop waits for.
 *
 * One listener hears the bells of all of them, so that a thousand transfers
 * that may be cancelled cost one fd.  A bell rings for a whole tree; whose
 * level has risen is found by looking at each source.
 */
#include <errno.h>

#include "loop/cancel.h"
#include "loop/source.h"

static bool has_risen(const struct belay_source *source) {
  return (int)belay_cancel_level(source->cancel) > source->told_level;
}

/* Whether another source of the loop listens to the same bell. */
static bool bell_is_shared(const struct belay_source *source) {
  const struct belay__bell *bell = belay__cancel_bell(source->cancel);
  struct belay__list *list = &source->loop->cancels;
  for (struct belay__list *link = list->next; link != list; link = link->next) {
    const struct belay_source *other =
        BELAY__CONTAINER(link, struct belay_source, cancels);
    if (other != source && belay__cancel_bell(other->cancel) == bell)
      return true;
  }
  return false;
}

static int fill(struct belay_source *source, struct belay_event *event) {
  event->level = belay_cancel_level(source->cancel);
  source->told_level = event->level;
  return 1;
}

static void release(struct belay_source *source) {
  if (source->cancel == NULL)
    return;
  belay__list_remove(&source->cancels);
  if (!bell_is_shared(source))
    belay__cancel_leave(source->cancel, &source->loop->listener);
  belay_cancel_free(source->cancel);
}

static const struct belay__source_kind cancel_kind = {
    .type = BELAY_EVENT_CANCEL,
    .fill = fill,
    .release = release,
};

/* The listener's source in the poller is the loop itself. */
static int start_listening(struct belay_loop *loop) {
  if (loop->listening)
    return 0;
  int error = belay__listener_open(&loop->listener);
  if (error < 0)
    return error;
  error =
      belay__poller_add(loop->poller, loop->listener.fd, BELAY_FD_READ, loop);
  if (error < 0)
    belay__listener_close(&loop->listener);
  else
    loop->listening = true;
  return error;
}

int belay_loop_add_cancel(struct belay_loop *loop, struct belay_cancel *cancel,
                          void *data, struct belay_source **ret_source) {
  struct belay_source *source = belay__source_new(loop, &cancel_kind, data);
  if (source == NULL)
    return -ENOMEM;
  int error = start_listening(loop);
  if (error == 0) {
    source->cancel = belay__cancel_hold(cancel);
    if (!bell_is_shared(source))
      error = belay__cancel_join(cancel, &loop->listener);
    if (error < 0) {
      belay_cancel_free(cancel);
      source->cancel = NULL;
    } else {
      belay__list_append(&loop->cancels, &source->cancels);
      if (has_risen(source))
        belay__source_ready(source);
    }
  }
  return belay__source_finish(source, error, ret_source);
}

void belay__cancels_heard(struct belay_loop *loop) {
  belay__listener_clear(&loop->listener);
  struct belay__list *list = &loop->cancels;
  for (struct belay__list *link = list->next; link != list; link = link->next) {
    struct belay_source *source =
        BELAY__CONTAINER(link, struct belay_source, cancels);
    if (has_risen(source))
      belay__source_ready(source);
  }
}
