/* job_help.h: what the tests of jobs share: one loop, and options. */
#ifndef UNIT_JOB_HELP_H
#define UNIT_JOB_HELP_H

#include <belay/job.h>

#include "unit/process_help.h"

static struct belay_process_options options = BELAY_PROCESS_OPTIONS_INIT;
static struct belay_loop *loop;

__attribute__((unused)) static struct belay_job *start_job(char *const argv[],
                                                           unsigned flags) {
  struct belay_job *job;
  if (loop == NULL)
    CHECK_OK(belay_loop_new(&loop));
  options.stdout_fd = BELAY_STDIO_PIPE;
  CHECK_OK(belay_job_start(loop, argv, &options, flags, &loop, &job));
  return job;
}

__attribute__((unused)) static struct belay_event next(void) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, LONG, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_PROCESS);
  CHECK(event.data == &loop);
  return event;
}

#endif
