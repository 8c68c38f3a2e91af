/*
 * survivors.h: processes that a command leaves behind: others of its group, and
 * orphans that went elsewhere (setsid) and became our children.
 */
#ifndef RUN_SURVIVORS_H
#define RUN_SURVIVORS_H

#include <belay/job.h>
#include <stdbool.h>

/* Whether there are any, once those that have ended were waited for: of a job
 * whose first process was reaped, or of all jobs that there were (NULL). */
bool survivors_exist(const struct belay_job *job);

/* Tells of them in one line: "make left 2 processes behind: sleep (17), ...";
 * `what` is what happens to them. */
void survivors_tell(const char *name, const char *what);

/* Gets us the processor before them, if we may: whoever forks without end has
 * it for itself, and nobody is killed by who does not run. */
void survivors_outrun(void);

/* Signals all of them, and lets those go on that are stopped, to hear it. */
void survivors_signal(const struct belay_job *job, int signo);

#endif
