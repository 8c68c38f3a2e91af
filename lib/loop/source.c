/*
 * source.c: adding sources to a loop, and removing them; the kinds of source
 * that are no more than an fd.
 * Invariant: a source that is removed is in no list of the loop, so that no
 * event of it can be returned.
 */
#include "loop/source.h"

#include <belay/broadcast.h>
#include <belay/channel.h>
#include <belay/sigwait.h>

#include <errno.h>
#include <stdlib.h>

/* -- All kinds ------------------------------------------------------------- */

struct belay_source *belay__source_new(struct belay_loop *loop,
                                       const struct belay__source_kind *kind,
                                       void *data) {
  struct belay_source *source = calloc(1, sizeof(*source));
  if (source == NULL)
    return NULL;
  source->loop = loop;
  source->kind = kind;
  source->data = data;
  source->fd = -1;
  belay__list_init(&source->ready);
  belay__list_init(&source->heard);
  belay__list_init(&source->all);
  belay__list_append(&loop->sources, &source->all);
  return source;
}

int belay__source_watch(struct belay_source *source, int fd,
                        unsigned interest) {
  int error =
      fd < 0 ? fd
             : belay__poller_add(source->loop->poller, fd, interest, source);
  if (error == 0)
    source->fd = fd;
  return error;
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
    belay__list_append(&source->loop->ready[source->kind->type],
                       &source->ready);
}

void belay_source_remove(struct belay_source *source) {
  if (source == NULL)
    return;
  belay__loop_disown(source->loop);
  if (source->fd >= 0)
    belay__poller_remove(source->loop->poller, source->fd);
  belay__list_remove(&source->ready);
  belay__list_remove(&source->all);
  if (source->kind->release != NULL)
    source->kind->release(source);
  free(source);
}

/* Adds a source whose events are told by one fd that is readable. */
static int add_readable(struct belay_loop *loop,
                        const struct belay__source_kind *kind, int fd,
                        void *data, struct belay_source **ret_source) {
  struct belay_source *source = belay__source_new(loop, kind, data);
  if (source == NULL)
    return -ENOMEM;
  int error = belay__source_watch(source, fd, BELAY_FD_READ);
  return belay__source_finish(source, error, ret_source);
}

/* -- Blocked signals ------------------------------------------------------- */

static int fill_sigwait(struct belay_source *source,
                        struct belay_event *event) {
  return belay_sigwait_read(source->sigwait, &event->signal);
}

static const struct belay__source_kind sigwait_kind = {
    .type = BELAY_EVENT_SIGNAL,
    .fill = fill_sigwait,
};

int belay_loop_add_sigwait(struct belay_loop *loop,
                           struct belay_sigwait *sigwait, void *data,
                           struct belay_source **ret_source) {
  struct belay_source *source;
  int error = add_readable(loop, &sigwait_kind, belay_sigwait_fd(sigwait), data,
                           &source);
  if (error < 0)
    return error;
  source->sigwait = sigwait;
  return belay__source_finish(source, 0, ret_source);
}

/* -- Fds ------------------------------------------------------------------- */

static int fill_fd(struct belay_source *source, struct belay_event *event) {
  event->fd = source->fd;
  event->ready = source->ready_fd;
  return 1;
}

static const struct belay__source_kind fd_kind = {
    .type = BELAY_EVENT_FD,
    .fill = fill_fd,
};

int belay_loop_add_fd(struct belay_loop *loop, int fd, unsigned interest,
                      void *data, struct belay_source **ret_source) {
  struct belay_source *source = belay__source_new(loop, &fd_kind, data);
  if (source == NULL)
    return -ENOMEM;
  int error = fd < 0 ? -EBADF : belay__source_watch(source, fd, interest);
  return belay__source_finish(source, error, ret_source);
}

int belay_source_set_interest(struct belay_source *source, unsigned interest) {
  if (source->kind != &fd_kind)
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

/* -- Messages -------------------------------------------------------------- */

static int fill_messages(struct belay_source *source,
                         struct belay_event *event) {
  (void)source, (void)event;
  return 1;
}

static const struct belay__source_kind channel_kind = {
    .type = BELAY_EVENT_CHANNEL,
    .fill = fill_messages,
};

int belay_loop_add_channel(struct belay_loop *loop,
                           struct belay_channel *channel, void *data,
                           struct belay_source **ret_source) {
  return add_readable(loop, &channel_kind, belay_channel_fd(channel), data,
                      ret_source);
}

int belay_loop_add_subscriber(struct belay_loop *loop,
                              struct belay_subscriber *subscriber, void *data,
                              struct belay_source **ret_source) {
  return add_readable(loop, &channel_kind, belay_subscriber_fd(subscriber),
                      data, ret_source);
}
