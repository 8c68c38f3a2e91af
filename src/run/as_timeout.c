/*
 * as_timeout.c: GNU coreutils' timeout, of 9.1 and of those after it.
 *
 * Better than there: a stopped command's time does not count; the command has
 * the terminal if we had it, in a script too; all signals are passed on, each
 * time; it does not outlive us if we are killed.
 */
#include <belay/signal.h>
#include <belay/version.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "as.h"
#include "cli/utf8.h"
#include "exit.h"

/* Longer than anybody waits, and far from an overflow. */
#define LONGEST_NS 4e18
#define QUOTED_BYTES 4096

static struct {
  const char *name; /* as we were called, path and all */
  bool verbose, preserve_status, foreground;
  bool kills; /* a signal of ours was SIGKILL */
} tool;

static const char help[] =
    "Runs COMMAND, and ends it if it still runs after DURATION.\n"
    "\n"
    "  -f, --foreground        leave the command in our process group, and\n"
    "                          signal it alone, not what it starts\n"
    "  -k, --kill-after=DURATION\n"
    "                          so long after the first signal, send KILL\n"
    "  -p, --preserve-status   after a timeout too, exit as the command did\n"
    "  -s, --signal=SIGNAL     what ends it, by name or number (default TERM)\n"
    "  -v, --verbose           tell of each signal that is sent\n"
    "      --help              this text\n"
    "      --version           the version\n"
    "\n"
    "DURATION is a number, also a fraction, of seconds; or of what follows "
    "it:\n"
    "s, m (minutes), h (hours) or d (days). 0 is no limit.\n"
    "\n"
    "Exit status: the command's own; 124 timed out, 125 timeout itself "
    "failed,\n"
    "126 not executable, 127 not found, 137 killed (128+9).\n"
    "This is belay under another name; see belay-run(1).\n";

/* -- Quoting --------------------------------------------------------------- */

static bool speaks_utf8(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  for (size_t i = 0; i < 3; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && *value != '\0')
      return strstr(value, "UTF-8") != NULL || strstr(value, "utf8") != NULL ||
             strstr(value, "utf-8") != NULL || strstr(value, "UTF8") != NULL;
  }
  return false;
}

/* What C has for a character that is not to be shown as it is. */
static int escape(unsigned char byte, char to[8]) {
  static const char plain[] = "\a\b\f\n\r\t\v\\", letters[] = "abfnrtv\\";
  const char *found = byte != '\0' ? strchr(plain, byte) : NULL;
  if (found != NULL)
    return snprintf(to, 8, "\\%c", letters[found - plain]);
  return snprintf(to, 8, byte < ' ' || byte > '~' ? "\\%03o" : "%c", byte);
}

/* ‘text’, or 'text' where the locale is not UTF-8. */
static const char *quote(const char *text) {
  static char quoted[QUOTED_BYTES];
  bool utf8 = speaks_utf8();
  const char *open = utf8 ? "‘" : "'", *close = utf8 ? "’" : "'";
  size_t at = (size_t)snprintf(quoted, sizeof(quoted), "%s", open);
  while (*text != '\0' && at < sizeof(quoted) - 16) {
    uint32_t code = 0;
    size_t size = utf8 ? utf8_decode(text, strlen(text), &code) : 0;
    if (strncmp(text, close, strlen(close)) == 0)
      quoted[at++] = '\\';
    if (size > 1 && !utf8_is_control(code)) {
      memcpy(quoted + at, text, size);
      at += size;
      text += size;
    } else {
      at += (size_t)escape((unsigned char)*text++, quoted + at);
    }
  }
  strcpy(quoted + at, close);
  return quoted;
}

/* -- The command line ------------------------------------------------------ */

static int try_help(void) {
  as_say(STDERR_FILENO, "Try '%s --help' for more information.", tool.name);
  return EXIT_BELAY;
}

static int say_help(void) {
  printf(
      "Usage: %s [OPTION] DURATION COMMAND [ARG]...\n"
      "  or:  %s [OPTION]\n%s",
      tool.name, tool.name, help);
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_BELAY;
}

/* Of those that look for GNU's, each finds its name and a version. */
static int say_version(void) {
  printf("timeout (belay " BELAY_VERSION_STRING ", as GNU coreutils) 9.1\n");
  return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_BELAY;
}

static double unit(const char *suffix) {
  static const struct {
    const char *name;
    double ns;
  } units[] = {
      {"", 1e9}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}};
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
    if (strcmp(units[i].name, suffix) == 0)
      return units[i].ns;
  return 0;
}

/* Nanoseconds, one at least unless it is 0; -1: it is none. */
static int64_t read_duration(const char *text) {
  char *end;
  double value = strtod(text, &end);
  double ns = value * unit(end);
  if (end == text || unit(end) == 0 || !(value >= 0)) {
    as_say(STDERR_FILENO, "%s: invalid time interval %s", tool.name,
           quote(text));
    return -1;
  }
  if (ns > LONGEST_NS)
    return (int64_t)LONGEST_NS;
  int64_t whole = (int64_t)ns;
  return whole + ((double)whole < ns);
}

