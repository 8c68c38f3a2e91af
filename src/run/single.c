/*
 * single.c: one command in a process group of its own, with the terminal if it
 * was ours, between whoever started us and what it starts.
 *
 * Invariant: whatever is done to us is done to it (signals, stops, going on),
 * and whatever it does (stop, end, die) we do after it, so that nobody needs to
 * know that we are there.
 */
#include "single.h"

#include <belay/job.h>
#include <belay/loop.h>
#include <belay/orphans.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/unit.h"
#include "exit.h"
#include "signals.h"
#include "single_parts.h"
#include "start.h"
#include "survivors.h"
#include "terminal.h"

static void fail(const char *what, int error) {
  message("%s: %s", what, strerror(-error));
  _exit(EXIT_BELAY);
}

/* -- Signals to the command ----------------------------------------------- */

/* To the whole group, or where that is not what is asked for, to the first. */
static void send(struct single *run, int signo) {
  AS(run, sends)(name_of(run), signo);
  run->sent_interrupt |= signo == SIGINT || signo == SIGQUIT;
  if (run->options->verbose > 0)
    message("sending %s to %s", signals_name(signo), name_of(run));
  if (run->phase == LEFTOVERS)
    survivors_signal(run->job, signo);
  else if (run->job == NULL || run->options->signal_first_only)
    belay_process_signal(run->process, signo);
  else
    belay_job_signal(run->job, signo);
}

/* Who is stopped has to go on to hear it; who runs is to hear of nothing but
 * what was sent. */
static void let_go_on(struct single *run) {
  struct belay_process_status status;
  if (run->job == NULL || run->options->signals_alone)
    return;
  belay_process_look(run->process, &status);
  if (status.state == BELAY_PROCESS_STOPPED)
    belay_job_signal(run->job, SIGCONT);
}

/* It has so long. */
static void ask_to_end(struct single *run, int signo) {
  send(run, signo);
  if (run->job != NULL && !run->options->signals_alone && signo != SIGKILL)
    belay_job_signal(run->job, SIGCONT);
  if (run->options->grace_ns > 0 && !run->asked)
    belay_loop_add_timer(run->loop, run->options->grace_ns, 0, NULL,
                         &run->grace);
  run->asked = true;
}

static void forward(struct single *run, int signo) {
  int wanted = signals_rewritten(run->options, signo);
  AS(run, passes_on)(signo, wanted);
  if (wanted == 0)
    return;
  if (!signals_is_end(wanted)) {
    send(run, wanted);
  } else if (run->options->grace_given) {
    ask_to_end(run, wanted);
  } else {
    send(run, wanted);
    let_go_on(run);
  }
}

/* -- Stopping and going on ------------------------------------------------ */

static bool has_terminal(const struct single *run) {
  return run->terminal >= 0 && run->options->group == GROUP_NEW &&
         tcgetpgrp(run->terminal) == pid_of(run);
}

/* In the foreground, the terminal is the command's: whether it was given. */
static bool give_terminal(const struct single *run) {
  return run->phase == RUNNING && run->wants_terminal &&
         terminal_is_ours(run->terminal) &&
         belay_terminal_give(run->terminal, pid_of(run)) == 0;
}

/* Returns when we go on; the shell has done with the terminal what it wants.
 * The SIGCONT that made us go on is no message.  The library takes back, and
 * returns before the command goes on, only what it has given itself. */
static void stop(struct single *run, int signo, unsigned flags) {
  if (run->shares_terminal && has_terminal(run))
    belay_terminal_give(run->terminal, getpgrp());
  belay_loop_stop(run->loop, signo, flags);
  signals_forget(SIGCONT);
  run->was_given_late = give_terminal(run);
}

/* We were told to stop.  Where nobody could tell us to go on, it is the
 * command's affair alone. */
static void on_stop_signal(struct single *run, int signo) {
  if (run->options->stops_itself) {
    forward(run, signo);
    AS(run, stops)();
    kill(getpid(), SIGSTOP);
  } else if (terminal_can_stop()) {
    stop(run, signo, 0);
  } else {
    forward(run, signo);
  }
}

/* It was stopped for want of the terminal, which we have, or have given to it
 * since: a shell's `fg` of what runs in the background tells nobody. */
