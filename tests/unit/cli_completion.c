/*
 * cli_completion.c: the scripts complete what the programs take.
 *
 * The tables are the real ones.  bash, which is nearly everywhere, is made to
 * run its script; the scripts of other shells are at least read by them.
 */
#include "harness/harness.h"

#include <limits.h>
#include <sys/stat.h>

#include "cli/completion.h"
#include "programs.h"

/* A file of the source tree, whose root the compiler was told with the name of
 * this one: perhaps as seen from the build directory, where tests run. */
static const char *source(const char *name) {
  static char path[PATH_MAX];
  const char *here = __FILE__;
  size_t root = strlen(here) - strlen("tests/unit/cli_completion.c");
  snprintf(path, sizeof(path), "%.*s%s", (int)root, here, name);
  return path;
}

/* -- The files ------------------------------------------------------------ */

static void check_file(const char *shell, const char *name) {
  static char kept[65536];
  char *made = cli_completion(programs, shell);
  FILE *file = fopen(source(name), "re");
  if (file == NULL)
    test_failed_(TEST_HERE_, "%s: %s", source(name), strerror(errno));
  kept[fread(kept, 1, sizeof(kept) - 1, file)] = '\0';
  fclose(file);
  if (strcmp(made, kept) != 0)
    test_failed_(TEST_HERE_, "%s is out of date: ninja completions", name);
  free(made);
}

TEST(the_scripts_that_are_kept_are_those_of_the_table) {
  check_file("bash", "completions/belay");
  check_file("zsh", "completions/_belay");
  check_file("fish", "completions/belay.fish");
}

TEST(there_is_none_for_other_shells) {
  CHECK(cli_completion(programs, "cmd.exe") == NULL);
}

/* -- Running the shells --------------------------------------------------- */

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "we");
  CHECK(file != NULL && text != NULL && fputs(text, file) >= 0);
  CHECK_EQ(fclose(file), 0);
}

static const char *below(const char *name) {
  static char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/%s", test_dir(), name);
  return path;
}

/* Another program, to see that they may be any number. */
static const struct cli_option third_options[] = {
    {CLI_FLAG, 'n', "never", NULL, "no more than [that's] all"},
    {CLI_STRING, 'w', NULL, "FILE", "where"},
    {CLI_STRING, 0, "what", "X:Y", "what"},
    {0},
};
static const struct cli_program third = {
    .name = "belay third",
    .usage = "belay third [options] COMMAND",
    .options = third_options,
    .stops_at_operand = true,
};
static const struct cli_program *const with_third[] = {
    &third,
    PROGRAMS(POINT_TO_PROGRAM) NULL,
};

/* Whose scripts the shells run. */
static const struct cli_program *const *completed = programs;

static const char *write_script(const char *shell) {
  char name[32];
  char *text = cli_completion(completed, shell);
  snprintf(name, sizeof(name), "script.%s", shell);
  const char *path = below(name);
  write_text(path, text);
  free(text);
  return path;
}

/* What a command prints, as one line of words. */
static const char *output_of(const char *command) {
  static char text[16384];
  FILE *file = popen(command, "r");
  CHECK(file != NULL);
  text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
  int status = pclose(file);
  if (status != 0)
    test_failed_(TEST_HERE_, "status %d: %s\n%s", status, command, text);
  for (char *p = text; (p = strchr(p, '\n')) != NULL; p++)
    *p = p[1] != '\0' ? ' ' : '\0';
  return text;
}

static void need(const char *shell) {
  char command[64];
  snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
  if (system(command) != 0)
    SKIP("there is no such shell");
}

/* -- bash ----------------------------------------------------------------- */

/* Takes a line apart as readline does (without quotes), and has it completed
 * at its end. */
static const char driver[] =
    "offer() {\n"
    "  local rest=$1 next='^[[:space:]]*([=:]+|[^[:space:]=:]+)(.*)$'\n"
    "  COMP_LINE=$1 COMP_WORDS=()\n"
    "  while [[ $rest =~ $next ]]; do\n"
    "    COMP_WORDS+=(\"${BASH_REMATCH[1]}\")\n"
    "    rest=${BASH_REMATCH[2]}\n"
    "  done\n"
    "  [[ -z $rest ]] || COMP_WORDS+=('')\n"
    "  COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))\n"
    "  _belay\n"
    "  printf '%s\\n' \"${COMPREPLY[@]}\"\n"
    "}\n";

/* What bash offers for this line, after `before`. */
static const char *bash_offers_after(const char *before, const char *line) {
  char command[3 * PATH_MAX];
  need("bash");
  write_text(below("driver"), driver);
  snprintf(command, sizeof(command),
           "cd %s && bash --norc -c '. ./driver; . %s; %s\noffer \"$1\"' - "
           "'%s' 2>&1",
           test_dir(), write_script("bash"), before, line);
  return output_of(command);
}

