/* cli_option.c: one table: parsing, errors, help. */
#include "harness/harness.h"

#include "cli/option.h"

static struct {
  bool quiet, force;
  int verbose, jobs, when;
  const char *output;
  struct cli_strings headers;
  int64_t rate, wait_ns;
  bool only_letter;
  int level;
} got;

static const char *const whens[] = {"auto", "always", "never", NULL};

static const struct cli_option table[] = {
    {CLI_HEADING, .help = "Some"},
    {CLI_FLAG, 'q', "quiet", NULL, "errors alone", &got.quiet},
    {CLI_FLAG, 0, "force", NULL, "replace files", &got.force},
    {CLI_COUNT, 'v', "verbose", NULL, "more", &got.verbose},
    {CLI_NUMBER, 'j', "jobs", "N", "at once", &got.jobs, 1, 1000},
    {CLI_HEADING, .help = "Others"},
    {CLI_CHOICE, 0, "color", "WHEN", "auto or not", &got.when,
     .choices = whens},
    {CLI_STRING, 'o', "output", "NAME", "the name", &got.output},
    {CLI_STRINGS, 'H', "header", "LINE", "send this", &got.headers},
    {CLI_SIZE, 0, "limit-rate", "RATE", "bytes a second", &got.rate},
    {CLI_DURATION, 0, "retry-wait", "TIME", "wait", &got.wait_ns},
    {CLI_FLAG, 'x', NULL, NULL, "no long name", &got.only_letter},
    {CLI_NUMBER, 'l', NULL, "N", "no long name either", &got.level, -5, 5},
    {CLI_STRING, 0, "a-name-that-leaves-no-room", "WHATEVER", "beneath",
     &got.output},
    {0},
};

static const struct cli_program program = {
    .name = "belay test",
    .usage = "belay test [options] FILE...",
    .summary = "Tests.",
    .epilogue = "The end.",
    .options = table,
};

/* Parses the words of a line; they and the operands are in these. */
static char words[256], *argv[32], **operands, *error;

static int parse(const char *line) {
  int argc = 1;
  snprintf(words, sizeof(words), "%s", line);
  free(got.headers.items);
  memset(&got, 0, sizeof(got));
  argv[0] = words + sizeof(words) - 1; /* no name is needed */
  for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
    argv[argc++] = word;
  argv[argc] = NULL;
  error = NULL;
  return cli_parse(&program, argc, argv, &operands, &error);
}

/* The error that a line is refused with. */
static const char *refusal(const char *line) {
  static char text[512];
  CHECK_ERR(parse(line), -EINVAL);
  CHECK(error != NULL);
  snprintf(text, sizeof(text), "%s", error);
  free(error);
  return text;
}

/* -- Forms ---------------------------------------------------------------- */

TEST(no_arguments_set_nothing) {
  CHECK_EQ(parse(""), 0);
  CHECK(!got.quiet && got.jobs == 0 && got.output == NULL);
}

TEST(a_value_may_be_joined_or_follow) {
  static const char *const forms[] = {"--jobs=7", "--jobs 7", "-j7", "-j 7"};
  for (size_t i = 0; i < 4; i++) {
    CHECK_EQ(parse(forms[i]), 0);
    CHECK_EQ(got.jobs, 7);
  }
}

TEST(flags_are_bundled_and_the_last_may_have_a_value) {
  CHECK_EQ(parse("-qvvxj3 a"), 1);
  CHECK(got.quiet && got.only_letter);
  CHECK_EQ(got.verbose, 2);
  CHECK_EQ(got.jobs, 3);
  CHECK_EQ(parse("-qo -j2"), 0); /* -o takes what follows, whatever it is */
  CHECK_STR(got.output, "-j2");
  CHECK_EQ(got.jobs, 0);
}

TEST(options_may_follow_operands) {
  CHECK_EQ(parse("a -q b --jobs 2 c"), 3);
  CHECK(got.quiet);
  CHECK_EQ(got.jobs, 2);
  CHECK_STR(operands[0], "a");
  CHECK_STR(operands[1], "b");
  CHECK_STR(operands[2], "c");
}

TEST(two_dashes_end_the_options) {
  CHECK_EQ(parse("-q -- -v --jobs"), 2);
  CHECK_EQ(got.verbose, 0);
  CHECK_STR(operands[0], "-v");
  CHECK_STR(operands[1], "--jobs");
  CHECK_EQ(parse("-- --"), 1);
  CHECK_STR(operands[0], "--");
}

TEST(one_dash_is_an_operand) {
  CHECK_EQ(parse("-o - -"), 1);
  CHECK_STR(got.output, "-");
  CHECK_STR(operands[0], "-");
}

TEST(a_value_may_be_empty_or_look_like_an_option) {
  CHECK_EQ(parse("--output="), 0);
  CHECK_STR(got.output, "");
  CHECK_EQ(parse("--output --quiet"), 0);
  CHECK_STR(got.output, "--quiet");
  CHECK(!got.quiet);
  CHECK_EQ(parse("--output=a=b"), 0);
  CHECK_STR(got.output, "a=b");
}

TEST(the_last_of_several_values_counts) {
  CHECK_EQ(parse("-j1 -j2 --jobs=3"), 0);
  CHECK_EQ(got.jobs, 3);
}

/* -- Kinds ---------------------------------------------------------------- */

TEST(strings_are_kept_in_order) {
  CHECK_EQ(parse("-Ha --header b -H c"), 0);
  CHECK_EQ(got.headers.count, 3);
  CHECK_STR(got.headers.items[0], "a");
  CHECK_STR(got.headers.items[1], "b");
  CHECK_STR(got.headers.items[2], "c");
  CHECK(got.headers.items[3] == NULL);
  free(got.headers.items);
}

