/*
 * job.c: a process group with a beginning and an end.
 *
 * Invariant: the first process is waited for last, when the job is freed; until
 * then the group's number is its own, whoever of the group is left.  If it was
 * reaped before, the number is the group's as long as anybody is left of it.
 */
#include "process/job.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lock.h"
#include "loop/source.h"
#include "process/process.h"

/* -- Beginning ------------------------------------------------------------- */

int belay_job_start(struct belay_loop *loop, char *const argv[],
                    const struct belay_process_options *options, unsigned flags,
                    void *data, struct belay_job **ret_job) {
  if (options != NULL && (options->flags & BELAY_PROCESS_SAME_GROUP))
    return -EINVAL;
  struct belay_job *job = calloc(1, sizeof(*job));
  if (job == NULL)
    return -ENOMEM;
  job->terminal = options != NULL ? options->terminal : -1;
  belay__list_init(&job->link);
  int cancel_state = belay__cancel_disable();
  int error = belay_process_start(argv, options, &job->process);
  if (error == 0)
    error =
        belay_loop_add_process(loop, job->process, flags, data, &job->source);
  if (error < 0) {
    belay_job_free(job);
  } else {
    belay__list_append(&loop->jobs, &job->link);
    *ret_job = job;
  }
  belay__cancel_restore(cancel_state);
  return error;
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

static const struct belay__source_kind kill_kind = {
    .type = BELAY_EVENT_TIMER,
    .fill = kill_all,
    .release = belay__timer_release,
};

/* The time begins when it has been asked: who may not ask may not kill. */
int belay_job_end(struct belay_job *job, int signo, int64_t grace_ns) {
  int error = belay_job_signal(job, signo != 0 ? signo : SIGTERM);
  if (error == 0)
    error = belay_job_signal(job, SIGCONT);
  if (error < 0)
    return error == -ESRCH ? 0 : error;
  if (job->kill_timer != NULL)
    return belay_source_set_timer(job->kill_timer, grace_ns, 0);
  return belay__timer_add(job->source->loop, &kill_kind, grace_ns, 0, job,
                          &job->kill_timer);
}

/* One that we may not kill is not waited for. */
static void kill_and_wait(struct belay_process *process) {
  struct belay_process_status status;
  if (belay__process_is_over(process)) {
    belay__process_kill_rest(process);
    return;
  }
  int error = belay_process_signal_group(process, SIGKILL);
  int own_error = belay_process_signal(process, SIGKILL);
  if (error == 0 || own_error == 0 || own_error == -ESRCH)
    belay_process_wait(process, -1, &status);
}

static void take_terminal_back(const struct belay_job *job) {
  if (job->terminal >= 0 &&
      tcgetpgrp(job->terminal) == belay_process_pid(job->process))
    belay_terminal_give(job->terminal, getpgrp());
}

static void end_job(struct belay_job *job, bool kills) {
  if (job == NULL)
    return;
  int saved_errno = errno;
  int cancel_state = belay__cancel_disable();
  belay_source_remove(job->kill_timer);
  belay_source_remove(job->source);
  belay__list_remove(&job->link);
  if (kills && job->process != NULL && belay__process_is_ours(job->process)) {
    kill_and_wait(job->process);
    take_terminal_back(job);
  }
  belay_process_free(job->process);
  free(job);
  belay__cancel_restore(cancel_state);
  errno = saved_errno;
}

void belay_job_free(struct belay_job *job) {
  end_job(job, true);
}

void belay_job_release(struct belay_job *job) {
  end_job(job, false);
}
