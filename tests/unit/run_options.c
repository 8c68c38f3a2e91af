/* run_options.c: what a command line asks for, and what is refused.  Options
 * are read once in a program: so each case has a process of its own. */
#include "harness/harness.h"

#include "run/options.h"

#define ARGV(...) \
  ((char **)(uintptr_t)(const char *[]){"belay run", __VA_ARGS__, NULL})

static int parse(char **argv, struct run_options *options, char **ret_error) {
  int argc = 0;
  while (argv[argc] != NULL)
    argc++;
  return run_options_parse(argc, argv, options, ret_error);
}

static struct run_options parsed(char **argv) {
  struct run_options options;
  char *error = NULL;
  int result = parse(argv, &options, &error);
  CHECK_STR(error, NULL);
  CHECK_OK(result);
  return options;
}

static void check_refused(char **argv, const char *wanted) {
  pid_t pid = test_fork();
  if (pid == 0) {
    struct run_options options;
    char *error = NULL;
    CHECK_ERR(parse(argv, &options, &error), -EINVAL);
    CHECK_STR(error, wanted);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(pid), 0);
}

/* Reads these in a process of its own, so that others may be read after. */
#define CHECK_PARSED(condition, ...)                          \
  do {                                                        \
    pid_t pid_ = test_fork();                                 \
    if (pid_ == 0) {                                          \
      struct run_options options = parsed(ARGV(__VA_ARGS__)); \
      CHECK(condition);                                       \
      _exit(0);                                               \
    }                                                         \
    CHECK_EQ(test_wait_exit(pid_), 0);                        \
  } while (0)

TEST(without_options_it_is_what_is_said) {
  struct run_options options = parsed(ARGV("cmd", "-x", "--", "y"));
  CHECK_EQ(options.source, SOURCE_COMMAND);
  CHECK_EQ(options.command_count, 4);
  CHECK_STR(options.command[1], "-x");
  CHECK_STR(options.command[2], "--");
  CHECK(options.command[4] == NULL);
  CHECK_EQ(options.end_signal, SIGTERM);
  CHECK_EQ(options.grace_ns, INT64_C(5000000000));
  CHECK(!options.grace_given);
  CHECK_EQ(options.timeout_ns, 0);
  CHECK_EQ(options.orphans, ORPHANS_KILL);
  CHECK_EQ(options.rewrite_count, 0);
  CHECK_EQ(options.ignore[0], 0);
  CHECK(options.as == NULL);
  CHECK_EQ(options.group, GROUP_NEW);
}

TEST(what_follows_the_dashes_is_the_command) {
  CHECK_PARSED(strcmp(options.command[0], "-x") == 0 && options.verbose == 1,
               "-v", "--", "-x");
  CHECK_PARSED(options.command_count == 1, "--", "cmd");
}

TEST(options_have_their_values) {
  CHECK_PARSED(options.timeout_ns == 1500000000, "-t", "1.5s", "c");
  CHECK_PARSED(options.grace_given && options.grace_ns == 0, "-k0", "c");
  CHECK_PARSED(options.end_signal == SIGINT, "--signal=INT", "c");
  CHECK_PARSED(options.orphans == ORPHANS_WAIT, "--orphans=wait", "c");
  CHECK_PARSED(options.no_kill && options.orphans == ORPHANS_LEAVE, "--no-kill",
               "c");
  CHECK_PARSED(options.jobs == 7, "-j7", "c", ":::");
  CHECK_PARSED(options.environment.count == 2, "-eA=1", "--env", "B", "c");
  CHECK_PARSED(options.rewrite_count == 1, "--rewrite", "TERM=INT", "c");
  CHECK_PARSED(options.limit_count == 1, "--limit=nofile=9", "c");
  CHECK_PARSED(options.block[0] == SIGHUP, "--block", "HUP", "c");
  CHECK_PARSED(options.help, "--help");
  CHECK_PARSED(options.version, "--version");
  CHECK_PARSED(options.help, "-h", "--signal", "FOO");
}

