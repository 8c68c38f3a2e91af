/*
 * job.c: a process group with a beginning and an end.
 *
 * Invariant: the first process is waited for last, when the job is freed; until
 * then the group's number is its own, whoever of the group is left.
 */
#include "process/job.h"

#include <errno.h>
#include <stdlib.h>

#include "loop/source.h"

/* -- Beginning ------------------------------------------------------------- */

int belay_job_start(struct belay_loop *loop, char *const argv[],
                    const struct belay_process_options *options, unsigned flags,
                    void *data, struct belay_job **ret_job) {
  if (options != NULL && (options->flags & BELAY_PROCESS_SAME_GROUP))
    return -EINVAL;
  struct belay_job *job = calloc(1, sizeof(*job));
  if (job == NULL)
    return -ENOMEM;
  job->loop = loop;
  job->terminal = options != NULL ? options->terminal : -1;
  belay__list_init(&job->link);
  int error = belay_process_start(argv, options, &job->process);
  if (error == 0)
    error =
        belay_loop_add_process(loop, job->process, flags, data, &job->source);
  if (error < 0) {
    belay_job_free(job);
    return error;
  }
  belay__list_append(&loop->jobs, &job->link);
  *ret_job = job;
  return 0;
}

struct belay_process *belay_job_process(const struct belay_job *job) {
  return job->process;
}

int belay_job_signal(const struct belay_job *job, int signo) {
  return belay_process_signal_group(job->process, signo);
}

/* -- Ending ---------------------------------------------------------------- */

/* The grace is over.  Nobody is told: what is told is that it ended. */
static int kill_all(struct belay_source *source, struct belay_event *event) {
  (void)event;
  belay_job_signal(source->data, SIGKILL);
  return 0;
}

static const struct belay__source_kind grace_kind = {
    .type = BELAY_EVENT_TIMER,
    .fill = kill_all,
    .release = belay__timer_release,
};

int belay_job_end(struct belay_job *job, int signo, int64_t grace_ns) {
  int error = 0;
  if (signo == 0)
    signo = SIGTERM;
  if (job->grace == NULL)
    error =
        belay__timer_add(job->loop, &grace_kind, grace_ns, 0, job, &job->grace);
  else
    error = belay_source_set_timer(job->grace, grace_ns, 0);
  if (error == 0)
    error = belay_job_signal(job, signo);
  if (error == 0)
    error = belay_job_signal(job, SIGCONT);
  return error == -ESRCH ? 0 : error;
}

void belay_job_free(struct belay_job *job) {
  if (job == NULL)
    return;
  struct belay_process_status status;
  belay_source_remove(job->grace);
  belay_source_remove(job->source);
  belay__list_remove(&job->link);
  if (job->process != NULL) {
    belay_job_signal(job, SIGKILL);
    belay_process_wait(job->process, -1, &status);
  }
  belay_process_free(job->process);
  free(job);
}
