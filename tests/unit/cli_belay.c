/*
 * cli_belay.c: the dispatcher finds the program, and says so when it cannot.
 *
 * belay's own source is compiled into this test with its main() renamed, and
 * "executes" scripts that print how they were called.
 */
#include "harness/harness.h"

#include <sys/stat.h>

#ifndef BELAY_LIBEXECDIR
#define BELAY_LIBEXECDIR "/nonexistent/libexec/belay"
#endif
int belay_main(int argc, char **argv);
#define main belay_main
#include "belay/belay.c"
#undef main
#include "programs.h"

static char *below(const char *name) {
  char *path;
  CHECK(asprintf(&path, "%s/%s", test_dir(), name) > 0);
  return path;
}

/* Makes directory/belay-get, which prints its name and arguments. */
static void install(const char *directory, mode_t mode) {
  char *folder = below(directory), *path;
  CHECK(mkdir(folder, 0755) == 0 || errno == EEXIST);
  CHECK(asprintf(&path, "%s/belay-get", folder) > 0);
  FILE *file = fopen(path, "we");
  CHECK(file != NULL);
  fprintf(file, "#!/bin/sh\necho %s \"$@\"\nexit 7\n", directory);
  CHECK_EQ(fclose(file), 0);
  CHECK_OK(chmod(path, mode));
  free(path);
  free(folder);
}

static char output[16384];

/* Runs the dispatcher with these words; its status, and what it printed. */
static int run(const char *started_as, const char *line) {
  char words[256], *argv[16] = {NULL};
  int argc = 1, fds[2];
  snprintf(words, sizeof(words), "%s", line);
  argv[0] = strdup(started_as);
  for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
    argv[argc++] = word;
  CHECK_OK(pipe(fds));
  fflush(NULL);
  pid_t child = test_fork();
  if (child == 0) {
    dup2(fds[1], STDOUT_FILENO);
    dup2(fds[1], STDERR_FILENO);
    close(fds[0]);
    close(fds[1]);
    int status = belay_main(argc, argv);
    fflush(NULL);
    _exit(status);
  }
  close(fds[1]);
  size_t size = 0;
  for (ssize_t n;
       (n = read(fds[0], output + size, sizeof(output) - 1 - size)) > 0;)
    size += (size_t)n;
  output[size] = '\0';
  close(fds[0]);
  free(argv[0]);
  return test_wait_exit(child);
}

/* Nothing is found but in `path`, a list like PATH with directories below the
 * test's. */
static void set_path(const char *first, const char *second) {
  char *path, *a = below(first), *b = below(second);
  CHECK(asprintf(&path, "%s:%s", a, b) > 0);
  setenv("PATH", path, 1);
  unsetenv("BELAY_EXEC_PATH");
  free(path);
  free(a);
  free(b);
}

TEST(help_and_version_are_printed) {
  CHECK_EQ(run("belay", "--help"), 0);
  CHECK(strncmp(output, "usage: belay COMMAND", 20) == 0);
  CHECK_EQ(run("belay", "-h"), 0);
  CHECK_EQ(run("belay", "help"), 0);
  CHECK_EQ(run("belay", "help help"), 0);
  CHECK(strncmp(output, "usage: belay COMMAND", 20) == 0);
  CHECK_EQ(run("belay", "--version"), 0);
  CHECK_STR(output, "belay " BELAY_VERSION_STRING "\n");
}

TEST(nothing_is_a_wrong_use) {
  CHECK_EQ(run("belay", ""), 2);
  CHECK(strncmp(output, "usage: belay COMMAND", 20) == 0);
}

TEST(an_unknown_command_is_likened_to_one) {
  CHECK_EQ(run("belay", "gte x"), 2);
  CHECK_STR(output, "belay: unknown command 'gte'; did you mean 'get'?\n");
  CHECK_EQ(run("belay", "help gte"), 2);
  CHECK_STR(output, "belay: unknown command 'gte'; did you mean 'get'?\n");
  CHECK_EQ(run("belay", "frobnicate"), 2);
  CHECK_STR(output,
            "belay: unknown command 'frobnicate'; 'belay help' lists them\n");
  CHECK_EQ(run("belay", "--frob"), 2);
  CHECK_STR(output, "belay: unknown option '--frob'; 'belay help' explains\n");
}

