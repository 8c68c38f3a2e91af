/*
 * options.c: the one table of options, from which parsing, --help and the
 * completions come, and the rules that join them.
 */
#include "options.h"

#include <belay/version.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/refuse.h"

static struct fault_options values;

static const char *const colors[] = {"auto", "always", "never", NULL};

static const struct cli_option table[] = {
    {CLI_HEADING, .help = "What to be"},
    {CLI_STRINGS, 'l', "listen", "ADDRESS",
     "PORT, HOST:PORT, [IPV6]:PORT, unix:PATH", &values.listens},
    {CLI_STRING, 'r', "root", "DIR", "serve this directory", &values.root},
    {CLI_STRING, 'u', "upstream", "ADDRESS", "pass on to there",
     &values.upstream},
    {CLI_STRING, 'c', "config", "FILE",
     "servers from an INI file; see the man page", &values.config},
    {CLI_DURATION, 0, "drip", "TIME", "of the slow service alone (default 1s)",
     &values.drip_ns},

    {CLI_STRING, 0, "api", "ADDRESS",
     "be controlled there, as toxiproxy is on port 8474", &values.api},

    {CLI_HEADING, .help = "How"},
    {CLI_STRING, 's', "seed", "N", "of all that is left to chance",
     &values.seed_text},
    {CLI_NUMBER, 0, "max-connections", "N", "at once; more are reset",
     &values.max_connections, 1, 1000000},
    {CLI_FLAG, 0, "private-net", NULL, "in a network namespace of our own",
     &values.private_net},
    {CLI_STRING, 0, "tls-ca", "FILE", "write there what clients are to trust",
     &values.tls_ca},
    {CLI_FLAG, 0, "check", NULL, "read everything, start nothing",
     &values.check},

    {CLI_HEADING, .help = "When it is ready"},
    {CLI_NUMBER, 0, "ready-fd", "N", "write the addresses there, and close it",
     &values.ready_fd, 0, 1000000},
    {CLI_STRING, 0, "ready-file", "FILE", "write them into this file",
     &values.ready_file},

    {CLI_HEADING, .help = "What is said"},
    {CLI_FLAG, 'q', "quiet", NULL, "no line for each connection",
     &values.quiet},
    {CLI_FLAG, 0, "json", NULL, "JSON Lines", &values.json},
    {CLI_STRING, 0, "log", "FILE", "there, and not to standard output",
     &values.log},
    {CLI_FLAG, 0, "verify", NULL, "check that what was promised was so",
     &values.verify},
    {CLI_CHOICE, 0, "color", "WHEN", "auto, always or never", &values.color,
     .choices = colors},
    {CLI_FLAG, 0, "help-faults", NULL, "the faults that there are",
     &values.help_faults},
    {CLI_FLAG, 'h', "help", NULL, "this text", &values.help},
    {CLI_FLAG, 0, "version", NULL, "the version", &values.version},
    {0},
};

const struct cli_program fault_program = {
    .name = "belay fault",
    .usage =
        "belay fault\n"
        "       belay fault [options] [FAULT...] [-- COMMAND [argument...]]",
    .summary =
        "A server that misbehaves on purpose, exactly as told. Without "
        "arguments, seven\nof them, on ports 2000 to 2022.",
    .epilogue =
        "Faults are lists such as 'rst@4096', 'read-head; send:64k; rst', "
        "'p:10%; stall@50%:30s';\n--help-faults explains them. With a "
        "command, its ports are in BELAY_FAULT_PORT.\n"
        "Exit status: 0, 1 failed or not verified, 2 wrong usage; the "
        "command's own.\nSee belay-fault(1).",
    .options = table,
};

char *fault_options_help(void) {
  return cli_help(&fault_program);
}

bool fault_options_is_bare(const struct fault_options *options) {
  return options->fault_count == 0 && options->listens.count == 0 &&
         options->root == NULL && options->upstream == NULL &&
         options->config == NULL;
}

/* -- Rules ----------------------------------------------------------------- */

static int take_seed(struct fault_options *options, char **ret_error) {
  const char *text = options->seed_text;
  char *end;
  if (text == NULL) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    options->seed = (uint64_t)now.tv_nsec % 1000000;
    return 0;
  }
  errno = 0;
  options->seed = strtoull(text, &end, 10);
  if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
    return refuse(ret_error, "--seed '%s' is no number", text);
  return 0;
}

static int check(const struct fault_options *options, char **ret_error) {
  if (options->root != NULL && options->upstream != NULL)
    return refuse(ret_error, "--root and --upstream exclude each other");
  bool has_server = options->fault_count > 0 || options->listens.count > 0 ||
                    options->root != NULL || options->upstream != NULL;
  if (options->config != NULL && has_server)
    return refuse(ret_error,
                  "with --config, servers and faults are in that file");
  if (options->drip_ns <= 0)
    return refuse(ret_error, "--drip has to be more than 0");
  if (options->command != NULL && options->command[0] == NULL)
    return refuse(ret_error, "a command has to follow '--'");
  return 0;
}

/* What is behind the first `--` is the command. */
static int cut_command(int argc, char **argv, struct fault_options *options) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--") == 0) {
      options->command = argv + i + 1;
      argv[i] = NULL;
      return i;
    }
  return argc;
}

int fault_options_parse(int argc, char **argv,
                        struct fault_options *ret_options, char **ret_error) {
  values = (struct fault_options){.ready_fd = -1, .drip_ns = 1000000000};
  argc = cut_command(argc, argv, &values);
  int operands =
      cli_parse(&fault_program, argc, argv, &values.faults, ret_error);
  if (operands < 0)
    return operands;
  values.fault_count = operands;
  int error = 0;
  if (!values.help && !values.version && !values.help_faults)
    error = check(&values, ret_error);
  if (error == 0)
    error = take_seed(&values, ret_error);
  *ret_options = values;
  return error;
}
