/*
 * as.h: belay under other names: called `timeout`, `tini` or `dumb-init` (by a
 * link, or a copy), it has that tool's command line, words and exit statuses.
 *
 *   as_NAME.c   reads the command line, and makes of it what single.c runs
 *   as_hooks    what that tool says, step by step
 *
 * What is better in belay than there stays so, unless somebody can rely on it.
 *
 * No such link is installed: that is for who wants to try it, as
 *   ln -s /usr/local/libexec/belay/belay-run /usr/local/bin/timeout
 */
#ifndef RUN_AS_H
#define RUN_AS_H

#include <belay/process.h>
#include <stdbool.h>
#include <sys/types.h>

#include "options.h"
#include "reap.h"

struct as_hooks {
  /* Says why a command cannot be started: the exit status. */
  int (*start_failed)(const char *name, int error);
  /* The exit status, or -1: as the command ended. */
  int (*exit_status)(const struct belay_process_status *status, bool timed_out);

  /* Each of these may be NULL. */
  void (*started)(const char *name, pid_t pid);
  /* A signal came; true: that was all. */
  bool (*received)(int signo);
  /* It is passed on, as `wanted` (0: not at all). */
  void (*passes_on)(int signo, int wanted);
  /* We stop, after it was passed on. */
  void (*stops)(void);
  /* The command is sent a signal, for whatever reason. */
  void (*sends)(const char *name, int signo);
  /* Waits for orphans, but not for the command; NULL: nobody is told of them. */
  void (*reap)(pid_t command, reap_tell *tell);
  /* A child was waited for. */
  void (*reaped)(pid_t pid, const struct belay_process_status *status,
                 bool is_command);
};

struct as_tool {
  const char *name;
  /* -1: run what the options say; else it was all, and this the exit status. */
  int (*parse)(int argc, char **argv, struct run_options *options);
};

/* The tool that we are called as; NULL: belay run. */
const struct as_tool *as_find(const char *argv0);

int as_timeout(int argc, char **argv, struct run_options *options);
int as_tini(int argc, char **argv, struct run_options *options);
int as_dumb_init(int argc, char **argv, struct run_options *options);

/* The second half of dumb-init's way to a terminal: makes standard input the
 * terminal of this session, and executes argv[2]. */
int as_dumb_init_attached(int argc, char **argv);
#define AS_ATTACH "--dumb-init-attach"

/* The command, from where the options end. */
void as_take_command(int argc, char **argv, int at,
                     struct run_options *options);

/* The signals that are blocked now, up to 0: those tools leave them so. */
const int *as_blocked(void);

/* Blocks one more, until signals_listen(). */
void as_block(int signo);

/* The last component of a path. */
const char *as_basename(const char *path);

/* A line, in one write. */
void as_say(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
