/* cli_xdg.c: where the state goes, and the directories on the way. */
#include "harness/harness.h"

#include <pwd.h>
#include <sys/stat.h>

#include "cli/xdg.h"

static void check_path(const char *expected) {
  char *path = NULL;
  CHECK_OK(xdg_state_path("belay/get.db", &path));
  CHECK_STR(path, expected);
  free(path);
}

TEST(the_variable_says_where) {
  setenv("HOME", "/home/x", 1);
  setenv("XDG_STATE_HOME", "/var/state", 1);
  check_path("/var/state/belay/get.db");
}

TEST(else_it_is_below_home) {
  setenv("HOME", "/home/x", 1);
  unsetenv("XDG_STATE_HOME");
  check_path("/home/x/.local/state/belay/get.db");
}

TEST(a_relative_or_empty_variable_is_ignored) {
  setenv("HOME", "/home/x", 1);
  setenv("XDG_STATE_HOME", "state", 1);
  check_path("/home/x/.local/state/belay/get.db");
  setenv("XDG_STATE_HOME", "", 1);
  check_path("/home/x/.local/state/belay/get.db");
}

TEST(without_a_home_the_user_has_one) {
  const struct passwd *user = getpwuid(getuid());
  if (user == NULL)
    SKIP("this user is in no passwd");
  char expected[4096];
  snprintf(expected, sizeof(expected), "%s/.local/state/belay/get.db",
           user->pw_dir);
  unsetenv("XDG_STATE_HOME");
  unsetenv("HOME");
  check_path(expected);
  setenv("HOME", "relative", 1);
  check_path(expected);
}

TEST(asking_makes_nothing) {
  char *path = NULL;
  setenv("XDG_STATE_HOME", test_dir(), 1);
  CHECK_OK(xdg_state_path("belay/get.db", &path));
  *strrchr(path, '/') = '\0';
  CHECK(access(path, F_OK) != 0);
  free(path);
}

static mode_t mode_of(const char *path) {
  struct stat status;
  CHECK_OK(stat(path, &status));
  CHECK(S_ISDIR(status.st_mode));
  return status.st_mode & 07777;
}

static char *below(const char *name) {
  char *path;
  CHECK(asprintf(&path, "%s/%s", test_dir(), name) > 0);
  return path;
}

TEST(directories_are_made_for_the_user_alone) {
  char *path = below("a/b/get.db"), *a = below("a"), *b = below("a/b");
  umask(0);
  CHECK_OK(xdg_make_parents(path));
  CHECK_EQ(mode_of(a), 0700);
  CHECK_EQ(mode_of(b), 0700);
  CHECK(access(path, F_OK) != 0);
  CHECK_OK(xdg_make_parents(path)); /* they are there already */
  free(path);
  free(a);
  free(b);
}

TEST(directories_that_are_there_keep_their_mode) {
  char *path = below("a/b/get.db"), *a = below("a");
  CHECK_OK(mkdir(a, 0750));
  CHECK_OK(xdg_make_parents(path));
  CHECK_EQ(mode_of(a), 0750);
  free(path);
  free(a);
}

TEST(slashes_too_many_do_no_harm) {
  char *path = below("a//b///get.db"), *b = below("a/b");
  CHECK_OK(xdg_make_parents(path));
  mode_of(b);
  free(path);
  free(b);
}

TEST(a_path_without_directories_needs_none) {
  CHECK_OK(xdg_make_parents("get.db"));
  CHECK_OK(xdg_make_parents(""));
  CHECK_OK(xdg_make_parents("/"));
  CHECK_OK(xdg_make_parents("/get.db"));
}

TEST(a_relative_path_is_made_below_here) {
  CHECK_OK(chdir(test_dir()));
  CHECK_OK(xdg_make_parents("here/get.db"));
  CHECK_EQ(mode_of("here"), 0700);
  CHECK_OK(chdir("/"));
}

TEST(a_file_in_the_way_is_an_error) {
  char *file = below("a"), *path = below("a/b/get.db");
  fclose(fopen(file, "w"));
  CHECK_ERR(xdg_make_parents(path), -ENOTDIR);
  free(file);
  free(path);
}