static const char *bash_offers(const char *line) {
  return bash_offers_after("", line);
}

static void make_files(void) {
  write_text(below("urls with blanks.txt"), "");
  CHECK_OK(mkdir(below("logs.d"), 0700));
}

TEST(bash_completes_commands) {
  CHECK_STR(bash_offers("belay "), "fault get run help --help --version");
  CHECK_STR(bash_offers("belay g"), "get");
  CHECK_STR(bash_offers("belay help "), "fault get run");
  CHECK_STR(bash_offers("belay help get "), "");
  CHECK_STR(bash_offers("belay get "), "resume status forget");
  CHECK_STR(bash_offers("belay get re"), "resume");
  CHECK_STR(bash_offers("belay get -j 3 re"), "resume");
  CHECK_STR(bash_offers("belay nonsense "), "");
}

TEST(bash_completes_options) {
  CHECK_STR(bash_offers("belay get --pro"), "--proxy --progress");
  CHECK_STR(bash_offers("belay get -j 3 --re"),
            "--retries --retry-wait --referer");
  CHECK_STR(bash_offers("belay get http://x --http"), "--http1.1 --http2");
  CHECK_STR(bash_offers("belay run --pro"), "--procfile --progress");
  CHECK_STR(bash_offers("belay run -k 5s --ter"), "--terminal");
}

TEST(bash_completes_choices_in_both_forms) {
  CHECK_STR(bash_offers("belay get --progress "), "auto live plain none");
  CHECK_STR(bash_offers("belay get --progress="), "auto live plain none");
  CHECK_STR(bash_offers("belay get --color=al"), "always");
  CHECK_STR(bash_offers("belay get http://x --color=al"), "always");
  CHECK_STR(bash_offers("belay run --progress "), "auto live none");
  CHECK_STR(bash_offers("belay run --restart=f"), "failure");
}

TEST(bash_completes_choices_when_it_does_not_split_at_equals_signs) {
  CHECK_STR(bash_offers_after("offer() { COMP_LINE=$1 COMP_WORDS=($1) "
                              "COMP_CWORD=2; _belay; echo $COMPREPLY; }",
                              "belay run --restart=f"),
            "--restart=failure");
}

TEST(bash_completes_files_and_directories) {
  make_files();
  CHECK_STR(bash_offers("belay get -i ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay get --sums=ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay get --dir lo"), "logs.d");
  CHECK_STR(bash_offers("belay run --procfile ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay run --cwd=lo"), "logs.d");
  CHECK_STR(bash_offers("belay run --cwd=ur"), "");
}

TEST(bash_completes_what_stands_behind_bundled_letters) {
  make_files();
  CHECK_STR(bash_offers("belay get -qd lo"), "logs.d");
  CHECK_STR(bash_offers("belay run -qC lo"), "logs.d");
  CHECK_STR(bash_offers("belay run -qClo"), "-qClogs.d");
}

TEST(bash_leaves_alone_what_nobody_can_guess) {
  CHECK_STR(bash_offers("belay get --jobs "), "");
  CHECK_STR(bash_offers("belay get -H "), "");
  CHECK_STR(bash_offers("belay get http://x "), "");
  CHECK_STR(bash_offers("belay get -- --pro"), "");
  CHECK_STR(bash_offers("belay run --env "), "");
  CHECK_STR(bash_offers("belay run --env A="), "");
  CHECK_STR(bash_offers("belay run -k5"), "");
}

/* Each option that the table has, and no other. */
static void check_all_options(const struct cli_program *program) {
  char offered[16384], line[64], name[64];
  size_t count = 0;
  snprintf(line, sizeof(line), "%s -", program->name);
  snprintf(offered, sizeof(offered), " %s ", bash_offers(line));
  for (const struct cli_option *o = program->options; o->help != NULL; o++) {
    if (o->kind == CLI_HEADING)
      continue;
    snprintf(name, sizeof(name), " -%c ", o->letter);
    CHECK(o->letter == '\0' || strstr(offered, name) != NULL);
    snprintf(name, sizeof(name), " --%s ", o->name != NULL ? o->name : "");
    CHECK(o->name == NULL || strstr(offered, name) != NULL);
    count += (o->letter != '\0') + (o->name != NULL);
  }
  for (char *p = offered; (p = strstr(p, " -")) != NULL; p++)
    count--;
  CHECK_EQ(count, 0);
}

TEST(bash_offers_all_options) {
  completed = with_third;
  for (size_t i = 0; with_third[i] != NULL; i++)
    check_all_options(with_third[i]);
}

/* -- bash: commands ------------------------------------------------------- */

