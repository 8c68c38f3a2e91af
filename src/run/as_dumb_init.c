/*
 * as_dumb_init.c: dumb-init, of 1.2.5.
 *
 * A terminal that is ours becomes that of the command's session.  Only a
 * process of that session may do this, before it executes the command: so we
 * are executed once more in between (as_dumb_init_attached).
 *
 * Better than there: the command does not outlive us if we are killed.
 */
#include <belay/version.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "as.h"
#include "exit.h"

#define MOST_SIGNAL 31
#define CANNOT_EXECUTE 2
#define SELF "/proc/self/exe"

static struct {
  bool verbose, single_child;
  bool is_rewritten[MOST_SIGNAL + 1];
  int becomes[MOST_SIGNAL + 1];
  struct run_rewrite rewrites[MOST_SIGNAL];
  bool ignores[MOST_SIGNAL + 1]; /* the next of them */
  int attach_error;              /* errno; 0: the command's session has it */
} tool;

static const char help[] =
    "Runs a command as an init does: passes signals on to it and to what it\n"
    "starts, and waits for orphans.\n"
    "\n"
    "Optional arguments:\n"
    "   -c, --single-child   Signals go to the command alone, which stays in\n"
    "                        our session and process group.\n"
    "   -r, --rewrite s:r    Pass signal s on as signal r, by their numbers;\n"
    "                        0: not at all. Can be repeated.\n"
    "   -v, --verbose        Say on standard error what happens.\n"
    "   -h, --help           This text.\n"
    "   -V, --version        The version.\n"
    "\n"
    "This is belay under another name; see belay-run(1).";

/* -- What it says ---------------------------------------------------------- */

#define say(...) (tool.verbose ? say_always(__VA_ARGS__) : (void)0)
#define say_always(...) as_say(STDERR_FILENO, "[dumb-init] " __VA_ARGS__)

static int start_failed(const char *name, int error) {
  say_always("%s: %s", name, strerror(-error));
  return CANNOT_EXECUTE;
}

/* It holds no directory but its own. */
static void started(const char *name, pid_t pid) {
  (void)name;
  say("Child spawned with PID %d.", (int)pid);
  if (tool.attach_error != 0 && !tool.single_child) {
    say("Unable to attach to controlling tty (errno=%d %s).", tool.attach_error,
        strerror(tool.attach_error));
    say("setsid complete.");
  }
  if (chdir("/") != 0)
    say("Unable to chdir(\"/\") (errno=%d %s)", errno, strerror(errno));
}

static bool received(int signo) {
  say("Received signal %d.", signo);
  if (signo > MOST_SIGNAL || !tool.ignores[signo])
    return false;
  say("Ignoring tty hand-off signal %d.", signo);
  tool.ignores[signo] = false;
  return true;
}

static void passes_on(int signo, int wanted) {
  if (signo <= MOST_SIGNAL && tool.is_rewritten[signo])
    say("Translating signal %d to %d.", signo, wanted);
  if (wanted == 0)
    say("Not forwarding signal 0 to children (ignored).");
  else
    say("Forwarded signal %d to children.", wanted);
}

static void stops(void) {
  say("Suspending self due to TTY signal.");
}

static void reaped(pid_t pid, const struct belay_process_status *status,
                   bool is_command) {
  (void)is_command;
  say("Received signal %d.", SIGCHLD);
  if (status->state == BELAY_PROCESS_EXITED)
    say("A child with PID %d exited with exit status %d.", (int)pid,
        status->code);
  else
    say("A child with PID %d was terminated by signal %d.", (int)pid,
        status->code);
}

static int exit_status(const struct belay_process_status *status,
                       bool timed_out) {
  (void)timed_out;
  say("Child exited with status %d. Goodbye.", exit_status_of(status));
  return exit_status_of(status);
}

/* -- The command line ------------------------------------------------------ */

static int read_rewrite(const char *text) {
  int from, to;
  if (sscanf(text, "%d:%d", &from, &to) != 2 || from < 1 ||
      from > MOST_SIGNAL || to < 0 || to > MOST_SIGNAL) {
    as_say(STDERR_FILENO,
           "Usage: -r option takes <signum>:<signum>, where <signum> is "
           "between 1 and %d.\n"
           "This option can be specified multiple times.\n"
           "Use --help for full usage.",
           MOST_SIGNAL);
    return 1;
  }
  tool.is_rewritten[from] = true;
  tool.becomes[from] = to;
  return -1;
}

static int say_version(void) {
  as_say(STDERR_FILENO, "dumb-init v1.2.5 (belay " BELAY_VERSION_STRING ")");
  return 0;
}

static int say_help(const char *argv0) {
  say_version();
  as_say(STDERR_FILENO, "Usage: %s [option] command [[arg] ...]\n\n%s", argv0,
         help);
  return 0;
}

/* One option: -1: go on; else the exit status. */
static int take(int option, const char *argv0) {
  switch (option) {
    case 'h':
      return say_help(argv0);
    case 'V':
      return say_version();
    case 'v':
      tool.verbose = true;
      return -1;
    case 'c':
      tool.single_child = true;
      return -1;
    case 'r':
      return read_rewrite(optarg);
    default:
      return 1;
  }
}

