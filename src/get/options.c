/*
 * options.c: the one table of options, from which parsing, --help and the
 * completions come, and the rules that join them.
 */
#include "options.h"

#include <belay/version.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cli/refuse.h"

static struct get_options values;

static const char *const durabilities[] = {"full", "none", NULL};
static const char *const progresses[] = {"auto", "live", "plain", "none", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};

static const struct cli_option table[] = {
    {CLI_HEADING, .help = "What to download"},
    {CLI_STRINGS, 'i', "input-file", "FILE",
     "a list: aria2's form or JSON; - is stdin", &values.lists},
    {CLI_STRING, 0, "sums", "FILE", "a list of checksums (SHA256SUMS)",
     &values.sums},
    {CLI_STRING, 0, "base-url", "URL", "where the files of --sums are",
     &values.base_url},
    {CLI_STRING, 'd', "dir", "DIR", "where files go (default: here)",
     &values.dir},
    {CLI_STRING, 'o', "output", "NAME", "the file's name, for one URL",
     &values.output},
    {CLI_STRING, 0, "sha256", "HEX", "its checksum, for one URL",
     &values.sha256},
    {CLI_FLAG, 'f', "force", NULL, "replace files that are there already",
     &values.force},

    {CLI_HEADING, .help = "How"},
    {CLI_NUMBER, 'j', "jobs", "N", "transfers at once (default 8)",
     &values.jobs, 1, 1000},
    {CLI_NUMBER, 0, "per-host", "N", "connections to one host at most",
     &values.per_host, 1, 1000},
    {CLI_NUMBER, 0, "retries", "N", "attempts after the first (default 4)",
     &values.retries, 0, 1000},
    {CLI_DURATION, 0, "retry-wait", "TIME",
     "wait before the first (default 1s)", &values.retry_wait_ns},
    {CLI_DURATION, 0, "stall", "TIME",
     "give up when nothing comes (default 30s)", &values.stall_ns},
    {CLI_SIZE, 0, "limit-rate", "RATE", "bytes per second and transfer",
     &values.limit_rate},
    {CLI_CHOICE, 0, "durability", "WHAT", "full (default) or none: no syncing",
     &values.durability, .choices = durabilities},

    {CLI_HEADING, .help = "HTTP"},
    {CLI_STRINGS, 'H', "header", "LINE", "send this header too",
     &values.headers},
    {CLI_STRING, 0, "user-agent", "TEXT", "call ourselves that",
     &values.user_agent},
    {CLI_STRING, 0, "referer", "URL", "say where we come from",
     &values.referer},
    {CLI_STRING, 0, "user", "NAME:PASSWORD", "for servers that ask",
     &values.user},
    {CLI_FLAG, 0, "netrc", NULL, "take them from ~/.netrc", &values.netrc},
    {CLI_STRING, 0, "proxy", "URL", "instead of the environment's",
     &values.proxy},
    {CLI_STRING, 0, "cacert", "FILE", "trust these certificates",
     &values.ca_file},
    {CLI_FLAG, 'k', "insecure", NULL, "do not check certificates",
     &values.insecure},
    {CLI_FLAG, 0, "http1.1", NULL, "HTTP/1.1 alone", &values.http1},
    {CLI_FLAG, 0, "http2", NULL, "HTTP/2, without TLS too", &values.http2},
    {CLI_FLAG, '4', "ipv4", NULL, "IPv4 alone", &values.ipv4},
    {CLI_FLAG, '6', "ipv6", NULL, "IPv6 alone", &values.ipv6},
    {CLI_NUMBER, 0, "max-redirs", "N", "redirects at most (default 20)",
     &values.max_redirects, 0, 1000},

    {CLI_HEADING, .help = "What is said"},
    {CLI_FLAG, 'q', "quiet", NULL, "errors alone", &values.quiet},
    {CLI_COUNT, 'v', "verbose", NULL, "retries too; -vv: the protocol",
     &values.verbose},
    {CLI_CHOICE, 0, "progress", "HOW", "auto, live, plain or none",
     &values.progress, .choices = progresses},
    {CLI_CHOICE, 0, "color", "WHEN", "auto, always or never", &values.color,
     .choices = colors},
    {CLI_FLAG, 0, "json", NULL, "events, or the status, as JSON Lines",
     &values.json},
    {CLI_STRING, 0, "db", "PATH", "the database", &values.db},
    {CLI_FLAG, 'h', "help", NULL, "this text", &values.help},
    {CLI_FLAG, 0, "version", NULL, "the version", &values.version},

    {CLI_HEADING, .help = "For status and forget"},
    {CLI_STRING, 0, "state", "STATE", "list those in this state alone",
     &values.state},
    {CLI_FLAG, 0, "completed", NULL, "forget those that are complete",
     &values.completed},
    {CLI_FLAG, 0, "failed", NULL, "forget those that failed", &values.failed},
    {CLI_FLAG, 0, "all", NULL, "forget everything", &values.all},
    {0},
};