static bool is_given_what_it_wants(struct single *run, int signo) {
  bool was_given = run->was_given_late;
  if (!signals_wants_terminal(signo) || run->options->terminal != TERMINAL_GIVE)
    return false;
  run->was_given_late = false;
  run->wants_terminal = true;
  return give_terminal(run) || (was_given && has_terminal(run));
}

/*
 * The command was stopped.  A shell is to see us stopped as well, and all of
 * our group, as if the terminal had done it.  Where there is none, a Ctrl-Z,
 * which nobody could undo, is undone, as the kernel does it for a group that
 * nobody looks after; and what somebody else sent is his affair, as is all that
 * happens in another session.  In our own group we are sent what the terminal
 * sends.
 */
static void on_stopped(struct single *run, int signo) {
  if (run->options->group != GROUP_NEW)
    clocks_pause(&run->clocks, true);
  else if (run->asked || is_given_what_it_wants(run, signo))
    belay_job_signal(run->job, SIGCONT);
  else if (run->terminal >= 0 && terminal_can_stop())
    stop(run, signo, BELAY_STOP_GROUP);
  else if (signo == SIGTSTP && has_terminal(run))
    belay_job_signal(run->job, SIGCONT);
  else
    clocks_pause(&run->clocks, true);
}

/* `fg` of what was in the background all the time may be a SIGCONT, and the
 * terminal is ours to give. */
static void on_cont(struct single *run) {
  give_terminal(run);
  forward(run, SIGCONT);
}

/* -- Its end -------------------------------------------------------------- */

/* A Ctrl-C went to the command alone, being in the foreground: the script that
 * we belong to is to hear of it too. */
static void take_terminal_back(struct single *run) {
  if (!has_terminal(run))
    return;
  run->interrupted =
      !run->sent_interrupt && run->status.state == BELAY_PROCESS_KILLED &&
      (run->status.code == SIGINT || run->status.code == SIGQUIT);
  belay_terminal_give(run->terminal, getpgrp());
}

static void ask_leftovers_to_end(struct single *run) {
  survivors_outrun();
  if (!run->options->quiet)
    survivors_tell(name_of(run), "asked to end");
  survivors_signal(run->job, run->options->end_signal);
  if (run->grace == NULL && run->options->grace_ns > 0)
    belay_loop_add_timer(run->loop, run->options->grace_ns, 0, NULL,
                         &run->grace);
}

static void reap(const struct single *run) {
  const struct as_hooks *as = run->options->as;
  if (as != NULL && as->reap != NULL)
    as->reap(pid_of(run), as->reaped);
  else
    belay_orphans_reap();
}

static void look_for_leftovers(struct single *run) {
  if (!survivors_exist(run->job))
    run->phase = OVER;
}

static void on_ended(struct single *run,
                     const struct belay_process_status *status) {
  run->status = *status;
  take_terminal_back(run);
  AS(run, reaped)(pid_of(run), status, true);
  if (run->options->ends_group)
    forward(run, SIGTERM);
  run->phase = OVER;
  if (run->options->orphans == ORPHANS_LEAVE) {
    reap(run);
    return;
  }
  belay_process_reap(run->process);
  run->phase = LEFTOVERS;
  clocks_stop(&run->clocks);
  look_for_leftovers(run);
  if (run->phase == LEFTOVERS && run->options->orphans == ORPHANS_KILL)
    ask_leftovers_to_end(run);
}

static void kill_leftovers(struct single *run) {
  belay_job_signal(run->job, SIGKILL);
  belay_orphans_kill(-1);
  run->phase = OVER;
}

static void kill_all(struct single *run) {
  if (run->phase == LEFTOVERS) {
    kill_leftovers(run);
  } else {
    send(run, SIGKILL);
    belay_process_signal(run->process, SIGKILL);
  }
}

/* -- Events --------------------------------------------------------------- */

static void on_child(struct single *run) {
  if (run->phase == LEFTOVERS)
    look_for_leftovers(run);
  else
    reap(run);
}

static void on_timeout(struct single *run) {
  const struct run_options *options = run->options;
  char text[UNIT_TEXT_BYTES];
  run->timed_out = true;
  if (!options->quiet)
    message("%s timed out after %s; sending it %s", name_of(run),
            unit_duration(options->timeout_ns, text),
            signals_name(options->end_signal));
  ask_to_end(run, options->end_signal);
}

