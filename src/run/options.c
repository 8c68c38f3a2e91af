/*
 * options.c: the one table of options, from which parsing, --help and the
 * completions come, and the rules that join them.
 */
#include "options.h"

#include <signal.h>
#include <string.h>

#include "cli/refuse.h"
#include "values.h"

static struct run_options values;

/* As they were typed; run_options has what they mean.  Numbers are -1 where
 * nothing was. */
static struct {
  const char *end_signal;
  struct cli_strings rewrites, ignore, block, limits;
  const char *command_file, *argument_file, *procfile;
  bool from_stdin, keep_going;
  int64_t grace_ns, retry_wait_ns, restart_wait_ns;
  int terminal, progress;
} typed;

static const char *const outputs[] = {"auto", "group", "line", "raw", NULL};
static const char *const progresses[] = {"auto", "live", "none", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const orphans[] = {"kill", "wait", "leave", NULL};
static const char *const exits[] = {"all", "any", "failure", NULL};
static const char *const restarts[] = {"no", "failure", "always", NULL};
static const char *const stdins[] = {"auto", "null", "inherit", NULL};
static const char *const terminals[] = {"give", "keep", NULL};

static const struct cli_option table[] = {
    {CLI_HEADING, .help = "Time (stands still while the command is stopped)"},
    {CLI_DURATION, 't', "timeout", "TIME", "end the command after this time",
     &values.timeout_ns},
    {CLI_DURATION, 'k', "grace", "TIME",
     "from asking to end to killing (default 5s)", &typed.grace_ns},
    {CLI_STRING, 's', "signal", "SIG", "what asks to end (default TERM)",
     &typed.end_signal},
    {CLI_DURATION, 0, "slow", "TIME", "say so when it takes longer, and go on",
     &values.slow_ns},
    {CLI_FLAG, 0, "preserve-status", NULL,
     "after a timeout too, exit as the command did", &values.preserve_status},

    {CLI_HEADING, .help = "Signals, and what is left behind"},
    {CLI_STRINGS, 0, "rewrite", "SIG=SIG",
     "pass the first on as the second; 0: not at all", &typed.rewrites},
    {CLI_CHOICE, 0, "terminal", "WHAT",
     "give it to the command (default), or keep it", &typed.terminal,
     .choices = terminals},
    {CLI_CHOICE, 0, "orphans", "WHAT",
     "kill what is left (default), wait for it, or leave it", &values.orphans,
     .choices = orphans},
    {CLI_FLAG, 0, "no-kill", NULL,
     "leave it, also when we are killed ourselves", &values.no_kill},

    {CLI_HEADING, .help = "What the command starts with"},
    {CLI_STRING, 'C', "cwd", "DIR", "its directory", &values.directory},
    {CLI_STRINGS, 'e', "env", "NAME[=VALUE]", "set a variable, or take it out",
     &values.environment},
    {CLI_STRINGS, 0, "limit", "NAME=N[:N]",
     "a resource's soft and hard limit, as nofile=1024", &typed.limits},
    {CLI_STRINGS, 0, "ignore", "SIG", "ignore these signals", &typed.ignore},
    {CLI_STRINGS, 0, "block", "SIG", "block these signals", &typed.block},
    {CLI_FLAG, 0, "keep-ignored", NULL, "ignore what we were started to ignore",
     &values.keep_ignored},
    {CLI_FLAG, 0, "keep-fds", NULL, "have all open fds, and not 0 to 2 alone",
     &values.keep_fds},
    {CLI_CHOICE, 0, "stdin", "WHAT", "inherit (one command) or null (several)",
     &values.stdin_from, .choices = stdins},

    {CLI_HEADING, .help = "Many commands"},
    {CLI_NUMBER, 'j', "jobs", "N", "at once (default: one for each processor)",
     &values.jobs, 1, 10000},
    {CLI_FLAG, 0, "jobs-from-make", NULL, "as many as make's jobserver allows",
     &values.jobs_from_make},
    {CLI_STRING, 'f', "file", "FILE", "a command for the shell on each line",
     &typed.command_file},
    {CLI_STRING, 'a', "arg-file", "FILE", "an argument on each line",
     &typed.argument_file},
    {CLI_FLAG, 'i', NULL, NULL, "the lines of standard input",
     &typed.from_stdin},
    {CLI_FLAG, '0', "null", NULL, "a 0 byte ends each, and not a newline",
     &values.null_separated},
    {CLI_NUMBER, 0, "retries", "N", "attempts after the first", &values.retries,
     0, 1000},
    {CLI_DURATION, 0, "retry-wait", "TIME",
     "before the first of them, then double (default 0)", &typed.retry_wait_ns},
    {CLI_FLAG, 0, "fail-fast", NULL, "one that fails ends all",
     &values.fail_fast},
    {CLI_FLAG, 0, "keep-going", NULL, "run all, whoever fails (default)",
     &typed.keep_going},
    {CLI_FLAG, 0, "keep-order", NULL, "output in the order of the commands",
     &values.keep_order},
    {CLI_CHOICE, 0, "output", "HOW",
     "group: by command; line: as lines come; raw", &values.output,
     .choices = outputs},
    {CLI_STRING, 'o', "output-dir", "DIR", "into files there instead",
     &values.output_dir},
    {CLI_STRING, 0, "prefix", "TEXT", "before each line; {name} {#} {pid}",
     &values.prefix},

    {CLI_HEADING, .help = "Many long-lived commands"},
    {CLI_STRING, 0, "procfile", "FILE", "name: command, on each line",
     &typed.procfile},
    {CLI_CHOICE, 0, "exit-on", "WHICH",
     "end when all (default), any, or a failed one ended", &values.exit_on,
     .choices = exits},
    {CLI_CHOICE, 0, "restart", "WHEN", "no (default), failure or always",
     &values.restart, .choices = restarts},
    {CLI_DURATION, 0, "restart-wait", "TIME",
     "before the first restart, then double (default 1s)",
     &typed.restart_wait_ns},

    {CLI_HEADING, .help = "What is said (FILE - is standard output)"},
    {CLI_STRING, 0, "json", "FILE", "what happens, as JSON Lines",
     &values.json},
    {CLI_STRING, 0, "junit", "FILE", "results as JUnit XML", &values.junit},
    {CLI_STRING, 0, "tap", "FILE", "results as TAP", &values.tap},
    {CLI_STRING, 0, "trace", "FILE", "what ran when, for Chrome or Perfetto",
     &values.trace},
    {CLI_CHOICE, 0, "progress", "HOW", "auto, live or none", &typed.progress,
     .choices = progresses},
    {CLI_CHOICE, 0, "color", "WHEN", "auto, always or never", &values.color,
     .choices = colors},
    {CLI_FLAG, 'q', "quiet", NULL, "errors alone", &values.quiet},
    {CLI_COUNT, 'v', "verbose", NULL, "say which signals go to whom",
     &values.verbose},
    {CLI_FLAG, 'h', "help", NULL, "this text", &values.help},
    {CLI_FLAG, 0, "version", NULL, "the version", &values.version},
    {0},
};

const struct cli_program run_program = {
    .name = "belay run",
    .usage =
        "belay run [options] [--] COMMAND [ARGUMENT...]\n"
        "       belay run [options] COMMAND [ARGUMENT | {}]... ::: "
        "ARGUMENT...\n"
        "       belay run [options] (-i | -a FILE) COMMAND [ARGUMENT | {}]...\n"
        "       belay run [options] (-i | -f FILE)\n"
        "       belay run [options] --procfile FILE [NAME...]",
    .summary =
        "Runs commands and leaves nothing behind. Signals, Ctrl-Z and the "
        "terminal reach\nthe command; what it started ends with it.",
    .epilogue =
        "Exit status: the command's own, and its death by a signal; 124 timed "
        "out, 125\nbelay itself failed, 126 not executable, 127 not found; of "
        "many commands 0 if all\nof them succeeded, else 1. As PID 1, and of "
        "a shell, 128+n stands for signal n.\nSee belay-run(1).",
    .options = table,
    .stops_at_operand = true,
};

char *run_options_help(void) {
  return cli_help(&run_program);
}

/* -- Where commands come from --------------------------------------------- */

static void split_arguments(struct run_options *options) {
  for (size_t i = 0; i < options->command_count; i++)
    if (strcmp(options->command[i], ":::") == 0) {
      options->arguments = options->command + i + 1;
      options->argument_count = options->command_count - i - 1;
      options->command[i] = NULL;
      options->command_count = i;
      options->source = SOURCE_ARGUMENTS;
      return;
    }
}

static int choose_source(struct run_options *options, char **ret_error) {
  int files = (typed.command_file != NULL) + (typed.argument_file != NULL) +
              (typed.procfile != NULL) + typed.from_stdin;
  split_arguments(options);
  if (files + (options->source == SOURCE_ARGUMENTS) > 1)
    return refuse(ret_error,
                  "-f, -a, -i, --procfile and ::: exclude each other");
  if (typed.procfile != NULL) {
    options->source = SOURCE_PROCFILE;
    options->path = typed.procfile;
  } else if (files > 0) {
    bool has_command = options->command_count > 0;
    options->source = typed.command_file != NULL || !has_command
                          ? SOURCE_COMMANDS
                          : SOURCE_LINES;
    options->path = typed.command_file != NULL    ? typed.command_file
                    : typed.argument_file != NULL ? typed.argument_file
                                                  : "-";
    if (typed.command_file != NULL && has_command)
      return refuse(ret_error, "-f has the commands: '%s' is one too many",
                    options->command[0]);
    if (typed.argument_file != NULL && !has_command)
      return refuse(ret_error, "-a has arguments: for which command?");
  }
  return 0;
}

/* -- Rules ---------------------------------------------------------------- */

static int check_many(const struct run_options *options, char **ret_error) {
  if (options->fail_fast && typed.keep_going)
    return refuse(ret_error, "--fail-fast and --keep-going exclude each other");
  if (options->preserve_status)
    return refuse(ret_error, "--preserve-status is for one command");
  if (typed.terminal >= 0)
    return refuse(ret_error, "--terminal is for one command");
  if (options->output_dir != NULL && options->output != OUTPUT_AUTO)
    return refuse(ret_error, "--output and --output-dir exclude each other");
  if (options->keep_order &&
      (options->output == OUTPUT_LINE || options->output == OUTPUT_RAW))
    return refuse(ret_error, "--keep-order goes with --output=group");
  if (options->source != SOURCE_PROCFILE &&
      (options->exit_on != EXIT_ON_ALL || options->restart != RESTART_NO))
    return refuse(ret_error, "--exit-on and --restart go with --procfile");
  if (options->source != SOURCE_PROCFILE && typed.restart_wait_ns >= 0)
    return refuse(ret_error, "--restart-wait goes with --procfile");
  return 0;
}

/* Of one command alone these would do nothing. */
static int check_one(const struct run_options *options, char **ret_error) {
  const struct {
    bool given;
    const char *words;
  } useless[] = {
      {options->jobs > 0 || options->jobs_from_make, "-j is"},
      {options->output != OUTPUT_AUTO || options->output_dir != NULL,
       "--output and --output-dir are"},
      {options->keep_order || options->prefix != NULL,
       "--keep-order and --prefix are"},
      {options->retries > 0 || options->fail_fast || typed.keep_going,
       "--retries, --fail-fast and --keep-going are"},
      {typed.retry_wait_ns >= 0, "--retry-wait is"},
      {options->json != NULL || options->junit != NULL ||
           options->tap != NULL || options->trace != NULL,
       "--json, --junit, --tap and --trace are"},
      {options->null_separated, "-0 is"},
      {options->exit_on != EXIT_ON_ALL || options->restart != RESTART_NO,
       "--exit-on and --restart are"},
      {typed.restart_wait_ns >= 0, "--restart-wait is"},
      {typed.progress >= 0, "--progress is"},
  };
  if (options->command_count == 0)
    return refuse(ret_error,
                  "no command; --help explains, 'belay run -- COMMAND' runs "
                  "one");
  for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++)
    if (useless[i].given)
      return refuse(ret_error, "%s for many commands: give :::, -i, -a or -f",
                    useless[i].words);
  return 0;
}

