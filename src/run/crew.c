/*
 * crew.c: tasks with a process.  An attempt is over when its process has ended
 * and nobody is left of its group, or when those who are have been killed.
 */
#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/unit.h"
#include "fds.h"
#include "signals.h"
#include "start.h"

extern char **environ;

/* -- Beginning ------------------------------------------------------------ */

/* Every command is told which it is; and can be known by it again when it has
 * left its group. */
static int make_environment(struct crew *crew) {
  char *const *from =
      crew->start.environment != NULL ? crew->start.environment : environ;
  size_t count = 0, kept = 0;
  while (from[count] != NULL)
    count++;
  crew->environment = calloc(count + 3, sizeof(*crew->environment));
  if (crew->environment == NULL)
    return -ENOMEM;
  for (size_t i = 0; i < count; i++)
    if (strncmp(from[i], "BELAY_RUN=", 10) != 0 &&
        strncmp(from[i], "BELAY_JOB=", 10) != 0)
      crew->environment[kept++] = from[i];
  crew->environment[kept++] = crew->run_text;
  crew->environment[kept] = crew->job_text;
  snprintf(crew->run_text, sizeof(crew->run_text), "BELAY_RUN=%d",
           (int)getpid());
  crew->start.environment = crew->environment;
  return 0;
}

/* Opened once for all of them. */
static int open_null(struct crew *crew) {
  if (crew->options->stdin_from == STDIN_INHERIT)
    return 0;
  crew->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  crew->start.stdin_fd = crew->null_fd;
  return crew->null_fd >= 0 ? 0 : -errno;
}

int crew_open(struct crew *crew, const struct run_options *options,
              struct belay_loop *loop, struct outputs *outputs,
              struct report *report, int capacity) {
  *crew = (struct crew){.options = options,
                        .loop = loop,
                        .outputs = outputs,
                        .report = report,
                        .capacity = capacity,
                        .null_fd = -1};
  int error = start_prepare(options, &crew->start);
  crew->start.flags |= BELAY_PROCESS_KNOWN_DISPOSITIONS;
  if (error == 0)
    error = fds_make_room(capacity, &crew->start, &crew->limits);
  if (error == 0)
    error = make_environment(crew);
  crew->slots = calloc((size_t)capacity, sizeof(*crew->slots));
  if (error == 0 && crew->slots == NULL)
    error = -ENOMEM;
  return error == 0 ? open_null(crew) : error;
}

static void add(struct crew *crew, struct task *task) {
  task->slot = 0;
  while (crew->slots[task->slot])
    task->slot++;
  crew->slots[task->slot] = true;
  task_push(&crew->tasks, task);
  crew->count++;
}

static int start_job(struct crew *crew, struct task *task,
                     struct belay_process_options *options) {
  struct belay_process_fd fds[START_MOST_FDS];
  snprintf(crew->job_text, sizeof(crew->job_text), "BELAY_JOB=%ld",
           task->number);
  start_keep_named_fds(task->command.argv, options, fds);
  int error = belay_job_start(crew->loop, task->command.argv, options,
                              BELAY_PROCESS_WATCH_STOPS, task, &task->job);
  if (start_again_without(options, error)) {
    crew->start.parent_death_signal = 0;
    error = belay_job_start(crew->loop, task->command.argv, options,
                            BELAY_PROCESS_WATCH_STOPS, task, &task->job);
  }
  if (error < 0)
    return error;
  task->pid = belay_process_pid(belay_job_process(task->job));
  task->state = TASK_RUNNING;
  return clocks_start(&task->clocks, crew->options, crew->loop, task);
}

int crew_start(struct crew *crew, struct task *task) {
  struct belay_process_options options = crew->start;
  add(crew, task);
  task->attempt++;
  task->timed_out = task->asked = task->left = task->is_stopped = false;
  task->started_ns = task->ended_ns = belay_loop_now(crew->loop);
  task->start_error = output_begin(crew->outputs, task, &options);
  if (task->start_error == 0)
    task->start_error = start_job(crew, task, &options);
  if (task->start_error == 0) {
    report_started(crew->report, task);
    int error = output_started(crew->outputs, task);
    return error < 0 ? error : 1;
  }
  return 0;
}

bool crew_has_no_room(const struct crew *crew, const struct task *task) {
  int error = -task->start_error;
  return crew->count > 1 && (error == EMFILE || error == ENFILE ||
                             error == EAGAIN || error == ENOMEM);
}

void crew_take_back(struct crew *crew, struct task *task) {
  output_end(crew->outputs, task, false);
  crew_remove(crew, task);
  task->attempt--;
}

/* -- Signals -------------------------------------------------------------- */

static void send(struct crew *crew, struct task *task, int signo) {
  if (task->job == NULL)
    return;
  if (crew->options->verbose > 0)
    message("sending %s to %s", signals_name(signo), task->command.name);
  if (belay_job_signal(task->job, signo) == 0)
    report_signalled(crew->report, task, signo);
}

void crew_signal_all(struct crew *crew, int signo) {
  for (struct task *task = crew->tasks; task != NULL; task = task->next)
    send(crew, task, signo);
}