/* A number as wait() or the shell's $? has it stands for its signal; 0, also
 * called EXIT, is none.  -1: there is no such signal. */
static int read_signal(const char *text) {
  char *end;
  int signo = belay_signal_number(text);
  if (*text >= '0' && *text <= '9') {
    signo = (int)(strtol(text, &end, 10) & 127);
    if (*end != '\0' || (signo > 0 && belay_signal_name(signo) == NULL))
      signo = -1;
  } else if (strcasecmp(text, "EXIT") == 0 ||
             strcasecmp(text, "SIGEXIT") == 0) {
    signo = 0;
  }
  if (signo < 0)
    as_say(STDERR_FILENO, "%s: %s: invalid signal", tool.name, quote(text));
  return signo;
}

/* One option: -1: go on; else the exit status. */
static int take(int option, struct run_options *options) {
  switch (option) {
    case 'f':
      tool.foreground = true;
      return -1;
    case 'p':
      tool.preserve_status = true;
      return -1;
    case 'v':
      tool.verbose = true;
      return -1;
    case 'k':
      options->grace_ns = read_duration(optarg);
      return options->grace_ns < 0 ? try_help() : -1;
    case 's':
      options->end_signal = read_signal(optarg);
      return options->end_signal < 0 ? try_help() : -1;
    case 'H':
      return say_help();
    case 'V':
      return say_version();
    default:
      return try_help();
  }
}

static int parse(int argc, char **argv, struct run_options *options) {
  static const struct option longs[] = {
      {"foreground", no_argument, NULL, 'f'},
      {"kill-after", required_argument, NULL, 'k'},
      {"preserve-status", no_argument, NULL, 'p'},
      {"signal", required_argument, NULL, 's'},
      {"verbose", no_argument, NULL, 'v'},
      {"help", no_argument, NULL, 'H'},
      {"version", no_argument, NULL, 'V'},
      {NULL, 0, NULL, 0},
  };
  int option;
  while ((option = getopt_long(argc, argv, "+fk:ps:v", longs, NULL)) != -1) {
    int status = take(option, options);
    if (status >= 0)
      return status;
  }
  if (argc - optind < 2)
    return try_help();
  options->timeout_ns = read_duration(argv[optind]);
  if (options->timeout_ns < 0)
    return try_help();
  as_take_command(argc, argv, optind + 1, options);
  return -1;
}

/* -- What it says ---------------------------------------------------------- */

static int start_failed(const char *name, int error) {
  as_say(STDERR_FILENO, "%s: failed to run command %s: %s", tool.name,
         quote(name), strerror(-error));
  return error == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

/* "TERM"; "EXIT" is 0; real-time ones from the nearer end. */
static const char *short_name(int signo) {
  static char text[24];
  const char *name = belay_signal_name(signo);
  if (signo == SIGRTMAX)
    return "RTMAX";
  if (signo == SIGPOLL)
    return "POLL";
  if (signo > (SIGRTMIN + SIGRTMAX) / 2)
    snprintf(text, sizeof(text), "RTMAX-%d", SIGRTMAX - signo);
  else if (name == NULL)
    snprintf(text, sizeof(text), "%d", signo);
  else
    return name + strlen("SIG");
  return signo == 0 ? "EXIT" : text;
}

static void sends(const char *name, int signo) {
  tool.kills |= signo == SIGKILL;
  if (tool.verbose && signo != SIGCONT)
    as_say(STDERR_FILENO, "%s: sending signal %s to command %s", tool.name,
           short_name(signo), quote(name));
}

/* That it took a SIGKILL is told in any case: in the background by dying of it
 * ourselves, as part of the group that was killed there. */
static int exit_status(const struct belay_process_status *status,
                       bool timed_out) {
  int shown = exit_status_of(status);
  bool died = status->state == BELAY_PROCESS_KILLED;
  if (status->core_dumped)
    as_say(STDERR_FILENO, "%s: the monitored command dumped core", tool.name);
  if (died && status->code == SIGKILL && (timed_out || tool.kills))
    return tool.foreground ? shown : -1;
  if (died && !timed_out)
    return -1;
  return timed_out && !tool.preserve_status ? EXIT_TIMED_OUT : shown;
}

int as_timeout(int argc, char **argv, struct run_options *options) {
  static const struct as_hooks hooks = {
      .start_failed = start_failed,
      .sends = sends,
      .exit_status = exit_status,
  };
  tool.name = argv[0];
  options->grace_ns = 0;
  int status = parse(argc, argv, options);
  options->as = &hooks;
  options->grace_given = options->grace_ns > 0;
  options->group = tool.foreground ? GROUP_SAME : GROUP_NEW;
  options->orphans = ORPHANS_LEAVE;
  options->alarm_is_timeout = options->quiet = true;
  options->keep_fds = options->keep_ignored = true;
  options->block = as_blocked();
  return status;
}
