/*
 * as_tini.c: tini, of 0.19.
 *
 * Better than there: a stopped command lets its shell know, and `fg` works;
 * the terminal is taken from nobody who has it in the foreground; the command
 * does not outlive us if we are killed.
 */
#include <belay/signal.h>
#include <belay/version.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "as.h"
#include "exit.h"
#include "signals.h"

enum { FATAL, WARN, INFO, DEBUG, TRACE };

#define VERSION "tini version 0.19.0"
#define STATUSES 256

static struct {
  int verbosity;
  bool warns_of_zombies, whole_group, subreaper;
  bool is_expected[STATUSES]; /* exit statuses that become 0 */
  int parent_death_signal;
} tool = {.verbosity = WARN};

static const char help[] =
    "Runs PROGRAM as an init does: passes signals on, and waits for orphans.\n"
    "\n"
    "Command line options:\n"
    "\n"
    "  --version: the version, if it is all there is.\n"
    "  -h: this text.\n"
    "  -s: become the parent of orphans (a subreaper) where we are not PID 1.\n"
    "  -p SIGNAL: get this signal when our parent ends, as \"-p SIGKILL\".\n"
    "  -v: say more; up to three times.\n"
    "  -w: warn of each orphan that was waited for.\n"
    "  -g: pass signals on to the whole process group.\n"
    "  -e EXIT_CODE: from 0 to 255: becomes 0. Can be repeated.\n"
    "  -l: the license.\n"
    "\n"
    "Environment variables:\n"
    "\n"
    "  TINI_SUBREAPER: as -s.\n"
    "  TINI_VERBOSITY: how much is said, from 0 to 4 (default: 1).\n"
    "  TINI_KILL_PROCESS_GROUP: as -g.\n"
    "\n"
    "This is belay under another name; see belay-run(1).\n";

/* -- What it says ---------------------------------------------------------- */

/* Warnings and worse are errors, the rest is output. */
#define say(level, ...) \
  ((level) <= tool.verbosity ? say_line((level), __VA_ARGS__) : (void)0)

__attribute__((format(printf, 2, 3))) static void say_line(int level,
                                                           const char *format,
                                                           ...) {
  static const char *const names[] = {"FATAL", "WARN ", "INFO ", "DEBUG",
                                      "TRACE"};
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  as_say(level <= WARN ? STDERR_FILENO : STDOUT_FILENO, "[%s tini (%d)] %s",
         names[level], (int)getpid(), text);
}

static void say_usage(int fd, const char *argv0) {
  const char *name = as_basename(argv0);
  as_say(fd,
         "%s (" VERSION " - belay " BELAY_VERSION_STRING
         ")\n"
         "Usage: %s [OPTIONS] PROGRAM -- [ARGS] | --version\n\n%s",
         name, name, help);
}

static int start_failed(const char *name, int error) {
  say(FATAL, "exec %s failed: %s", name, strerror(-error));
  return error == -ENOENT   ? EXIT_NOT_FOUND
         : error == -EACCES ? EXIT_CANNOT_EXECUTE
                            : 1;
}

static void started(const char *name, pid_t pid) {
  say(INFO, "Spawned child process '%s' with pid '%d'", name, (int)pid);
}

/* Nobody tells us of our background, as nobody told the command. */
static bool received(int signo) {
  return signals_wants_terminal(signo);
}

static void passes_on(int signo, int wanted) {
  (void)wanted;
  say(DEBUG, "Passing signal: '%s'", strsignal(signo));
}

static void reaped(pid_t pid, const struct belay_process_status *status,
                   bool is_command) {
  (void)status;
  if (is_command)
    say(DEBUG, "Received SIGCHLD");
  say(DEBUG, "Reaped child with pid: '%d'", (int)pid);
  if (!is_command && tool.warns_of_zombies)
    say(WARN, "Reaped zombie process with pid=%d", (int)pid);
}

static int exit_status(const struct belay_process_status *status,
                       bool timed_out) {
  (void)timed_out;
  int code = exit_status_of(status) % STATUSES;
  if (status->state == BELAY_PROCESS_EXITED)
    say(INFO, "Main child exited normally (with status '%d')", status->code);
  else
    say(INFO, "Main child exited with signal (with signal '%s')",
        strsignal(status->code));
  say(TRACE, "Exiting: child has exited");
  return tool.is_expected[code] ? 0 : code;
}

/* -- The command line ------------------------------------------------------ */

static int refuse_option(int option, const char *value) {
  say(FATAL, "Not a valid option for -%c: %s", option, value);
  return 1;
}

