/* job.h: a job, as it hangs in its loop; for the files of this folder. */
#ifndef PROCESS_JOB_H
#define PROCESS_JOB_H

#include <belay/job.h>
#include <stdbool.h>

#include "base/list.h"

struct belay_job {
  struct belay__list link; /* in loop->jobs */
  struct belay_process *process;
  struct belay_source *source;
  struct belay_source *kill_timer; /* NULL: it was not asked to end */
  int terminal;                    /* that it was given; -1: none */
  bool had_terminal;               /* when we stopped */
};

#endif
