/*
 * process_source.c: a child in a loop.
 *
 * Its end is told by a pidfd where there are any, else, and its stops in any
 * case, by SIGCHLD, which the loop hears (hearer.c): then we look.  Invariant:
 * an event is a change from what was told before.  A stop is one if it is
 * another, though nobody saw it go on in between.
 */
#include <errno.h>

#include "process/hearer.h"
#include "process/process.h"

static void release(struct belay_source *source) {
  belay__hearer_remove(source);
}

/* What has ended has no more to tell; the fd would stay readable for ever. */
static void stop_watching(struct belay_source *source) {
  if (source->fd >= 0)
    belay__poller_remove(source->loop->poller, source->fd);
  source->fd = -1;
}

static bool is_told(const struct belay_source *source,
                    const struct belay_process_status *status) {
  return status->state == source->told.state &&
         status->code == source->told.code &&
         source->process->stops == source->told_stops;
}

static int fill(struct belay_source *source, struct belay_event *event) {
  struct belay_process_status *told = &source->told;
  belay__hearer_go_on(source->loop);
  if (told->state >= BELAY_PROCESS_EXITED)
    return 0;
  belay_process_look(source->process, &event->process);
  if (is_told(source, &event->process))
    return 0;
  if (event->process.state < BELAY_PROCESS_EXITED && !source->watch_stops)
    return 0;
  *told = event->process;
  source->told_stops = source->process->stops;
  if (belay__process_is_over(source->process))
    stop_watching(source);
  return 1;
}

static const struct belay__source_kind process_kind = {
    .type = BELAY_EVENT_PROCESS,
    .fill = fill,
    .release = release,
};

int belay_loop_add_process(struct belay_loop *loop,
                           struct belay_process *process, unsigned flags,
                           void *data, struct belay_source **ret_source) {
  if ((flags & ~BELAY_PROCESS_WATCH_STOPS) != 0)
    return -EINVAL;
  struct belay_source *source = belay__source_new(loop, &process_kind, data);
  if (source == NULL)
    return -ENOMEM;
  source->process = process;
  source->told_stops = process->stops;
  source->watch_stops = flags & BELAY_PROCESS_WATCH_STOPS;
  bool hears = source->watch_stops || process->pidfd < 0;
  int error = hears ? belay__hearer_add(source) : 0;
  if (error == 0 && process->pidfd >= 0)
    error = belay__source_watch(source, process->pidfd, BELAY_FD_READ);
  /* For what it is already, which a pidfd tells by itself if it is the end. */
  if (hears || process->status.state != BELAY_PROCESS_RUNNING)
    belay__source_ready(source);
  return belay__source_finish(source, error, ret_source);
}
