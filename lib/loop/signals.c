/*
 * signals.c: the signals that a loop waits for.
 *
 * The loop's listener hears the bells of all of them, so that any number of
 * sources costs no fd, and a handler rings at most once for all.  Whose signal
 * it was is found by looking at each source.  Invariant: what is left in a
 * stream after one record was told is looked for again before the loop waits.
 */
#include <errno.h>

#include "loop/source.h"
#include "signal/stream.h"

static int fill(struct belay_source *source, struct belay_event *event) {
  bool more = false;
  int result = belay__stream_take(source->stream, &event->signal, &more);
  source->loop->look_again |= more;
  return result;
}

static void release(struct belay_source *source) {
  belay__list_remove(&source->heard);
  belay_stream_free(source->stream);
}

static const struct belay__source_kind signal_kind = {
    .type = BELAY_EVENT_SIGNAL,
    .fill = fill,
    .release = release,
};

int belay_loop_add_signals(struct belay_loop *loop, const int *signals,
                           unsigned flags, void *data,
                           struct belay_source **ret_source) {
  struct belay_source *source = belay__source_new(loop, &signal_kind, data);
  if (source == NULL)
    return -ENOMEM;
  int error = belay__loop_listen(loop);
  if (error == 0)
    error =
        belay__stream_open(signals, flags, &loop->listener, &source->stream);
  if (error == 0)
    belay__list_append(&loop->signals, &source->heard);
  return belay__source_finish(source, error, ret_source);
}

void belay__signals_heard(struct belay_loop *loop) {
  struct belay__list *list = &loop->signals;
  loop->look_again = false;
  for (struct belay__list *link = list->next; link != list; link = link->next) {
    struct belay_source *source =
        BELAY__CONTAINER(link, struct belay_source, heard);
    if (belay__stream_heard(source->stream))
      belay__source_ready(source);
  }
}
