/*
 * cli_completion.c: the scripts complete what the program takes.
 *
 * The table is the real one.  bash, which is nearly everywhere, is made to run
 * its script; the scripts of other shells are at least read by them.
 */
#include "harness/harness.h"

#include <limits.h>
#include <sys/stat.h>

#include "cli/completion.h"
#include "get/options.c" /* for its table, which is nobody else's business */

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
  char *made = cli_completion(&program, shell);
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
  CHECK(cli_completion(&program, "cmd.exe") == NULL);
}

/* -- Running the shells --------------------------------------------------- */

static const char *write_script(const char *shell) {
  static char path[PATH_MAX];
  char *text = cli_completion(&program, shell);
  snprintf(path, sizeof(path), "%s/script.%s", test_dir(), shell);
  FILE *file = fopen(path, "we");
  CHECK(file != NULL && fputs(text, file) >= 0);
  fclose(file);
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

static bool has(const char *shell) {
  char command[64];
  snprintf(command, sizeof(command), "command -v %s >/dev/null", shell);
  return system(command) == 0;
}

/* What bash offers for these words, the last of which is being typed. */
static const char *bash_offers(const char *words) {
  char command[PATH_MAX + 512];
  if (!has("bash"))
    SKIP("there is no bash");
  snprintf(command, sizeof(command),
           "cd %s && bash --norc -c '. %s; COMP_WORDS=(%s); "
           "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _belay; "
           "printf \"%%s\\n\" \"${COMPREPLY[@]}\"' 2>&1",
           test_dir(), write_script("bash"), words);
  return output_of(command);
}

static void touch(const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof(path), "%s/%s", test_dir(), name);
  fclose(fopen(path, "we"));
}

TEST(bash_completes_commands) {
  CHECK_STR(bash_offers("belay \"\""), "get help --help --version");
  CHECK_STR(bash_offers("belay g"), "get");
  CHECK_STR(bash_offers("belay help \"\""), "get");
  CHECK_STR(bash_offers("belay get \"\""), "resume status forget");
  CHECK_STR(bash_offers("belay get re"), "resume");
  CHECK_STR(bash_offers("belay nonsense \"\""), "");
}

TEST(bash_completes_options) {
  CHECK_STR(bash_offers("belay get --pro"), "--proxy --progress");
  CHECK_STR(bash_offers("belay get -j 3 --re"),
            "--retries --retry-wait --referer");
  CHECK_STR(bash_offers("belay get http://x --http"), "--http1.1 --http2");
}

TEST(bash_completes_choices_in_both_forms) {
  CHECK_STR(bash_offers("belay get --progress \"\""), "auto live plain none");
  CHECK_STR(bash_offers("belay get --progress = \"\""), "auto live plain none");
  CHECK_STR(bash_offers("belay get --progress ="), "auto live plain none");
  CHECK_STR(bash_offers("belay get --color = al"), "always");
}

TEST(bash_completes_files_and_directories) {
  char *directory;
  touch("urls with blanks.txt");
  CHECK(asprintf(&directory, "%s/urls.d", test_dir()) > 0);
  CHECK_OK(mkdir(directory, 0700));
  CHECK_STR(bash_offers("belay get -i \"urls w\""), "urls with blanks.txt");
  CHECK_STR(bash_offers("belay get --sums = \"urls w\""),
            "urls with blanks.txt");
  CHECK_STR(bash_offers("belay get --dir url"), "urls.d");
  free(directory);
}

TEST(bash_leaves_alone_what_nobody_can_guess) {
  CHECK_STR(bash_offers("belay get --jobs \"\""), "");
  CHECK_STR(bash_offers("belay get -H \"\""), "");
  CHECK_STR(bash_offers("belay get http://x \"\""), "");
}

/* Each option that the table has, and no other. */
TEST(bash_offers_all_options) {
  char offered[16384], name[64];
  size_t count = 0;
  snprintf(offered, sizeof(offered), " %s ", bash_offers("belay get -"));
  for (const struct cli_option *o = table; o->help != NULL; o++) {
    if (o->kind == CLI_HEADING)
      continue;
    snprintf(name, sizeof(name), " --%s ", o->name);
    CHECK(strstr(offered, name) != NULL);
    count += 1 + (o->letter != '\0');
  }
  for (char *p = offered; (p = strstr(p, " -")) != NULL; p++)
    count--;
  CHECK_EQ(count, 0);
}

static void check_syntax(const char *shell) {
  char command[PATH_MAX + 64];
  if (!has(shell))
    SKIP("there is no such shell");
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
  if (!has("fish"))
    SKIP("there is no fish");
  snprintf(command, sizeof(command),
           "HOME=%s fish --no-config -c 'source %s; complete -C \"%s\"' "
           "2>/dev/null | cut -f1 | sort",
           test_dir(), write_script("fish"), line);
  return output_of(command);
}

TEST(fish_completes_commands_options_and_choices) {
  CHECK_STR(fish_offers("belay "), "get help");
  CHECK_STR(fish_offers("belay get "), "forget resume status");
  CHECK_STR(fish_offers("belay get --pro"), "--progress --proxy");
  CHECK_STR(fish_offers("belay get --progress "), "auto live none plain");
  CHECK_STR(fish_offers("belay get --color=al"), "--color=always");
}