/* Who is stopped has to go on to hear it.  Asked again, the time is over when
 * it first would have been. */
static void ask_to_end(struct crew *crew, struct task *task, int signo,
                       int64_t grace_ns) {
  send(crew, task, signo);
  if (task->job != NULL)
    belay_job_signal(task->job, SIGCONT);
  task->asked = true;
  if (grace_ns > 0 && task->grace == NULL)
    belay_loop_add_timer(crew->loop, grace_ns, 0, task, &task->grace);
}

void crew_ask_all_to_end(struct crew *crew, int signo, int64_t grace_ns) {
  for (struct task *task = crew->tasks; task != NULL; task = task->next)
    ask_to_end(crew, task, signo, grace_ns);
}

/* -- Stopping and going on ------------------------------------------------ */

/* One that wants the terminal, which none of many has, is stopped for good: so
 * that it does not hang, its time goes on. */
static void on_stopped(struct crew *crew, struct task *task, int signo) {
  if (task->asked) {
    belay_job_signal(task->job, SIGCONT);
    return;
  }
  task->is_stopped = true;
  report_stopped(crew->report, task, signo);
  if (signals_wants_terminal(signo))
    message("%s is stopped: it wants the terminal (%s)", task->command.name,
            signals_name(signo));
  else
    clocks_pause(&task->clocks, true);
}

static void on_went_on(struct crew *crew, struct task *task) {
  if (!task->is_stopped)
    return;
  task->is_stopped = false;
  clocks_pause(&task->clocks, false);
  report_went_on(crew->report, task);
}

/* -- Ending --------------------------------------------------------------- */

static bool group_is_gone(const struct task *task) {
  return belay_job_signal(task->job, 0) == -ESRCH;
}

/* It has left others of its group behind. */
static bool end_group(struct crew *crew, struct task *task) {
  if (crew->options->orphans == ORPHANS_LEAVE || group_is_gone(task))
    return true;
  task->left = true;
  task->state = TASK_LEFTOVERS;
  report_left(crew->report, task);
  if (crew->options->orphans == ORPHANS_WAIT)
    return false;
  if (!crew->options->quiet && !task->asked)
    message("%s left processes of its group behind; asked to end",
            task->command.name);
  ask_to_end(crew, task, crew->options->end_signal, crew->options->grace_ns);
  return false;
}

static bool on_ended(struct crew *crew, struct task *task,
                     const struct belay_process_status *status) {
  struct belay_process *process = belay_job_process(task->job);
  task->status = *status;
  task->ended_ns = belay_loop_now(crew->loop);
  belay_process_reap(process);
  belay_process_usage(process, &task->usage);
  clocks_stop(&task->clocks);
  return end_group(crew, task);
}

bool crew_on_process(struct crew *crew, struct task *task,
                     const struct belay_process_status *status) {
  switch (status->state) {
    case BELAY_PROCESS_STOPPED:
      on_stopped(crew, task, status->code);
      return false;
    case BELAY_PROCESS_RUNNING:
      on_went_on(crew, task);
      return false;
    default:
      return on_ended(crew, task, status);
  }
}

bool crew_on_timer(struct crew *crew, struct task *task,
                   const struct belay_source *source) {
  char text[UNIT_TEXT_BYTES];
  if (source == task->clocks.timeout) {
    task->timed_out = true;
    ask_to_end(crew, task, crew->options->end_signal, crew->options->grace_ns);
  } else if (source == task->clocks.slow) {
    int64_t ns = belay_loop_now(crew->loop) - task->started_ns;
    message("%s has been running for %s", task->command.name,
            unit_duration(ns, text));
    report_slow(crew->report, task);
  } else if (source == task->grace) {
    send(crew, task, SIGKILL);
    belay_source_remove(task->grace);
    task->grace = NULL;
    return task->state == TASK_LEFTOVERS;
  }
  return false;
}

struct task *crew_find_over(struct crew *crew) {
  for (struct task *task = crew->tasks; task != NULL; task = task->next)
    if (task->state == TASK_LEFTOVERS && group_is_gone(task))
      return task;
  return NULL;
}

bool crew_has_leftovers(const struct crew *crew) {
  for (const struct task *task = crew->tasks; task != NULL; task = task->next)
    if (task->state == TASK_LEFTOVERS)
      return true;
  return false;
}

/* Unless it is to be left, what is left of the group is killed. */
static void free_job(struct crew *crew, struct task *task) {
  if (crew->options->orphans == ORPHANS_LEAVE && task->job != NULL)
    belay_job_release(task->job);
  else
    belay_job_free(task->job);
  task->job = NULL;
}

void crew_remove(struct crew *crew, struct task *task) {
  clocks_stop(&task->clocks);
  belay_source_remove(task->grace);
  task->grace = NULL;
  free_job(crew, task);
  task_take_out(&crew->tasks, task);
  crew->slots[task->slot] = false;
  crew->count--;
}

void crew_close(struct crew *crew) {
  free(crew->environment);
  free(crew->limits);
  free(crew->slots);
  if (crew->null_fd >= 0)
    close(crew->null_fd);
}