static void make_command(void) {
  CHECK_OK(mkdir(below("bin"), 0700));
  write_text(below("bin/frobnicate"), "");
  CHECK_OK(chmod(below("bin/frobnicate"), 0700));
}

static const char *bash_runs(const char *line) {
  return bash_offers_after("PATH=$PWD/bin", line);
}

/* What stands in for bash-completion tells where it was told to begin. */
static const char *bash_begins_at(const char *line) {
  return bash_offers_after(
      "_command_offset() { COMPREPLY=(\"${COMP_WORDS[@]:$1}\"); }", line);
}

TEST(bash_completes_operands_to_commands) {
  make_command();
  CHECK_STR(bash_runs("belay run frob"), "frobnicate");
  CHECK_STR(bash_runs("belay run -- frob"), "frobnicate");
  CHECK_STR(bash_runs("belay run -q --cwd / -k5s --signal=INT frob"),
            "frobnicate");
  CHECK_STR(bash_runs("belay run -qk 5s frob"), "frobnicate");
  CHECK_STR(bash_runs("belay run --env A=b frob"), "frobnicate");
  CHECK_STR(bash_runs("belay run -e A= frob"), "frobnicate");
  CHECK_STR(bash_runs("belay run --limit=nofile=10:20 frob"), "frobnicate");
}

TEST(bash_completes_what_a_command_takes_to_files) {
  make_files();
  CHECK_STR(bash_offers("belay run cat ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay run cat --pro"), "");
  CHECK_STR(bash_offers("belay run -q cat -C ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay run -- cat --progress ur"),
            "urls with blanks.txt");
}

TEST(bash_asks_bash_completion_where_there_is_one) {
  CHECK_STR(bash_begins_at("belay run ca"), "ca");
  CHECK_STR(bash_begins_at("belay run -e A=b -- cat --x=y "), "cat --x = y ");
  CHECK_STR(bash_begins_at("belay run -e A= cat -- f"), "cat -- f");
  CHECK_STR(bash_begins_at("belay run --timeout=1m get --pro"), "get --pro");
  CHECK_STR(bash_begins_at("belay run --pro"), "--procfile --progress");
  CHECK_STR(bash_begins_at("belay get http://x "), "");
}

TEST(bash_completes_any_number_of_programs) {
  make_files();
  completed = with_third;
  CHECK_STR(bash_offers("belay help "), "third fault get run");
  CHECK_STR(bash_offers("belay third --"), "--never --what");
  CHECK_STR(bash_offers("belay third -nw ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay third -w x cat ur"), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay get --pro"), "--proxy --progress");
}

/* -- zsh and fish --------------------------------------------------------- */

static void check_syntax(const char *shell) {
  char command[PATH_MAX + 64];
  need(shell);
  completed = with_third;
  snprintf(command, sizeof(command), "%s -n %s 2>&1", shell,
           write_script(shell));
  CHECK_STR(output_of(command), "");
}

TEST(zsh_reads_its_script) {
  check_syntax("zsh");
}

TEST(fish_reads_its_script) {
  check_syntax("fish");
}

static const char *fish_offers(const char *line) {
  char command[PATH_MAX + 256];
  need("fish");
  snprintf(command, sizeof(command),
           "HOME=%s fish --no-config -c 'source %s; complete -C \"%s\"' "
           "2>/dev/null | cut -f1 | sort",
           test_dir(), write_script("fish"), line);
  return output_of(command);
}

TEST(fish_completes_commands_options_and_choices) {
  CHECK_STR(fish_offers("belay "), "fault get help run");
  CHECK_STR(fish_offers("belay get "), "forget resume status");
  CHECK_STR(fish_offers("belay get --pro"), "--progress --proxy");
  CHECK_STR(fish_offers("belay get --progress "), "auto live none plain");
  CHECK_STR(fish_offers("belay get --color=al"), "--color=always");
}

TEST(fish_completes_options_of_several_programs) {
  CHECK_STR(fish_offers("belay help "), "fault get run");
  CHECK_STR(fish_offers("belay run --pro"), "--procfile --progress");
  CHECK_STR(fish_offers("belay run get --pro"), "");
  CHECK_STR(fish_offers("belay run -qk 5s --ter"), "--terminal");
  CHECK_STR(fish_offers("belay run --restart=f"), "--restart=failure");
}

TEST(fish_completes_operands_as_the_command_would) {
  CHECK_STR(fish_offers("belay run cat belay get --pro"), "");
  CHECK_STR(fish_offers("belay run belay get --pro"), "--progress --proxy");
  CHECK_STR(fish_offers("belay run -qk 5s -- belay g"), "get");
  CHECK_STR(fish_offers("belay run -e A=b belay run --rew"), "--rewrite");
}
