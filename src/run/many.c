/*
 * many.c: many commands: the loop, and what is done when.
 *
 * Invariant: nothing is started after the first wish that we end; the loop ends
 * when nobody of ours is left, or all that is left was killed.
 */
#include "many.h"

#include <belay/orphans.h>
#include <belay/stopwatch.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "cli/message.h"
#include "cli/unit.h"
#include "exit.h"
#include "last.h"
#include "many_parts.h"
#include "print.h"
#include "signals.h"
#include "terminal.h"
#include "wish.h"

/* How long we let pass until we look for who fled from a command that ended. */
#define SWEEP_NS INT64_C(50000000)
/* So many events may come before we look for orphans that have ended. */
#define REAP_EVENTS 256

static void wish_end(struct many *many, int signo, int64_t grace_ns);

/* -- Results -------------------------------------------------------------- */

/* One that ended decides for all, where that is asked for. */
static void decide(struct many *many, const struct task *task) {
  const struct run_options *options = many->options;
  bool failed = !task_succeeded(task);
  bool decides =
      options->exit_on == EXIT_ON_ANY ||
      (failed && (options->exit_on == EXIT_ON_FAILURE || options->fail_fast));
  if (!decides || many->no_more)
    return;
  if (options->exit_on != EXIT_ON_ALL)
    many->status = task_exit_status(task);
  wish_end(many, options->end_signal, options->grace_ns);
}

/* How it ended, unless as it should; `wait` negative: it is not tried again. */
static void tell_end(const struct many *many, const struct task *task,
                     int64_t wait) {
  char text[TASK_TEXT_BYTES], time[UNIT_TEXT_BYTES];
  if ((many->no_more || many->options->quiet) && task->start_error == 0)
    return;
  if (task_succeeded(task) && many->options->source != SOURCE_PROCFILE)
    return;
  task_describe(task, text);
  if (wait < 0)
    message("%s: %s", task->command.name, text);
  else if (wait == 0)
    message("%s: %s; starting again", task->command.name, text);
  else
    message("%s: %s; starting again in %s", task->command.name, text,
            unit_duration(wait, time));
}

static void finish(struct many *many, struct task *task) {
  bool again = !many->no_more && again_is_wanted(many->options, task);
  int64_t wait = again ? again_wait(many->options, task) : -1;
  report_ended(many->report, task, &many->outputs, !again);
  int error = output_end(&many->outputs, task, !again);
  if (error < 0 && many->output_error == 0)
    many->output_error = error;
  tell_end(many, task, wait);
  crew_remove(&many->crew, task);
  many->is_full = false;
  jobserver_give(many->jobserver);
  many->tally.running--;
  if (again) {
    many->tally.retried++;
    queue_put_back(&many->queue, task, wait);
    return;
  }
  *(task_succeeded(task) ? &many->tally.succeeded : &many->tally.failed) += 1;
  decide(many, task);
  queue_free_task(task);
  if (many->sweep_source != NULL && many->options->orphans == ORPHANS_KILL)
    belay_source_set_timer(many->sweep_source, SWEEP_NS, 0);
}

/* -- Starting ------------------------------------------------------------- */

static bool has_room(const struct many *many) {
  return !many->is_full && many->crew.count < many->crew.capacity;
}

/* Without make, and for the first of ours, no token is needed. */
static bool may_start(struct many *many) {
  if (many->no_more || !has_room(many))
    return false;
  if (many->jobserver == NULL || many->crew.count == 0)
    return true;
  return jobserver_take(many->jobserver) == 1;
}

static void watch(struct belay_source *source, bool wanted) {
  if (source != NULL)
    belay_source_set_interest(source, wanted ? BELAY_FD_READ : 0);
}

/* The system lets us have no more at once: it is the next one's turn again when
 * one of them has ended. */
static void wait_for_room(struct many *many, struct task *task) {
  if (!many->told_full && !many->options->quiet)
    message("%ld commands at once, and no more: %s", many->crew.count - 1,
            strerror(-task->start_error));
  many->told_full = many->is_full = true;
  many->tally.running--;
  crew_take_back(&many->crew, task);
  jobserver_give(many->jobserver);
  queue_put_first(&many->queue, task);
}

/* 1: one was started, or failed to; 0: there is none; -errno, which was told. */
static int start_one(struct many *many) {
  struct task *task;
  int n = queue_next(&many->queue, &task);
  if (n <= 0) {
    if (many->crew.count > 0)
      jobserver_give(many->jobserver);
    return n;
  }
  many->tally.started = many->queue.count;
  many->tally.running++;
  n = crew_start(&many->crew, task);
  if (n < 0)
    many->output_error = n;
  if (n == 0 && crew_has_no_room(&many->crew, task))
    wait_for_room(many, task);
  else if (n == 0)
    finish(many, task);
  return 1;
}

