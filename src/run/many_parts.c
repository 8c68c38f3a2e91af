/*
 * many_parts.c: opening, in the order in which one part needs the other, and
 * closing.
 */
#include "many_parts.h"

#include <belay/orphans.h>

#include <sched.h>
#include <signal.h>

#include "signals.h"

/* At once: as many as were asked for, or all of a Procfile, or one for each
 * processor that we may use. */
static int capacity(const struct many *many) {
  cpu_set_t processors;
  if (many->options->source == SOURCE_PROCFILE)
    return (int)queue_total(&many->queue) + 1;
  if (many->options->jobs > 0)
    return many->options->jobs;
  if (many->jobserver != NULL)
    return 10000;
  return sched_getaffinity(0, sizeof(processors), &processors) == 0
             ? CPU_COUNT(&processors)
             : 1;
}

static int open_sources(struct many *many, char **ret_error) {
  /* Somebody may type it, or it is a fifo that nobody writes to yet: while
   * signals still end us. */
  int error = queue_open(&many->queue, many->options, ret_error);
  if (error == 0)
    error = belay_loop_new(&many->loop);
  if (error == 0)
    error = signals_listen(many->loop, &many->signals);
  if (error == 0)
    error = belay_loop_add_timer(many->loop, -1, 0, NULL, &many->sweep_source);
  if (error == 0 && many->options->jobs_from_make)
    error = jobserver_open(&many->jobserver, ret_error);
  if (error == 0 && many->jobserver != NULL &&
      jobserver_fd(many->jobserver) >= 0)
    error = belay_loop_add_fd(many->loop, jobserver_fd(many->jobserver), 0,
                              NULL, &many->jobserver_source);
  return error < 0 ? error : queue_listen(&many->queue, many->loop);
}

int many_open(struct many *many, char **ret_error) {
  const struct run_options *options = many->options;
  int error = open_sources(many, ret_error);
  if (error == 0)
    error = outputs_open(&many->outputs, options, many->loop, ret_error);
  if (error == 0)
    error = report_open(options, many->loop, &many->report, ret_error);
  if (error == 0)
    error = display_open(options, many->loop, &many->display);
  if (error == 0)
    error = crew_open(&many->crew, options, many->loop, &many->outputs,
                      many->report, capacity(many));
  if (error == 0 && options->orphans != ORPHANS_LEAVE)
    belay_orphans_receive(1);
  if (error < 0)
    outputs_close(&many->outputs);
  return error;
}

void many_close(struct many *many) {
  crew_close(&many->crew);
  sweep_close(&many->sweep);
  jobserver_close(many->jobserver);
  queue_close(&many->queue);
  belay_loop_free(many->loop);
  signals_forget(SIGPIPE); /* of a message that nobody reads */
  belay_sigwait_free(many->signals);
}
