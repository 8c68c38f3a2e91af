/*
 * options.h: what the command line of `belay run` says.
 */
#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/option.h"

enum run_output { OUTPUT_AUTO, OUTPUT_GROUP, OUTPUT_LINE, OUTPUT_RAW };
enum run_progress { PROGRESS_AUTO, PROGRESS_LIVE, PROGRESS_NONE };
enum run_orphans { ORPHANS_KILL, ORPHANS_WAIT, ORPHANS_LEAVE };
enum run_exit_on { EXIT_ON_ALL, EXIT_ON_ANY, EXIT_ON_FAILURE };
enum run_restart { RESTART_NO, RESTART_FAILURE, RESTART_ALWAYS };
enum run_stdin { STDIN_AUTO, STDIN_NULL, STDIN_INHERIT };
enum run_terminal { TERMINAL_GIVE, TERMINAL_KEEP };
enum run_group { GROUP_NEW, GROUP_SAME, GROUP_SESSION };

struct as_hooks;

/* Where jobs come from. */
enum run_source {
  SOURCE_COMMAND,   /* one command */
  SOURCE_ARGUMENTS, /* a command, and arguments after ::: */
  SOURCE_LINES,     /* a command, and arguments from a file */
  SOURCE_COMMANDS,  /* a file of commands */
  SOURCE_PROCFILE,  /* a file of named, long-lived commands */
};

/* A signal that is passed on as another; 0: not at all. */
struct run_rewrite {
  int from, to;
};

struct run_options {
  enum run_source source;
  const char *path; /* of the file that it is; "-" is standard input */
  char **command;   /* with its arguments, NULL at the end; or names of a
                     * Procfile */
  size_t command_count;
  char **arguments; /* those after ::: */
  size_t argument_count;
  bool null_separated;

  int jobs; /* at once */
  bool jobs_from_make, fail_fast, keep_order;
  int retries;
  int64_t retry_wait_ns;

  int64_t timeout_ns, slow_ns; /* 0: none */
  int64_t grace_ns;
  bool grace_given; /* then a signal that ends us has it too */
  int end_signal;   /* asks to end */
  bool preserve_status;

  const struct run_rewrite *rewrites;
  size_t rewrite_count;
  int terminal, orphans;
  bool no_kill;

  const int *ignore, *block; /* up to 0 */
  const char *directory;
  struct cli_strings environment; /* NAME=VALUE, or NAME to take it out */
  const struct belay_process_limit *limits;
  size_t limit_count;
  bool keep_fds, keep_ignored;

  int output, stdin_from, color, progress;
  const char *output_dir, *prefix;
  const char *json, *junit, *tap, *trace; /* files; "-" is standard output */

  int exit_on, restart;
  int64_t restart_wait_ns;

  bool quiet, help, version;
  int verbose;

  /* What belay under other names does otherwise. */
  const struct as_hooks *as; /* as.h; NULL: it is called belay run */
  int group;                 /* the command's: its own, ours, a session's */
  bool never_raise;       /* 128 and the number, and no death by the signal */
  bool signal_first_only; /* and not its whole group */
  bool signals_alone;     /* no SIGCONT goes with them */
  bool stops_itself;      /* by SIGSTOP, having passed on a terminal's stop */
  bool ends_group;        /* TERM for the rest, when the command has ended */
  bool alarm_is_timeout;  /* SIGALRM: the time is over */
  bool receives_orphans;  /* though they are left when we end */
};

/* Its table: for the completions too, which know nothing else of it. */
extern const struct cli_program run_program;

/* 0; or -EINVAL with *ret_error a line, to be freed.  What it points to lives
 * as long as the program. */
int run_options_parse(int argc, char **argv, struct run_options *ret_options,
                      char **ret_error);

/* Those without any option. */
struct run_options run_options_default(void);

/* The help, to be freed. */
char *run_options_help(void);

#endif
