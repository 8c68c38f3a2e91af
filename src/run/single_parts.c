/*
 * single_parts.c: the beginning of one command: where it stands towards the
 * terminal, its group, and what it is started with.
 */
#include "single_parts.h"

#include <belay/orphans.h>

#include <unistd.h>

#include "signals.h"
#include "start.h"
#include "terminal.h"

int single_listen(struct single *run) {
  int error = belay_loop_new(&run->loop);
  if (error == 0)
    error = signals_listen(run->loop, &run->signals);
  if (error == 0 && (run->options->orphans != ORPHANS_LEAVE ||
                     run->options->receives_orphans))
    belay_orphans_receive(1); /* without it, the group alone is looked after */
  return error;
}

/* In a pipeline the others may want the terminal too: there it is given when
 * the command asks for it, by being stopped. */
static bool is_alone_on_terminal(void) {
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

/* In our own group it is no job. */
static int start_process(struct single *run,
                         struct belay_process_options *options) {
  char **argv = run->options->command;
  const unsigned flags = BELAY_PROCESS_WATCH_STOPS;
  if (run->options->group != GROUP_SAME) {
    int error =
        belay_job_start(run->loop, argv, options, flags, NULL, &run->job);
    if (error == 0)
      run->process = belay_job_process(run->job);
    return error;
  }
  options->flags |= BELAY_PROCESS_SAME_GROUP;
  int error = belay_process_start(argv, options, &run->process);
  if (error == 0)
    error = belay_loop_add_process(run->loop, run->process, flags, NULL, NULL);
  return error;
}

int single_start(struct single *run) {
  struct belay_process_options options;
  struct belay_process_fd fds[START_MOST_FDS];
  int error = start_prepare(run->options, &options);
  if (error < 0)
    return error;
  start_keep_named_fds(run->options->command, &options, fds);
  run->shares_terminal = !is_alone_on_terminal();
  run->wants_terminal = run->options->group == GROUP_NEW &&
                        run->options->terminal == TERMINAL_GIVE &&
                        !run->shares_terminal;
  if (run->options->group == GROUP_SESSION)
    options.flags |= BELAY_PROCESS_NEW_SESSION;
  if (run->wants_terminal)
    options.terminal = run->terminal;
  if (run->options->stdin_from == STDIN_NULL)
    options.stdin_fd = BELAY_STDIO_NULL;
  error = start_process(run, &options);
  if (start_again_without(&options, error))
    error = start_process(run, &options);
  if (error == 0)
    AS(run, started)(name_of(run), pid_of(run));
  return error;
}