const struct cli_program get_program = {
    .name = "belay get",
    .usage =
        "belay get [options] URL...\n"
        "       belay get [options] -i LIST\n"
        "       belay get [options] --sums SHA256SUMS --base-url URL\n"
        "       belay get resume [options]\n"
        "       belay get status [--json] [--state STATE]\n"
        "       belay get forget (URL | FILE | --completed | --failed | "
        "--all)",
    .summary =
        "Downloads files. Ctrl-C does no harm: the same command, or "
        "'belay get resume',\ngoes on.",
    .epilogue =
        "Exit status: 0 all is complete and right, 1 something failed, "
        "2 wrong usage or\nlist, 3 the database cannot be used; when "
        "interrupted, it dies by the signal.\n"
        "See belay-get(1).",
    .options = table,
};

char *get_options_help(void) {
  return cli_help(&get_program);
}

/* -- Rules ------------------------------------------------------------------------ */

/* The first operand may be a command: a word, which no URL is. */
static void take_command(struct get_options *options) {
  static const struct {
    const char *word;
    enum get_command command;
  } commands[] = {
      {"resume", GET_RESUME}, {"status", GET_STATUS}, {"forget", GET_FORGET}};
  for (size_t i = 0; i < 3 && options->operand_count > 0; i++)
    if (strcmp(options->operands[0], commands[i].word) == 0) {
      options->command = commands[i].command;
      options->operands++;
      options->operand_count--;
      return;
    }
}

static int check_download(const struct get_options *options, char **ret_error) {
  bool has_list = options->lists.count > 0 || options->sums != NULL;
  if (options->operand_count == 0 && !has_list)
    return refuse(ret_error,
                  "nothing to download; give URLs, -i LIST or "
                  "--sums FILE (--help explains)");
  if (options->sums != NULL && options->base_url == NULL)
    return refuse(ret_error, "--sums needs --base-url, where its files are");
  if (options->base_url != NULL && options->sums == NULL)
    return refuse(ret_error, "--base-url goes with --sums");
  bool single = options->operand_count == 1 && !has_list;
  if (options->output != NULL && !single)
    return refuse(ret_error, "-o is for one URL; a list has out=");
  if (options->sha256 != NULL && !single)
    return refuse(ret_error, "--sha256 is for one URL; a list has sha256=");
  return 0;
}

static int check_forget(const struct get_options *options, char **ret_error) {
  int asked = options->operand_count + options->completed + options->failed +
              options->all;
  if (asked == 0)
    return refuse(ret_error,
                  "forget what? a URL, a file, --completed, "
                  "--failed or --all");
  return 0;
}

static int check(const struct get_options *options, char **ret_error) {
  if (options->http1 && options->http2)
    return refuse(ret_error, "--http1.1 and --http2 exclude each other");
  if (options->ipv4 && options->ipv6)
    return refuse(ret_error, "-4 and -6 exclude each other");
  if (options->command == GET_DOWNLOAD)
    return check_download(options, ret_error);
  if (options->command == GET_FORGET)
    return check_forget(options, ret_error);
  if (options->operand_count > 0)
    return refuse(ret_error, "'%s' is one argument too many",
                  options->operands[0]);
  return 0;
}

int get_options_parse(int argc, char **argv, struct get_options *ret_options,
                      char **ret_error) {
  values = (struct get_options){
      .dir = ".",
      .jobs = 8,
      .retries = 4,
      .max_redirects = 20,
      .retry_wait_ns = 1000000000,
      .stall_ns = INT64_C(30000000000),
      .user_agent = "belay/" BELAY_VERSION_STRING,
  };
  int operands =
      cli_parse(&get_program, argc, argv, &values.operands, ret_error);
  if (operands < 0)
    return operands;
  values.operand_count = operands;
  take_command(&values);
  int error = values.help || values.version ? 0 : check(&values, ret_error);
  *ret_options = values;
  return error;
}