/* All but "help", which is the last. */
TEST(each_command_is_explained_and_has_a_program) {
  char line[64], expected[64];
  set_path("none", "neither");
  for (int i = 0; commands[i + 1] != NULL; i++) {
    snprintf(line, sizeof(line), "\n  %s  ", commands[i]);
    CHECK(strstr(help, line) != NULL);
    snprintf(expected, sizeof(expected), "belay: belay-%s: not found; ",
             commands[i]);
    CHECK_EQ(run("belay", commands[i]), 127);
    CHECK(strncmp(output, expected, strlen(expected)) == 0);
  }
}

TEST(the_programs_that_are_completed_are_the_commands) {
  char name[64];
  int i = 0;
  for (; programs[i] != NULL; i++) {
    snprintf(name, sizeof(name), "belay %s", commands[i]);
    CHECK_STR(programs[i]->name, name);
  }
  CHECK_STR(commands[i], "help");
}

TEST(no_path_can_be_smuggled_in_as_a_command) {
  CHECK_EQ(run("belay", "../get"), 2);
  CHECK_EQ(run("belay", "get/../x"), 2);
}

TEST(arguments_and_status_are_those_of_the_program) {
  install("a", 0755);
  set_path("none", "a");
  CHECK_EQ(run("belay", "get -d out --version http://x"), 7);
  CHECK_STR(output, "a -d out --version http://x\n");
  CHECK_EQ(run("belay", "help get"), 7);
  CHECK_STR(output, "a --help\n");
}

TEST(the_variable_comes_first) {
  char *b = below("b");
  install("a", 0755);
  install("b", 0755);
  set_path("a", "b");
  CHECK_EQ(run("belay", "get"), 7);
  CHECK_STR(output, "a\n");
  setenv("BELAY_EXEC_PATH", b, 1);
  CHECK_EQ(run("belay", "get"), 7);
  CHECK_STR(output, "b\n");
  free(b);
}

TEST(not_found_is_127) {
  set_path("none", "neither");
  CHECK_EQ(run("belay", "get"), 127);
  CHECK(strncmp(output, "belay: belay-get: not found; ", 29) == 0);
  unsetenv("PATH");
  CHECK_EQ(run("belay", "get"), 127);
  setenv("PATH", "", 1);
  setenv("BELAY_EXEC_PATH", "", 1);
  CHECK_EQ(run("belay", "get"), 127);
}

TEST(found_but_not_executable_is_126) {
  install("a", 0644);
  set_path("a", "none");
  CHECK_EQ(run("belay", "get"), 126);
  CHECK_STR(output, "belay: belay-get: Permission denied\n");
}

TEST(an_executable_one_further_on_is_taken) {
  install("a", 0644);
  install("b", 0755);
  set_path("a", "b");
  CHECK_EQ(run("belay", "get"), 7);
  CHECK_STR(output, "b\n");
}

TEST(a_directory_that_may_not_be_searched_is_not_where_it_is) {
  if (getuid() == 0) {
    CHECK_OK(chmod(test_dir(), 0755));
    install("a", 0755);
    char *a = below("a");
    CHECK_OK(chmod(a, 0700));
    free(a);
    set_path("a", "none");
    if (setuid(65534) != 0)
      SKIP("cannot become another user");
    CHECK_EQ(run("belay", "get"), 127);
    return;
  }
  install("a", 0755);
  char *a = below("a");
  set_path("a", "none");
  CHECK_OK(chmod(a, 0));
  CHECK_EQ(run("belay", "get"), 127);
  CHECK_OK(chmod(a, 0700));
  free(a);
}

TEST(a_path_too_long_for_its_place_is_not_cut) {
  char path[PATH_MAX], tiny[4];
  CHECK_OK(own_directory("belay", path, sizeof(path)));
  CHECK_EQ(path[0], '/');
  CHECK_ERR(own_directory("belay", tiny, sizeof(tiny)), -ENOENT);
}

TEST(what_cannot_be_printed_is_an_error) {
  if (access("/dev/full", W_OK) != 0)
    SKIP("there is no /dev/full");
  fflush(stdout);
  pid_t child = test_fork();
  if (child == 0) {
    if (freopen("/dev/full", "w", stdout) == NULL)
      _exit(100);
    char name[] = "belay", option[] = "--help", *argv[] = {name, option, NULL};
    _exit(belay_main(2, argv));
  }
  CHECK_EQ(test_wait_exit(child), 1);
}