/* By its whole name alone, and one of those that all systems have. */
static int read_parent_death_signal(const char *text) {
  int signo = belay_signal_number(text);
  const char *name = signo > 0 ? belay_signal_name(signo) : NULL;
  if (name == NULL || strcmp(name, text) != 0 || signo >= SIGRTMIN ||
      signo == SIGIO || signo == SIGPWR || signo == SIGSTKFLT)
    return refuse_option('p', text);
  tool.parent_death_signal = signo;
  return -1;
}

static int read_expected(const char *text) {
  char *end;
  long status = strtol(text, &end, 10);
  if (*end != '\0' || status < 0 || status >= STATUSES)
    return refuse_option('e', text);
  tool.is_expected[status] = true;
  return -1;
}

static int say_license(void) {
  as_say(STDOUT_FILENO,
         "belay: Copyright (c) 2026 the belay authors; the MIT License.");
  return 0;
}

/* One option: -1: go on; else the exit status. */
static int take(int option, const char *argv0) {
  switch (option) {
    case 'h':
      say_usage(STDOUT_FILENO, argv0);
      return 0;
    case 'l':
      return say_license();
    case 's':
      tool.subreaper = true;
      return -1;
    case 'g':
      tool.whole_group = true;
      return -1;
    case 'v':
      tool.verbosity++;
      return -1;
    case 'w':
      tool.warns_of_zombies = true;
      return -1;
    case 'p':
      return read_parent_death_signal(optarg);
    case 'e':
      return read_expected(optarg);
    default:
      say_usage(STDERR_FILENO, argv0);
      return 1;
  }
}

/* Options are taken from after the program too, up to --, as getopt() does. */
static int parse(int argc, char **argv, struct run_options *options) {
  int option;
  if (argc == 2 && strcmp(argv[1], "--version") == 0) {
    as_say(STDOUT_FILENO, VERSION " - belay " BELAY_VERSION_STRING);
    return 0;
  }
  while ((option = getopt(argc, argv, "p:hvwgle:s")) != -1) {
    int status = take(option, argv[0]);
    if (status >= 0)
      return status;
  }
  if (optind == argc) {
    say_usage(STDERR_FILENO, argv[0]);
    return 1;
  }
  as_take_command(argc, argv, optind, options);
  return -1;
}

static void read_environment(void) {
  const char *verbosity = getenv("TINI_VERBOSITY");
  tool.subreaper |= getenv("TINI_SUBREAPER") != NULL;
  tool.whole_group |= getenv("TINI_KILL_PROCESS_GROUP") != NULL;
  if (verbosity != NULL)
    tool.verbosity = atoi(verbosity);
}

/* -- Being an init --------------------------------------------------------- */

/* Somebody may have made us one before we were executed. */
static bool receives_orphans(void) {
  int is_subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return getpid() == 1 || is_subreaper != 0;
}

static int become_init(void) {
  if (tool.parent_death_signal != 0 &&
      prctl(PR_SET_PDEATHSIG, tool.parent_death_signal) != 0) {
    say(FATAL, "Failed to set up parent death signal");
    return 1;
  }
  if (tool.subreaper)
    say(TRACE, "Registered as child subreaper");
  else if (!receives_orphans())
    say(WARN,
        "Tini is not running as PID 1 and isn't registered as a child "
        "subreaper.\n"
        "Zombie processes will not be re-parented to Tini, so zombie reaping "
        "won't work.\n"
        "To fix the problem, use the -s option or set the environment "
        "variable TINI_SUBREAPER to register Tini as a child subreaper, or "
        "run Tini as PID 1.");
  return -1;
}

/* Waiting for orphans one by one is for those who want to hear of each. */
static struct as_hooks hooks = {
    .start_failed = start_failed,
    .started = started,
    .received = received,
    .passes_on = passes_on,
    .exit_status = exit_status,
};

int as_tini(int argc, char **argv, struct run_options *options) {
  int status = parse(argc, argv, options);
  if (status >= 0)
    return status;
  read_environment();
  if (tool.verbosity >= DEBUG || tool.warns_of_zombies) {
    hooks.reap = reap_orphans;
    hooks.reaped = reaped;
  }
  options->as = &hooks;
  options->orphans = ORPHANS_LEAVE;
  options->receives_orphans = tool.subreaper;
  options->signal_first_only = !tool.whole_group;
  options->never_raise = options->signals_alone = true;
  options->keep_fds = options->keep_ignored = true;
  options->block = as_blocked();
  return become_init();
}
