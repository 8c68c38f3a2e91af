/*
 * start.h: what commands start with, for all of a run: directory, variables,
 * fds, limits, signals.
 */
#ifndef RUN_START_H
#define RUN_START_H

#include <belay/process.h>

#include "options.h"

/* Nothing that we open is to become a standard fd: those that are closed are
 * taken by something that cannot be written to, and that no command gets. */
void start_fill_standard_fds(void);

/* Fills in what does not change from command to command: 0, -ENOMEM, or what
 * is wrong with the environment.  It lives as long as the program. */
int start_prepare(const struct run_options *options,
                  struct belay_process_options *ret_options);

/* What no command could start with (a directory that is missing, say), before
 * any is blamed for it: 0; or -EINVAL with *ret_error a line, to be freed. */
int start_check(const struct run_options *options, char **ret_error);

/*
 * Fds that the arguments name ("/dev/fd/63", as shells write it for <(...)),
 * and those of make's jobserver, which the command is to have although all
 * others are closed.  Sets fds and fd_count.
 */
#define START_MOST_FDS 32
void start_keep_named_fds(char *const *argv,
                          struct belay_process_options *options,
                          struct belay_process_fd fds[START_MOST_FDS]);

/* Whether a start that failed is to be tried again: the system cannot kill a
 * command whose parent was killed, and it does without from now on. */
bool start_again_without(struct belay_process_options *options, int error);

/* The exit status of the shell for a command that could not be started. */
int start_exit_status(int error);

#endif
