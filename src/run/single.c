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

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/unit.h"
#include "exit.h"
#include "signals.h"
#include "start.h"
#include "survivors.h"
#include "terminal.h"

#define MOST_FDS 32

enum phase {
  RUNNING,   /* the command */
  LEFTOVERS, /* it has ended, and not all that it started */
  OVER,
};

struct single {
  const struct run_options *options;
  struct belay_loop *loop;
  struct belay_sigwait *signals;
  struct belay_source *slow, *timeout, *grace;
  struct belay_job *job;
  enum phase phase;
  struct belay_process_status status; /* how it ended */
  int terminal;
  int64_t slow_for_ns;
  bool timed_out;
  bool asked;           /* to end, with a time of grace */
  bool interrupted;     /* it died of the terminal's Ctrl-C or Ctrl-\ */
  bool shares_terminal; /* with others of a pipeline */
  bool wants_terminal;  /* it has it whenever we are in the foreground */
  bool was_given_late;  /* it may have asked for it in between */
};

static const char *name_of(const struct single *run) {
  return run->options->command[0];
}

static void fail(const char *what, int error) {
  message("%s: %s", what, strerror(-error));
  _exit(EXIT_BELAY);
}

/* -- Signals to the command ----------------------------------------------- */

/* To the whole group, or where that is not what is asked for, to the first. */
static void send(struct single *run, int signo) {
  if (run->options->verbose > 0)
    message("sending %s to %s", signals_name(signo), name_of(run));
  if (run->phase == LEFTOVERS)
    survivors_signal(run->job, signo);
  else if (run->options->signal_first_only)
    belay_process_signal(belay_job_process(run->job), signo);
  else
    belay_job_signal(run->job, signo);
}

/* Who is asked to end has to go on to hear it; and has so long. */
static void ask_to_end(struct single *run, int signo) {
  send(run, signo);
  if (signo != SIGKILL && signo != SIGCONT)
    belay_job_signal(run->job, SIGCONT);
  if (run->options->grace_ns > 0 && !run->asked)
    belay_loop_add_timer(run->loop, run->options->grace_ns, 0, NULL,
                         &run->grace);
  run->asked = true;
}

/* Who runs is to hear of nothing but what was sent. */
static void wake(struct single *run) {
  struct belay_process_status status;
  belay_process_look(belay_job_process(run->job), &status);
  if (status.state == BELAY_PROCESS_STOPPED)
    belay_job_signal(run->job, SIGCONT);
}

static void forward(struct single *run, int signo) {
  int wanted = signals_rewritten(run->options, signo);
  if (wanted == 0)
    return;
  if (!signals_is_end(wanted)) {
    send(run, wanted);
  } else if (run->options->grace_given) {
    ask_to_end(run, wanted);
  } else {
    send(run, wanted);
    wake(run);
  }
}

/* -- Stopping and going on ------------------------------------------------ */

static pid_t group_of(const struct single *run) {
  return belay_process_pid(belay_job_process(run->job));
}

static bool has_terminal(const struct single *run) {
  return run->terminal >= 0 && tcgetpgrp(run->terminal) == group_of(run);
}

/* In the foreground, the terminal is the command's: whether it was given. */
static bool give_terminal(const struct single *run) {
  return run->phase == RUNNING && run->wants_terminal &&
         terminal_is_ours(run->terminal) &&
         belay_terminal_give(run->terminal, group_of(run)) == 0;
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
  if (terminal_can_stop())
    stop(run, signo, 0);
  else
    forward(run, signo);
}

static void pause_time(struct single *run, bool pause) {
  struct belay_source *const clocks[] = {run->timeout, run->slow};
  for (int i = 0; i < 2; i++)
    if (clocks[i] != NULL)
      (pause ? belay_source_pause : belay_source_resume)(clocks[i]);
}

/* It was stopped for want of the terminal, which we have, or have given to it
 * since: a shell's `fg` of what runs in the background tells nobody. */
static bool is_given_what_it_wants(struct single *run, int signo) {
  bool was_given = run->was_given_late;
  if ((signo != SIGTTIN && signo != SIGTTOU) ||
      run->options->terminal != TERMINAL_GIVE)
    return false;
  run->was_given_late = false;
  run->wants_terminal = true;
  return give_terminal(run) || (was_given && has_terminal(run));
}

/*
 * The command was stopped.  A shell is to see us stopped as well, and all of
 * our group, as if the terminal had done it.  Where there is none, a Ctrl-Z,
 * which nobody could undo, is undone, as the kernel does it for a group that
 * nobody looks after; and what somebody else sent is his affair.
 */
static void on_stopped(struct single *run, int signo) {
  if (run->asked || is_given_what_it_wants(run, signo))
    belay_job_signal(run->job, SIGCONT);
  else if (run->terminal >= 0 && terminal_can_stop())
    stop(run, signo, BELAY_STOP_GROUP);
  else if (signo == SIGTSTP && has_terminal(run))
    belay_job_signal(run->job, SIGCONT);
  else
    pause_time(run, true);
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
      run->status.state == BELAY_PROCESS_KILLED &&
      (run->status.code == SIGINT || run->status.code == SIGQUIT);
  belay_terminal_give(run->terminal, getpgrp());
}

static void ask_leftovers_to_end(struct single *run) {
  if (!run->options->quiet)
    survivors_tell(name_of(run), "asked to end");
  survivors_signal(run->job, run->options->end_signal);
  if (run->grace == NULL && run->options->grace_ns > 0)
    belay_loop_add_timer(run->loop, run->options->grace_ns, 0, NULL,
                         &run->grace);
}

