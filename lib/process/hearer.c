/*
 * hearer.c: SIGCHLD, heard once for all children of a loop.
 *
 * Who it was is not taken from the signal: the kernel merges those that wait,
 * and keeps the details of the first alone.  It is asked for any child that
 * stopped or went on and was not looked at since, so that the end of one child
 * of a thousand costs one call.  Whoever has no pidfd is looked at each time.
 *
 * Invariant: when the kernel has named a child of this loop, it is asked again
 * after that one has looked.
 */
#include "process/hearer.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/lock.h"
#include "process/process.h"
#include "signal/stream.h"

static struct belay_source *source_of(struct belay__list *link) {
  return BELAY__CONTAINER(link, struct belay_source, heard);
}

/* Any that stopped or went on, of all that this process has; 0: none. */
static pid_t any_stopped(void) {
  siginfo_t info = {.si_pid = 0};
  int saved_errno = errno;
  int cancel_state = belay__cancel_disable();
  int n = waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT);
  belay__cancel_restore(cancel_state);
  errno = saved_errno;
  return n == 0 ? info.si_pid : 0;
}

static struct belay_source *find(struct belay__list *children, pid_t pid) {
  for (struct belay__list *link = children->next; link != children;
       link = link->next)
    if (source_of(link)->watch_stops && source_of(link)->process->pid == pid)
      return source_of(link);
  return NULL;
}

/* One that is not ours to look at hides the others. */
static void look_for_stops(struct belay_loop *loop) {
  pid_t pid = any_stopped();
  struct belay_source *source = pid > 0 ? find(&loop->children, pid) : NULL;
  struct belay__list *children = &loop->children;
  loop->stop_is_told = source != NULL;
  if (source != NULL)
    belay__source_ready(source);
  for (struct belay__list *link = children->next; link != children;
       link = link->next)
    if (source_of(link)->process->pidfd < 0 || (pid > 0 && source == NULL))
      belay__source_ready(source_of(link));
}

/* It has no event of its own. */
static int fill(struct belay_source *hearer, struct belay_event *event) {
  bool more;
  while (belay__stream_take(hearer->stream, &event->signal, &more) > 0)
    continue;
  look_for_stops(hearer->loop);
  return 0;
}

static void release(struct belay_source *hearer) {
  belay__list_remove(&hearer->heard);
  belay_stream_free(hearer->stream);
  hearer->loop->child_hearer = NULL;
}

static const struct belay__source_kind hearer_kind = {
    .type = BELAY_EVENT_SIGNAL,
    .fill = fill,
    .release = release,
};

static int begin(struct belay_loop *loop) {
  static const int signals[] = {SIGCHLD, 0};
  struct belay_source *hearer = belay__source_new(loop, &hearer_kind, NULL);
  if (hearer == NULL)
    return -ENOMEM;
  int error = belay__loop_listen(loop);
  if (error == 0)
    error = belay__stream_open(signals, 0, &loop->listener, &hearer->stream);
  if (error == 0)
    belay__list_append(&loop->signals, &hearer->heard);
  return belay__source_finish(hearer, error, &loop->child_hearer);
}

int belay__hearer_add(struct belay_source *source) {
  struct belay_loop *loop = source->loop;
  int error = loop->child_hearer == NULL ? begin(loop) : 0;
  if (error == 0)
    belay__list_append(&loop->children, &source->heard);
  return error;
}

/* With the last SIGCHLD is let go. */
void belay__hearer_remove(struct belay_source *source) {
  struct belay_loop *loop = source->loop;
  if (belay__list_is_empty(&source->heard))
    return;
  belay__list_remove(&source->heard);
  if (belay__list_is_empty(&loop->children))
    belay_source_remove(loop->child_hearer);
  else
    belay__hearer_go_on(loop);
}

/* Signals come before children, so that its turn has passed. */
void belay__hearer_go_on(struct belay_loop *loop) {
  if (loop->stop_is_told && loop->child_hearer != NULL) {
    belay__source_ready(loop->child_hearer);
    loop->look_again = true;
  }
  loop->stop_is_told = false;
}