TEST(commands_come_from_one_place) {
  CHECK_PARSED(options.source == SOURCE_ARGUMENTS &&
                   options.command_count == 2 && options.argument_count == 2 &&
                   options.command[2] == NULL &&
                   strcmp(options.arguments[1], "b") == 0,
               "c", "x", ":::", "a", "b");
  CHECK_PARSED(options.source == SOURCE_ARGUMENTS &&
                   strcmp(options.arguments[1], ":::") == 0,
               "c", ":::", "a", ":::");
  CHECK_PARSED(
      options.source == SOURCE_COMMANDS && strcmp(options.path, "list") == 0,
      "-f", "list");
  CHECK_PARSED(
      options.source == SOURCE_LINES && strcmp(options.path, "list") == 0, "-a",
      "list", "c");
  CHECK_PARSED(options.source == SOURCE_LINES && strcmp(options.path, "-") == 0,
               "-i", "c");
  CHECK_PARSED(
      options.source == SOURCE_COMMANDS && strcmp(options.path, "-") == 0,
      "-i");
  CHECK_PARSED(options.source == SOURCE_PROCFILE && options.command_count == 1,
               "--procfile", "Procfile", "web");
}

#define EXCLUDE "-f, -a, -i, --procfile and ::: exclude each other"

TEST(several_places_exclude_each_other) {
  check_refused(ARGV("-f", "l", "-i"), EXCLUDE);
  check_refused(ARGV("-a", "l", "-i", "c"), EXCLUDE);
  check_refused(ARGV("-f", "l", "-a", "l"), EXCLUDE);
  check_refused(ARGV("--procfile", "l", "-f", "l"), EXCLUDE);
  check_refused(ARGV("-i", "c", ":::", "x"), EXCLUDE);
}

TEST(a_command_is_there_where_it_is_wanted) {
  check_refused(ARGV("-v"),
                "no command; --help explains, 'belay run -- "
                "COMMAND' runs one");
  check_refused(ARGV("--"),
                "no command; --help explains, 'belay run -- "
                "COMMAND' runs one");
  check_refused(ARGV("-f", "list", "c"),
                "-f has the commands: 'c' is one too many");
  check_refused(ARGV("-a", "list"), "-a has arguments: for which command?");
}

#define FOR_MANY " for many commands: give :::, -i, -a or -f"

TEST(what_does_nothing_for_one_command_is_refused) {
  check_refused(ARGV("-j2", "c"), "-j is" FOR_MANY);
  check_refused(ARGV("--jobs-from-make", "c"), "-j is" FOR_MANY);
  check_refused(ARGV("--output=line", "c"),
                "--output and --output-dir are" FOR_MANY);
  check_refused(ARGV("-o", "d", "c"), "--output and --output-dir are" FOR_MANY);
  check_refused(ARGV("--keep-order", "c"),
                "--keep-order and --prefix are" FOR_MANY);
  check_refused(ARGV("--prefix=x", "c"),
                "--keep-order and --prefix are" FOR_MANY);
  check_refused(ARGV("--retries=1", "c"),
                "--retries, --fail-fast and --keep-going are" FOR_MANY);
  check_refused(ARGV("--fail-fast", "c"),
                "--retries, --fail-fast and --keep-going are" FOR_MANY);
  check_refused(ARGV("--keep-going", "c"),
                "--retries, --fail-fast and --keep-going are" FOR_MANY);
  check_refused(ARGV("--json=x", "c"),
                "--json, --junit, --tap and --trace are" FOR_MANY);
  check_refused(ARGV("-0", "c"), "-0 is" FOR_MANY);
  check_refused(ARGV("--exit-on=any", "c"),
                "--exit-on and --restart are" FOR_MANY);
  check_refused(ARGV("--restart=always", "c"),
                "--exit-on and --restart are" FOR_MANY);
  check_refused(ARGV("--retry-wait=0", "c"), "--retry-wait is" FOR_MANY);
  check_refused(ARGV("--restart-wait=1s", "c"), "--restart-wait is" FOR_MANY);
  check_refused(ARGV("--progress=auto", "c"), "--progress is" FOR_MANY);
}

