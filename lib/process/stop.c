/*
 * stop.c: stopping with one's jobs, and going on with them.
 *
 * The kernel does the stopping, by the default action, so that whoever waits
 * for us sees which signal it was, and its rule for orphaned groups holds.
 */
#include <errno.h>
#include <unistd.h>

#include "loop/source.h"
#include "process/job.h"
#include "signal/default.h"

static struct belay_job *job_of(struct belay__list *link) {
  return BELAY__CONTAINER(link, struct belay_job, link);
}

static pid_t group_of(const struct belay_job *job) {
  return belay_process_pid(job->process);
}

/* A job that has the terminal gives it to us, and gets it back later. */
static void take_terminal(struct belay_job *job) {
  job->had_terminal =
      job->terminal >= 0 && tcgetpgrp(job->terminal) == group_of(job);
  if (job->had_terminal)
    belay_terminal_give(job->terminal, getpgrp());
}

/* In the background it is not ours to give. */
static void return_terminal(const struct belay_job *job) {
  if (job->had_terminal && tcgetpgrp(job->terminal) == getpgrp())
    belay_terminal_give(job->terminal, group_of(job));
}

int belay_loop_stop(struct belay_loop *loop, int signo, unsigned flags) {
  if (signo == SIGSTOP)
    signo = SIGTSTP;
  if ((signo != SIGTSTP && signo != SIGTTIN && signo != SIGTTOU) ||
      (flags & ~BELAY_STOP_GROUP) != 0)
    return -EINVAL;
  struct belay__list *jobs = &loop->jobs, *link;
  bool was_paused = loop->paused;
  belay_loop_pause(loop);
  for (link = jobs->next; link != jobs; link = link->next) {
    belay_job_signal(job_of(link), signo);
    take_terminal(job_of(link));
  }
  if (flags & BELAY_STOP_GROUP)
    belay__stop_with_group(signo);
  else
    belay_signal_default(signo);
  for (link = jobs->next; link != jobs; link = link->next) {
    return_terminal(job_of(link));
    belay_job_signal(job_of(link), SIGCONT);
  }
  if (!was_paused)
    belay_loop_resume(loop);
  return 0;
}