static int check(struct run_options *options, char **ret_error) {
  int error = choose_source(options, ret_error);
  if (error < 0)
    return error;
  if (options->no_kill)
    options->orphans = ORPHANS_LEAVE;
  return options->source == SOURCE_COMMAND ? check_one(options, ret_error)
                                           : check_many(options, ret_error);
}

static int read_values(struct run_options *options, char **ret_error) {
  if (typed.grace_ns >= 0) {
    options->grace_ns = typed.grace_ns;
    options->grace_given = true;
  }
  if (typed.retry_wait_ns >= 0)
    options->retry_wait_ns = typed.retry_wait_ns;
  if (typed.restart_wait_ns >= 0)
    options->restart_wait_ns = typed.restart_wait_ns;
  if (typed.terminal >= 0)
    options->terminal = typed.terminal;
  if (typed.progress >= 0)
    options->progress = typed.progress;
  int error = value_signal("--signal", typed.end_signal, &options->end_signal,
                           ret_error);
  if (error == 0)
    error = value_rewrites(&typed.rewrites, &options->rewrites,
                           &options->rewrite_count, ret_error);
  if (error == 0)
    error =
        value_signals("--ignore", &typed.ignore, &options->ignore, ret_error);
  if (error == 0)
    error = value_signals("--block", &typed.block, &options->block, ret_error);
  if (error == 0)
    error = value_limits(&typed.limits, &options->limits, &options->limit_count,
                         ret_error);
  return error;
}

struct run_options run_options_default(void) {
  return (struct run_options){
      .grace_ns = INT64_C(5000000000),
      .restart_wait_ns = 1000000000,
      .end_signal = SIGTERM,
  };
}

int run_options_parse(int argc, char **argv, struct run_options *ret_options,
                      char **ret_error) {
  values = run_options_default();
  typed.end_signal = "TERM";
  typed.grace_ns = typed.retry_wait_ns = typed.restart_wait_ns = -1;
  typed.terminal = typed.progress = -1;
  int operands =
      cli_parse(&run_program, argc, argv, &values.command, ret_error);
  if (operands < 0)
    return operands;
  values.command_count = (size_t)operands;
  values.command[operands] = NULL;
  int error = 0;
  if (!values.help && !values.version) {
    error = read_values(&values, ret_error);
    if (error == 0)
      error = check(&values, ret_error);
  }
  *ret_options = values;
  return error;
}