/* No token is taken for nothing: others wait for it. */
static void start_more(struct many *many) {
  bool wants_token = false, wants_lines = false;
  int error = 0;
  while (!many->no_more && queue_may_have_next(&many->queue)) {
    if (!may_start(many)) {
      wants_token = has_room(many);
      break;
    }
    error = start_one(many);
    wants_lines = error == 0 && queue_may_have_next(&many->queue);
    if (error <= 0)
      break;
  }
  if (error >= 0)
    error = queue_wait(&many->queue, wants_lines);
  if (error < 0)
    many->status = EXIT_BELAY;
  watch(many->jobserver_source, wants_token && !many->no_more);
  many->tally.total = queue_total(&many->queue);
}

/* -- Ending --------------------------------------------------------------- */

/* One that was never started is nothing to tell of, as those in the feed. */
static void drop(struct many *many, struct task *task) {
  output_end(&many->outputs, task, true);
  if (task->attempt > 0) {
    report_dropped(many->report, task);
    many->tally.failed++;
  }
  queue_free_task(task);
}

static void drop_waiting(struct many *many) {
  struct task *task;
  while ((task = queue_take_waiting(&many->queue)) != NULL)
    drop(many, task);
}

static void wish_end(struct many *many, int signo, int64_t grace_ns) {
  many->no_more = true;
  drop_waiting(many);
  crew_ask_all_to_end(&many->crew, signo, grace_ns);
}

/* What the next signal will do is said, as long as there will be one. */
static void tell_next(const struct many *many, bool from_keyboard) {
  long left = many->crew.count;
  if (left > 0 && !many->options->quiet)
    message("waiting for %ld command%s to end; %s %s", left,
            left > 1 ? "s" : "",
            from_keyboard ? "Ctrl-C again" : "another signal",
            many->level == LEVEL_ASKED ? "sends them SIGTERM" : "kills them");
}

static void on_wish(struct many *many, int signo) {
  if (!wish_is_new(many))
    return;
  bool from_keyboard = signo == SIGINT || signo == SIGQUIT;
  int wanted = wish_signal(many, signo);
  many->level++;
  print_hurry();
  if (many->signo == 0)
    many->signo = signo;
  if (many->level == LEVEL_ASKED) {
    wish_end(many, wanted,
             from_keyboard && !many->options->grace_given
                 ? -1
                 : many->options->grace_ns);
    if (wanted == SIGTERM)
      many->level = LEVEL_URGED; /* nothing is gained by sending it again */
    tell_next(many, from_keyboard);
  } else if (many->level == LEVEL_URGED) {
    wish_end(many, SIGTERM, many->options->grace_ns);
    tell_next(many, from_keyboard);
  } else {
    many->level = LEVEL_KILLED;
    crew_signal_all(&many->crew, SIGKILL);
  }
}

/* Nobody reads what we write: nor what the commands would write. */
static void check_output(struct many *many) {
  if (many->output_error == -EINTR)
    many->output_error = 0; /* the signal will be told */
  if (many->output_error == 0 || many->no_more)
    return;
  if (many->output_error != -EPIPE)
    message("standard output: %s", strerror(-many->output_error));
  many->status = EXIT_BELAY;
  wish_end(many, many->options->end_signal, many->options->grace_ns);
}

/* -- Stopping ------------------------------------------------------------- */

/* The SIGCONT that makes us go on is no message.  Where nobody could make us go
 * on, the terminal's Ctrl-Z is nothing, and what somebody sends is theirs. */
static void on_stop(struct many *many, const struct belay_siginfo *info) {
  struct belay_stopwatch wall;
  int signo = info->signo;
  if (!terminal_can_stop()) {
    if (info->flags & BELAY_SIGINFO_SENDER)
      crew_signal_all(&many->crew, signo);
    return;
  }
  display_hide(many->display);
  display_suspend(many->display);
  belay_stopwatch_start(&wall, NULL);
  belay_loop_stop(many->loop, signo, 0);
  signals_forget(SIGCONT);
  report_paused(many->report, belay_stopwatch_elapsed(&wall));
  display_resume(many->display);
}

/* -- Events --------------------------------------------------------------- */

/* When our own have been dealt with, who are not orphans but have to be told
 * from them. */
static void reap(struct many *many) {
  struct task *task;
  many->reap_due = 0;
  belay_orphans_reap();
  while ((task = crew_find_over(&many->crew)) != NULL)
    finish(many, task);
}

/* `fg` of what was in the background all the time: the keys are ours now. */
static void on_cont(struct many *many) {
  display_resume(many->display);
  if (signals_rewritten(many->options, SIGCONT) != 0)
    crew_signal_all(&many->crew, signals_rewritten(many->options, SIGCONT));
}