TEST(what_does_nothing_for_many_is_refused) {
  check_refused(ARGV("--preserve-status", "c", ":::"),
                "--preserve-status is for one command");
  check_refused(ARGV("--terminal=give", "c", ":::"),
                "--terminal is for one command");
  check_refused(ARGV("--terminal=keep", "--procfile", "f"),
                "--terminal is for one command");
  check_refused(ARGV("--output=line", "-o", "d", "c", ":::"),
                "--output and --output-dir exclude each other");
  check_refused(ARGV("--keep-order", "--output=raw", "c", ":::"),
                "--keep-order goes with --output=group");
  check_refused(ARGV("--keep-order", "--output=line", "c", ":::"),
                "--keep-order goes with --output=group");
  check_refused(ARGV("--exit-on=any", "c", ":::"),
                "--exit-on and --restart go with --procfile");
  check_refused(ARGV("--restart=failure", "-f", "l"),
                "--exit-on and --restart go with --procfile");
  check_refused(ARGV("--restart-wait=0", "c", ":::"),
                "--restart-wait goes with --procfile");
}

TEST(what_is_for_some_alone_has_its_value_there) {
  CHECK_PARSED(options.terminal == TERMINAL_GIVE, "c");
  CHECK_PARSED(options.terminal == TERMINAL_KEEP, "--terminal=keep", "c");
  CHECK_PARSED(options.progress == PROGRESS_AUTO && options.retry_wait_ns == 0,
               "c", ":::");
  CHECK_PARSED(options.progress == PROGRESS_NONE, "--progress=none", "-f", "l");
  CHECK_PARSED(options.retry_wait_ns == 7000000, "--retry-wait=7ms", "c",
               ":::");
  CHECK_PARSED(options.restart_wait_ns == 1000000000, "--procfile", "f");
  CHECK_PARSED(options.restart_wait_ns == 0, "--restart-wait=0", "--procfile",
               "f");
}

TEST(values_are_read_whole_or_refused) {
  check_refused(ARGV("--timeot", "1", "c"),
                "unknown option '--timeot'; did you mean '--timeout'?");
  check_refused(ARGV("-Z", "c"), "unknown option '-Z'; --help lists them");
  check_refused(ARGV("-t"), "-t needs a value (TIME)");
  check_refused(ARGV("--timeout", "soon", "c"),
                "--timeout: 'soon' is not a duration, such as 500ms, 10s or "
                "1m30s");
  check_refused(ARGV("-k", "-1s", "c"),
                "--grace: '-1s' is not a duration, such as 500ms, 10s or "
                "1m30s");
  check_refused(ARGV("-j0", "c", ":::"),
                "--jobs: '0' is not a number from 1 to 10000");
  check_refused(ARGV("--retries=-1", "c", ":::"),
                "--retries: '-1' is not a number from 0 to 1000");
  check_refused(ARGV("--orphans=no", "c"),
                "--orphans: 'no' is none of kill, wait, leave");
  check_refused(ARGV("-s", "FOO", "c"),
                "--signal: 'FOO' is no signal; try TERM, INT or a number");
  check_refused(ARGV("--ignore=HUP,X", "c"),
                "--ignore: 'X' is no signal; try TERM, INT or a number");
  check_refused(ARGV("--block=", "c"),
                "--block: '' is no signal; try TERM, INT or a number");
  check_refused(ARGV("--rewrite=TERM", "c"),
                "--rewrite: 'TERM' is not of the form SIG=SIG, such as "
                "TERM=INT");
  check_refused(ARGV("--limit=x=1", "c"),
                "--limit: 'x' is none of as, core, cpu, data, fsize, memlock, "
                "nofile, nproc, stack");
  check_refused(ARGV("--quiet=yes", "c"), "--quiet takes no value");
}

TEST(the_help_has_every_group_of_options) {
  char *help = run_options_help();
  static const char *const words[] = {"usage: belay run",  "--timeout TIME",
                                      "--rewrite SIG=SIG", "--jobs-from-make",
                                      "--procfile FILE",   "Exit status",
                                      "See belay-run(1)."};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    CHECK(strstr(help, words[i]) != NULL);
  free(help);
}