/* What the terminal sends to our group, a command in it has had. */
static bool is_no_message(const struct single *run,
                          const struct belay_siginfo *info) {
  const struct as_hooks *as = run->options->as;
  return signals_is_own_doing(info) ||
         (run->options->group == GROUP_SAME && signals_is_of_terminal(info)) ||
         (as != NULL && as->received != NULL && as->received(info->signo));
}

/* A command that has the terminal hears it itself, as often as it is typed. */
static bool is_typed(const struct single *run,
                     const struct belay_siginfo *info) {
  return run->options->as == NULL && signals_is_of_terminal(info) &&
         signals_is_end(info->signo) &&
         signals_rewritten(run->options, info->signo) != 0;
}

/* Nobody can type anything else to one that has not: the first is passed on,
 * the second is SIGTERM, the third kills. */
static void on_typed(struct single *run, int signo) {
  run->typed++;
  if (run->typed == 1) {
    forward(run, signo);
  } else if (run->typed == 2) {
    forward(run, SIGTERM);
  } else {
    kill_all(run);
    return;
  }
  if (!run->options->quiet)
    message("waiting for %s to end; Ctrl-C again %s", name_of(run),
            run->typed == 1 ? "sends it SIGTERM" : "kills it");
}

static void on_signal(struct single *run, const struct belay_siginfo *info) {
  int signo = info->signo;
  if (signo == SIGCHLD)
    on_child(run);
  else if (is_no_message(run, info))
    return;
  else if (signals_is_stop(signo))
    on_stop_signal(run, signo);
  else if (signo == SIGCONT)
    on_cont(run);
  else if (signo == SIGALRM && run->options->alarm_is_timeout)
    on_timeout(run);
  else if (is_typed(run, info))
    on_typed(run, signo);
  else
    for (uint64_t i = 0; i < info->count; i++)
      forward(run, signo);
}

static void on_timer(struct single *run, const struct belay_source *source) {
  char text[UNIT_TEXT_BYTES];
  if (source == run->clocks.timeout) {
    on_timeout(run);
  } else if (source == run->clocks.slow) {
    run->slow_for_ns += run->options->slow_ns;
    message("%s has been running for %s", name_of(run),
            unit_duration(run->slow_for_ns, text));
  } else {
    belay_source_remove(run->grace); /* what is left has a time of its own */
    run->grace = NULL;
    kill_all(run);
  }
}

static void on_process(struct single *run,
                       const struct belay_process_status *status) {
  switch (status->state) {
    case BELAY_PROCESS_STOPPED:
      on_stopped(run, status->code);
      break;
    case BELAY_PROCESS_RUNNING:
      clocks_pause(&run->clocks, false);
      break;
    default:
      on_ended(run, status);
      break;
  }
}

static void handle(struct single *run, const struct belay_event *event) {
  switch (event->type) {
    case BELAY_EVENT_SIGNAL:
      on_signal(run, &event->signal);
      break;
    case BELAY_EVENT_TIMER:
      on_timer(run, event->source);
      break;
    case BELAY_EVENT_PROCESS:
      on_process(run, &event->process);
      break;
    default:
      break;
  }
}

/* -- All of it ------------------------------------------------------------ */

_Noreturn static void fail_to_start(const struct single *run, int error) {
  const struct as_hooks *as = run->options->as;
  if (as != NULL)
    _exit(as->start_failed(name_of(run), error));
  message("%s: %s", name_of(run), strerror(-error));
  _exit(start_exit_status(error));
}

/* As the command did, or as what we are called would. */
_Noreturn static void end(const struct single *run) {
  const struct run_options *options = run->options;
  int status = -1;
  if (options->as != NULL)
    status = options->as->exit_status(&run->status, run->timed_out);
  else if (run->timed_out && !options->preserve_status)
    status = EXIT_TIMED_OUT;
  if (status >= 0)
    _exit(status);
  if (run->interrupted)
    kill(0, run->status.code);
  exit_as(&run->status, !options->never_raise);
}

_Noreturn void single_run(const struct run_options *options) {
  struct single run = {.options = options, .terminal = terminal_open()};
  struct belay_event event;
  int error = single_listen(&run);
  if (error < 0)
    fail("cannot listen for signals", error);
  error = single_start(&run);
  if (error < 0)
    fail_to_start(&run, error);
  error = clocks_start(&run.clocks, options, run.loop, NULL);
  if (error < 0)
    fail("timer", error);
  while (run.phase != OVER)
    if (belay_loop_next(run.loop, -1, &event) > 0)
      handle(&run, &event);
  end(&run);
}