static void on_signal(struct many *many, const struct belay_siginfo *info) {
  int signo = info->signo;
  if (signals_is_own_doing(info))
    return;
  if (signo == SIGCHLD)
    many->reap_due += many->reap_due == 0;
  else if (signals_is_end(signo))
    on_wish(many, signo);
  else if (signals_is_stop(signo))
    on_stop(many, info);
  else if (signo == SIGUSR1)
    display_tell(many->display, &many->crew, &many->tally);
  else if (signo == SIGCONT)
    on_cont(many);
  else if (signals_rewritten(many->options, signo) != 0)
    crew_signal_all(&many->crew, signals_rewritten(many->options, signo));
}

static void on_output(struct many *many, const struct belay_event *event) {
  int error = output_ready(&many->outputs, event);
  if (error < 0 && many->output_error == 0)
    many->output_error = error;
}

/* Who fled; and the last of a group that has left it, which nobody tells. */
static void sweep(struct many *many) {
  reap(many);
  size_t left = many->options->orphans == ORPHANS_KILL
                    ? sweep_look(&many->sweep, &many->crew)
                    : 0;
  if (left > 0 || crew_has_leftovers(&many->crew))
    belay_source_set_timer(many->sweep_source, SWEEP_NS, 0);
}

static void on_process(struct many *many, struct task *task,
                       const struct belay_process_status *status) {
  if (crew_on_process(&many->crew, task, status))
    finish(many, task);
  else if (task->state == TASK_LEFTOVERS)
    belay_source_set_timer(many->sweep_source, SWEEP_NS, 0);
}

static void on_timer(struct many *many, const struct belay_event *event) {
  struct task *task = event->data;
  if (event->source == many->sweep_source) {
    sweep(many);
  } else if (task == NULL) {
    on_output(many, event);
  } else if (crew_on_timer(&many->crew, task, event->source)) {
    finish(many, task);
  }
}

static void on_fd(struct many *many, const struct belay_event *event) {
  if (event->source != many->jobserver_source)
    on_output(many, event);
}

static void handle(struct many *many, const struct belay_event *event) {
  if (display_takes(many->display, event, &many->crew, &many->tally) ||
      queue_takes(&many->queue, event))
    return;
  switch (event->type) {
    case BELAY_EVENT_SIGNAL:
      on_signal(many, &event->signal);
      break;
    case BELAY_EVENT_TIMER:
      on_timer(many, event);
      break;
    case BELAY_EVENT_FD:
      on_fd(many, event);
      break;
    case BELAY_EVENT_PROCESS:
      on_process(many, event->data, &event->process);
      break;
    default:
      break;
  }
}

static void next(struct many *many) {
  struct belay_event event;
  int n = belay_loop_next(many->loop, many->reap_due > 0 ? 0 : -1, &event);
  if (n > 0)
    handle(many, &event);
  if (many->reap_due > 0 && (n == 0 || many->reap_due++ == REAP_EVENTS))
    reap(many);
}

static bool is_over(const struct many *many) {
  if (many->crew.count > 0)
    return false;
  return many->no_more || queue_is_over(&many->queue);
}

/* -- All of it ------------------------------------------------------------ */

static int end(struct many *many) {
  int error = outputs_close(&many->outputs);
  display_close(many->display);
  if (error == 0)
    error = many->output_error;
  if (error < 0 && error != -EPIPE && many->signo == 0) {
    if (many->status != EXIT_BELAY)
      message("standard output: %s", strerror(-error));
    many->status = EXIT_BELAY;
  }
  if (report_close(many->report, &many->tally, many->signo) < 0)
    many->status = EXIT_BELAY;
  int signo = many->signo, status = many->status;
  bool failed = many->tally.failed > 0 || error < 0;
  many_close(many);
  if (error == -EPIPE)
    exit_by(SIGPIPE, true);
  if (signo != 0)
    exit_by(signo, !many->options->never_raise);
  return status >= 0 ? status : failed;
}

int many_run(const struct run_options *options) {
  struct many many = {
      .options = options, .status = -1, .crew = {.null_fd = -1}};
  char *text = NULL;
  int error = many_open(&many, &text);
  if (error < 0) {
    message("%s", text != NULL ? text : strerror(-error));
    free(text);
    many_close(&many);
    return EXIT_BELAY;
  }
  many.tally.total = queue_total(&many.queue);
  report_begin(many.report, &many.tally);
  for (;;) {
    start_more(&many);
    check_output(&many);
    report_flush(many.report);
    if (is_over(&many))
      break;
    display_show(many.display, &many.crew, &many.tally);
    next(&many);
  }
  last_wait(&many);
  return end(&many);
}