TEST(numbers_have_a_range) {
  CHECK_EQ(parse("-j1"), 0);
  CHECK_EQ(parse("-j1000"), 0);
  CHECK_EQ(got.jobs, 1000);
  CHECK_EQ(parse("-l-5"), 0);
  CHECK_EQ(got.level, -5);
  CHECK_STR(refusal("--jobs=abc"),
            "--jobs: 'abc' is not a number from 1 to 1000");
  static const char *const wrong[] = {
      "-j0",         "-j1001", "-j-1",
      "-j+1",        "-j1x",   "-j1.0",
      "--jobs=",     "-j0x1",  "-j99999999999999999999",
      "-j1e2",       "-j\t1",  "-j-",
      "-j4294967297"};
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    const char *text = refusal(wrong[i]);
    CHECK(strstr(text, "is not a number from 1 to 1000") != NULL);
    CHECK_EQ(got.jobs, 0);
  }
}

TEST(an_option_without_a_long_name_is_called_by_its_letter) {
  CHECK_STR(refusal("-l6"), "-l: '6' is not a number from -5 to 5");
}

TEST(sizes_and_durations) {
  CHECK_EQ(parse("--limit-rate=1.5M --retry-wait 1m30s"), 0);
  CHECK_EQ(got.rate, 1572864);
  CHECK_EQ(got.wait_ns, INT64_C(90000000000));
  CHECK_STR(refusal("--limit-rate=fast"),
            "--limit-rate: 'fast' is not a size, such as 64k or 1.5M");
  CHECK_STR(
      refusal("--retry-wait=1y"),
      "--retry-wait: '1y' is not a duration, such as 500ms, 10s or 1m30s");
}

TEST(a_choice_is_one_of_its_words) {
  CHECK_EQ(parse("--color=never"), 0);
  CHECK_EQ(got.when, 2);
  CHECK_STR(refusal("--color=nev"),
            "--color: 'nev' is none of auto, always, never");
}

/* -- Errors --------------------------------------------------------------- */

TEST(an_unknown_option_is_likened_to_one) {
  CHECK_STR(refusal("--quite"),
            "unknown option '--quite'; did you mean '--quiet'?");
  CHECK_STR(refusal("--retrywait=3"),
            "unknown option '--retrywait'; did you mean '--retry-wait'?");
  CHECK_STR(refusal("--zzzzzz"),
            "unknown option '--zzzzzz'; --help lists them");
}

/* What is typed of a name is not that name, but a good hint. */
TEST(names_are_not_abbreviated) {
  CHECK_STR(refusal("--job=3"),
            "unknown option '--job'; did you mean '--jobs'?");
  CHECK_STR(refusal("--out x"),
            "unknown option '--out'; did you mean '--output'?");
  CHECK_STR(refusal("--li=3"),
            "unknown option '--li'; did you mean '--limit-rate'?");
}

TEST(strange_options_are_unknown) {
  CHECK_STR(refusal("-Z"), "unknown option '-Z'; --help lists them");
  CHECK_STR(refusal("-qZ"), "unknown option '-Z'; --help lists them");
  CHECK_STR(refusal("-\xc3\xa9"),
            "unknown option '-\xc3\xa9'; --help lists them");
  CHECK(strstr(refusal("--=x"), "unknown option '--'") != NULL);
  CHECK(strstr(refusal("---"), "unknown option '---'") != NULL);
}

TEST(a_name_of_any_length_does_no_harm) {
  char line[251] = "--";
  memset(line + 2, 'q', 248);
  CHECK(strstr(refusal(line), "unknown option '--qqq") != NULL);
}

TEST(a_value_that_is_missing_or_too_many) {
  CHECK_STR(refusal("--jobs"), "--jobs needs a value (N)");
  CHECK_STR(refusal("-qj"), "-j needs a value (N)");
  CHECK_STR(refusal("--quiet=yes"), "--quiet takes no value");
  CHECK_STR(refusal("--verbose="), "--verbose takes no value");
}

TEST(the_nearest_word_is_near) {
  static const char *const commands[] = {"get", "help", "inspect", NULL};
  CHECK_STR(cli_nearest("gte", commands), "get");
  CHECK_STR(cli_nearest("hlep", commands), "help");
  CHECK_STR(cli_nearest("insp", commands), "inspect");
  CHECK_STR(cli_nearest("inspekt", commands), "inspect");
  CHECK(cli_nearest("frobnicate", commands) == NULL);
  CHECK(cli_nearest("", commands) == NULL);
  CHECK(cli_nearest("i", commands) == NULL);
}

/* -- Help ----------------------------------------------------------------- */

TEST(the_help_is_grouped_and_aligned) {
  char *help = cli_help(&program);
  CHECK_STR(help,
            "usage: belay test [options] FILE...\n"
            "\n"
            "Tests.\n"
            "\n"
            "Some:\n"
            "  -q, --quiet                 errors alone\n"
            "      --force                 replace files\n"
            "  -v, --verbose               more\n"
            "  -j, --jobs N                at once\n"
            "\n"
            "Others:\n"
            "      --color WHEN            auto or not\n"
            "  -o, --output NAME           the name\n"
            "  -H, --header LINE           send this\n"
            "      --limit-rate RATE       bytes a second\n"
            "      --retry-wait TIME       wait\n"
            "  -x                          no long name\n"
            "  -l N                        no long name either\n"
            "      --a-name-that-leaves-no-room WHATEVER\n"
            "                              beneath\n"
            "\n"
            "The end.\n");
  free(help);
}
