/*
 * source.c: adding sources to a loop, and removing them.
 * Invariant: a source that is removed is in no list of the loop, so that no
 * event of it can be returned.
 */
#include "loop/source.h"

#include <belay/channel.h>

#include <errno.h>
#include <stdlib.h>

struct belay_source *belay__source_new(struct belay_loop *loop,
                                       enum belay_event_type type, void *data) {
  struct belay_source *source = calloc(1, sizeof(*source));
  if (source == NULL)
    return NULL;
  source->loop = loop;
  source->type = type;
  source->data = data;
  source->fd = -1;
  belay__list_init(&source->ready);
  belay__list_init(&source->cancels);
  belay__list_init(&source->all);
  belay__list_append(&loop->sources, &source->all);
  return source;
}

int belay__source_finish(struct belay_source *source, int error,
                         struct belay_source **ret_source) {
  if (error < 0)
    belay_source_remove(source);
  else if (ret_source != NULL)
    *ret_source = source;
  return error;
}

void belay__source_ready(struct belay_source *source) {
  if (belay__list_is_empty(&source->ready))
    belay__list_append(&source->loop->ready[source->type], &source->ready);
}

/* Lets the poller watch `fd` for the source. */
static int watch(struct belay_source *source, int fd, unsigned interest) {
  int error = belay__poller_add(source->loop->poller, fd, interest, source);
  if (error == 0)
    source->fd = fd;
  return error;
}

int belay_loop_add_signals(struct belay_loop *loop, const int *signals,
                           void *data, struct belay_source **ret_source) {
  struct belay_source *source =
      belay__source_new(loop, BELAY_EVENT_SIGNAL, data);
  if (source == NULL)
    return -ENOMEM;
  int error = belay_stream_open(signals, 0, &source->stream);
  if (error == 0)
    error = watch(source, belay_stream_fd(source->stream), BELAY_FD_READ);
  return belay__source_finish(source, error, ret_source);
}

int belay_loop_add_fd(struct belay_loop *loop, int fd, unsigned interest,
                      void *data, struct belay_source **ret_source) {
  struct belay_source *source = belay__source_new(loop, BELAY_EVENT_FD, data);
  if (source == NULL)
    return -ENOMEM;
  return belay__source_finish(source, watch(source, fd, interest), ret_source);
}

int belay_source_set_interest(struct belay_source *source, unsigned interest) {
  if (source->type != BELAY_EVENT_FD)
    return -EINVAL;
  int error =
      belay__poller_change(source->loop->poller, source->fd, interest, source);
  if (error < 0)
    return error;
  /* An event that is due tells of nothing that is of no interest any more. */
  source->ready_fd &= interest | BELAY_FD_HANGUP | BELAY_FD_ERROR;
  if (source->ready_fd == 0)
    belay__list_remove(&source->ready);
  return 0;
}

int belay_loop_add_channel(struct belay_loop *loop,
                           struct belay_channel *channel, void *data,
                           struct belay_source **ret_source) {
  struct belay_source *source =
      belay__source_new(loop, BELAY_EVENT_CHANNEL, data);
  if (source == NULL)
    return -ENOMEM;
  int error = watch(source, belay_channel_fd(channel), BELAY_FD_READ);
  return belay__source_finish(source, error, ret_source);
}

void belay_source_remove(struct belay_source *source) {
  if (source == NULL)
    return;
  if (source->fd >= 0)
    belay__poller_remove(source->loop->poller, source->fd);
  if (source->type == BELAY_EVENT_TIMER)
    belay__timer_remove(source);
  if (source->type == BELAY_EVENT_CANCEL)
    belay__cancels_remove(source);
  belay_stream_free(source->stream);
  belay__list_remove(&source->ready);
  belay__list_remove(&source->all);
  free(source);
}