static int parse(int argc, char **argv, struct run_options *options) {
  static const struct option longs[] = {
      {"help", no_argument, NULL, 'h'},
      {"single-child", no_argument, NULL, 'c'},
      {"rewrite", required_argument, NULL, 'r'},
      {"verbose", no_argument, NULL, 'v'},
      {"version", no_argument, NULL, 'V'},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(argc, argv, "+hvVcr:", longs, NULL)) != -1) {
    int status = take(option, argv[0]);
    if (status >= 0)
      return status;
  }
  if (optind == argc) {
    as_say(STDERR_FILENO,
           "Usage: %s [option] program [args]\n"
           "Try %s --help for full usage.",
           argv[0], argv[0]);
    return 1;
  }
  as_take_command(argc, argv, optind, options);
  return -1;
}

static bool is_set(const char *name, const char *value) {
  const char *set = getenv(name);
  return set != NULL && strcmp(set, value) == 0;
}

static void read_environment(void) {
  if (is_set("DUMB_INIT_DEBUG", "1")) {
    tool.verbose = true;
    say("Running in debug mode.");
  }
  if (is_set("DUMB_INIT_SETSID", "0")) {
    tool.single_child = true;
    say("Not running in setsid mode.");
  }
}

/* The group of a session's leader is orphaned: the terminal's stops would be
 * nothing to it. */
static void make_rewrites(struct run_options *options) {
  static const int stops[] = {SIGTSTP, SIGTTIN, SIGTTOU};
  for (int i = 0; i < 3 && !tool.single_child; i++)
    if (!tool.is_rewritten[stops[i]]) {
      tool.is_rewritten[stops[i]] = true;
      tool.becomes[stops[i]] = SIGSTOP;
    }
  for (int signo = 1; signo <= MOST_SIGNAL; signo++)
    if (tool.is_rewritten[signo])
      tool.rewrites[options->rewrite_count++] =
          (struct run_rewrite){signo, tool.becomes[signo]};
  options->rewrites = tool.rewrites;
}

/* -- The terminal ---------------------------------------------------------- */

/* A session's leader who lets go of it is sent HUP and CONT for it, which are
 * not for the command. */
static bool let_go_of_terminal(void) {
  as_block(SIGHUP);
  as_block(SIGCONT);
  if (access(SELF, X_OK) != 0 || ioctl(STDIN_FILENO, TIOCNOTTY) != 0) {
    tool.attach_error = errno;
    say("Unable to detach from controlling tty (errno=%d %s).", errno,
        strerror(errno));
    return false;
  }
  if (getsid(0) == getpid()) {
    say("Detached from controlling tty, ignoring the first SIGHUP and SIGCONT "
        "we receive.");
    tool.ignores[SIGHUP] = tool.ignores[SIGCONT] = true;
  } else {
    say("Detached from controlling tty, but was not session leader.");
  }
  return true;
}

/* Once more through us, with the command behind. */
static void go_by_attaching(struct run_options *options) {
  static char self[] = SELF, attach[] = AS_ATTACH, verbose[] = AS_ATTACH "=v";
  size_t count = options->command_count;
  char **argv = calloc(count + 3, sizeof(*argv));
  if (argv == NULL)
    return;
  argv[0] = self;
  argv[1] = tool.verbose ? verbose : attach;
  memcpy(argv + 2, options->command, count * sizeof(*argv));
  options->command = argv;
  options->command_count = count + 2;
}

int as_dumb_init_attached(int argc, char **argv) {
  if (argc < 3)
    return CANNOT_EXECUTE;
  tool.verbose = strchr(argv[1], '=') != NULL;
  if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0)
    say("Unable to attach to controlling tty (errno=%d %s).", errno,
        strerror(errno));
  say("setsid complete.");
  execvp(argv[2], argv + 2);
  return start_failed(argv[2], -errno);
}

/* Waiting for orphans one by one is for those who want to hear of each. */
static struct as_hooks hooks = {
    .start_failed = start_failed,
    .started = started,
    .received = received,
    .passes_on = passes_on,
    .stops = stops,
    .exit_status = exit_status,
};

int as_dumb_init(int argc, char **argv, struct run_options *options) {
  int status = parse(argc, argv, options);
  if (status >= 0)
    return status;
  read_environment();
  make_rewrites(options);
  if (tool.verbose) {
    hooks.reap = reap_orphans;
    hooks.reaped = reaped;
  }
  options->as = &hooks;
  options->orphans = ORPHANS_LEAVE;
  options->group = tool.single_child ? GROUP_SAME : GROUP_SESSION;
  options->signal_first_only = tool.single_child;
  options->never_raise = options->signals_alone = true;
  options->stops_itself = options->ends_group = options->keep_fds = true;
  if (!tool.single_child && let_go_of_terminal())
    go_by_attaching(options);
  return -1;
}