static void look_for_leftovers(struct single *run) {
  belay_orphans_reap();
  if (!survivors_exist(run->job))
    run->phase = OVER;
}

static void on_ended(struct single *run,
                     const struct belay_process_status *status) {
  run->status = *status;
  take_terminal_back(run);
  run->phase = OVER;
  if (run->options->orphans == ORPHANS_LEAVE)
    return;
  belay_process_reap(belay_job_process(run->job));
  run->phase = LEFTOVERS;
  belay_source_remove(run->timeout);
  belay_source_remove(run->slow);
  run->timeout = run->slow = NULL;
  look_for_leftovers(run);
  if (run->phase == LEFTOVERS && run->options->orphans == ORPHANS_KILL)
    ask_leftovers_to_end(run);
}

static void kill_leftovers(struct single *run) {
  belay_job_signal(run->job, SIGKILL);
  belay_orphans_kill(-1);
  run->phase = OVER;
}

/* -- Events --------------------------------------------------------------- */

static void on_signal(struct single *run, const struct belay_siginfo *info) {
  if (signals_is_own_doing(info))
    return;
  if (signals_is_stop(info->signo))
    on_stop_signal(run, info->signo);
  else if (info->signo == SIGCONT)
    on_cont(run);
  else if (info->signo == SIGCHLD) {
    belay_orphans_reap();
    if (run->phase == LEFTOVERS)
      look_for_leftovers(run);
  } else {
    for (uint64_t i = 0; i < info->count; i++)
      forward(run, info->signo);
  }
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

static void on_timer(struct single *run, const struct belay_source *source) {
  char text[UNIT_TEXT_BYTES];
  if (source == run->timeout) {
    on_timeout(run);
  } else if (source == run->slow) {
    run->slow_for_ns += run->options->slow_ns;
    message("%s has been running for %s", name_of(run),
            unit_duration(run->slow_for_ns, text));
  } else if (run->phase == RUNNING) {
    send(run, SIGKILL);
    belay_process_signal(belay_job_process(run->job), SIGKILL);
  } else {
    kill_leftovers(run);
  }
}

static void on_process(struct single *run,
                       const struct belay_process_status *status) {
  switch (status->state) {
    case BELAY_PROCESS_STOPPED:
      on_stopped(run, status->code);
      break;
    case BELAY_PROCESS_RUNNING:
      pause_time(run, false);
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

/* -- Beginning ------------------------------------------------------------ */

/* Before there is a command, so that none can be told to a wrong one. */
static int listen(struct single *run) {
  static const int children[] = {SIGCHLD, 0};
  int error = belay_loop_new(&run->loop);
  if (error == 0)
    error = signals_take(&run->signals);
  if (error == 0)
    error = belay_loop_add_sigwait(run->loop, run->signals, NULL, NULL);
  if (error == 0)
    error = belay_loop_add_signals(run->loop, children, 0, NULL, NULL);
  if (error == 0 && run->options->orphans != ORPHANS_LEAVE)
    belay_orphans_receive(1); /* without it, the group alone is looked after */
  return error;
}

/* In a pipeline the others may want the terminal too: there it is given when
 * the command asks for it, by being stopped. */
static bool is_alone_on_terminal(void) {
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static int start(struct single *run) {
  struct belay_process_options options;
  struct belay_process_fd fds[MOST_FDS];
  int error = start_prepare(run->options, &options);
  if (error < 0)
    return error;
  start_keep_named_fds(run->options->command, &options, fds, MOST_FDS);
  run->shares_terminal = !is_alone_on_terminal();
  run->wants_terminal =
      run->options->terminal == TERMINAL_GIVE && !run->shares_terminal;
  if (run->wants_terminal)
    options.terminal = run->terminal;
  if (run->options->stdin_from == STDIN_NULL)
    options.stdin_fd = BELAY_STDIO_NULL;
  return belay_job_start(run->loop, run->options->command, &options,
                         BELAY_PROCESS_WATCH_STOPS, NULL, &run->job);
}

static void start_clocks(struct single *run) {
  const struct run_options *options = run->options;
  int error = 0;
  if (options->timeout_ns > 0)
    error = belay_loop_add_timer(run->loop, options->timeout_ns, 0, NULL,
                                 &run->timeout);
  if (error == 0 && options->slow_ns > 0)
    error = belay_loop_add_timer(run->loop, options->slow_ns, options->slow_ns,
                                 NULL, &run->slow);
  if (error < 0)
    fail("timer", error);
}

_Noreturn void single_run(const struct run_options *options) {
  struct single run = {.options = options, .terminal = terminal_open()};
  struct belay_event event;
  int error = start_check_directory(options);
  if (error < 0)
    fail(options->directory, error);
  error = listen(&run);
  if (error < 0)
    fail("cannot listen for signals", error);
  error = start(&run);
  if (error < 0) {
    message("%s: %s", name_of(&run), strerror(-error));
    _exit(start_exit_status(error));
  }
  start_clocks(&run);
  while (run.phase != OVER)
    if (belay_loop_next(run.loop, -1, &event) > 0)
      handle(&run, &event);
  if (run.timed_out && !options->preserve_status)
    _exit(EXIT_TIMED_OUT);
  if (run.interrupted)
    kill(0, run.status.code);
  exit_as(&run.status, !options->never_raise);
}
