/* run_command.c: templates filled in, and lines for the shell. */
#include "harness/harness.h"

#include "run/command.h"

/* The words of the template with the argument, each in [], and its line. */
static const char *filled(char *const *template, const char *argument,
                          long number) {
  static char text[1024];
  struct command command;
  CHECK_OK(command_from_template(template, argument, number, &command));
  text[0] = '\0';
  for (char **word = command.argv; *word != NULL; word++)
    sprintf(text + strlen(text), "[%s]", *word);
  sprintf(text + strlen(text), " %s", command.line);
  CHECK_STR(command.name, command.line);
  command_clear(&command);
  CHECK(command.argv == NULL);
  return text;
}

#define FILLED(argument, number, ...)                                       \
  filled((char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL}, argument, \
         number)

TEST(without_a_mark_the_argument_comes_last) {
  CHECK_STR(FILLED("x", 1, "echo"), "[echo][x] echo x");
  CHECK_STR(FILLED("a b", 1, "echo", "-n"), "[echo][-n][a b] echo -n a b");
  CHECK_STR(FILLED("", 1, "echo"), "[echo][] echo ");
}

TEST(a_mark_is_where_it_goes) {
  CHECK_STR(FILLED("x", 1, "cp", "{}", "to"), "[cp][x][to] cp x to");
  CHECK_STR(FILLED("x", 1, "cp", "{}", "{}.old"), "[cp][x][x.old] cp x x.old");
  CHECK_STR(FILLED("x", 1, "a{}b{}c"), "[axbxc] axbxc");
  CHECK_STR(FILLED("", 1, "echo", "{}"), "[echo][] echo ");
  CHECK_STR(FILLED("{}", 1, "echo", "{}"), "[echo][{}] echo {}");
  CHECK_STR(FILLED("sh", 1, "{}", "-c"), "[sh][-c] sh -c");
}

TEST(each_mark_has_its_part) {
  static const struct {
    const char *argument, *wanted;
  } cases[] = {
      {"a/b/c.tar.gz", "a/b/c.tar|c.tar.gz|a/b|c.tar|7"},
      {"c.txt", "c|c.txt|.|c|7"},
      {"c", "c|c|.|c|7"},
      {"/c", "/c|c|/|c|7"},
      {"/a/c.x", "/a/c|c.x|/a|c|7"},
      {".bashrc", ".bashrc|.bashrc|.|.bashrc|7"},
      {"a/.bashrc", "a/.bashrc|.bashrc|a|.bashrc|7"},
      {"a.d/c", "a.d/c|c|a.d|c|7"},
      {"a.d/", "a.d/||a.d||7"},
      {"/", "/||/||7"},
      {"", "||.||7"},
      {"a.", "a|a.|.|a|7"},
      {"a..b", "a.|a..b|.|a.|7"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char wanted[128];
    snprintf(wanted, sizeof wanted, "[%s] %s", cases[i].wanted,
             cases[i].wanted);
    CHECK_STR(FILLED(cases[i].argument, 7, "{.}|{/}|{//}|{/.}|{#}"), wanted);
  }
}

TEST(a_number_alone_is_a_mark) {
  CHECK_STR(FILLED("x", 12, "echo", "{#}"), "[echo][12] echo 12");
}

TEST(what_only_looks_like_a_mark_stays) {
  CHECK_STR(FILLED("x", 1, "{", "}", "{x}", "{ }", "{}{"),
            "[{][}][{x}][{ }][x{] { } {x} { } x{");
  CHECK_STR(FILLED("x", 1, "awk", "{print}"),
            "[awk][{print}][x] awk {print} x");
  CHECK_STR(FILLED("x", 1, "{{}}"), "[{x}] {x}");
}

TEST(long_arguments_fit) {
  static char argument[300001];
  memset(argument, 'y', sizeof argument - 1);
  struct command command;
  char *template[] = {(char[]){"echo"}, (char[]){"{}{}{/.}"}, NULL};
  CHECK_OK(command_from_template(template, argument, 1, &command));
  CHECK_EQ(strlen(command.argv[1]), 900000);
  CHECK_EQ(strlen(command.line), 900005);
  command_clear(&command);
}

TEST(a_line_is_the_shells) {
  struct command command;
  CHECK_OK(command_from_line(NULL, "a | b", &command));
  CHECK_STR(command.argv[0], "/bin/sh");
  CHECK_STR(command.argv[1], "-c");
  CHECK_STR(command.argv[2], "a | b");
  CHECK(command.argv[3] == NULL);
  CHECK_STR(command.line, "a | b");
  CHECK_STR(command.name, "a | b");
  command_clear(&command);
  CHECK_OK(command_from_line("web", "serve {}", &command));
  CHECK_STR(command.name, "web");
  CHECK_STR(command.argv[2], "serve {}");
  command_clear(&command);
}
