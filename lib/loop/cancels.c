/*
 * cancels.c: the cancellations that a loop waits for.
 *
 * The loop's listener hears the bells of all of them, so that a thousand
 * transfers that may be cancelled cost no fd.  A bell rings for a whole tree;
 * whose level has risen is found by looking at each source.
 */
#include <errno.h>

#include "loop/cancel.h"
#include "loop/source.h"

static bool has_risen(const struct belay_source *source) {
  return (int)belay_cancel_level(source->cancel) > source->told_level;
}

static int fill(struct belay_source *source, struct belay_event *event) {
  event->level = belay_cancel_level(source->cancel);
  source->told_level = event->level;
  return 1;
}

static void release(struct belay_source *source) {
  if (source->cancel == NULL)
    return;
  belay__list_remove(&source->heard);
  belay__cancel_leave(source->cancel, &source->loop->listener);
  belay_cancel_free(source->cancel);
}

static const struct belay__source_kind cancel_kind = {
    .type = BELAY_EVENT_CANCEL,
    .fill = fill,
    .release = release,
};

int belay_loop_add_cancel(struct belay_loop *loop, struct belay_cancel *cancel,
                          void *data, struct belay_source **ret_source) {
  struct belay_source *source = belay__source_new(loop, &cancel_kind, data);
  if (source == NULL)
    return -ENOMEM;
  int error = belay__loop_listen(loop);
  if (error == 0)
    error = belay__cancel_join(cancel, &loop->listener);
  if (error == 0) {
    source->cancel = belay__cancel_hold(cancel);
    belay__list_append(&loop->cancels, &source->heard);
    if (has_risen(source))
      belay__source_ready(source);
  }
  return belay__source_finish(source, error, ret_source);
}

void belay__cancels_heard(struct belay_loop *loop) {
  struct belay__list *list = &loop->cancels;
  for (struct belay__list *link = list->next; link != list; link = link->next) {
    struct belay_source *source =
        BELAY__CONTAINER(link, struct belay_source, heard);
    if (has_risen(source))
      belay__source_ready(source);
  }
}
