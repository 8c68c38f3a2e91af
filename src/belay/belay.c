/*
 * belay.c: the dispatcher: `belay get ...` becomes belay-get.
 *
 * Programs are executables of their own, since what they link differs; this
 * one links libc and finds them.
 */
#include <belay/version.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/exit.h"
#include "cli/message.h"
#include "cli/option.h"

#define EXIT_CANNOT_EXECUTE 126
#define EXIT_NOT_FOUND 127

static const char *const commands[] = {"fault", "get", "run", "help", NULL};

static const char help[] =
    "usage: belay COMMAND [argument ...]\n"
    "       belay help [COMMAND]\n"
    "\n"
    "Programs that take signals seriously.\n"
    "\n"
    "  fault   a server that misbehaves on purpose\n"
    "  get     download files; Ctrl-C does no harm\n"
    "  run     run commands; nothing is left behind\n"
    "\n"
    "  -h, --help     this text\n"
    "      --version  the version\n"
    "\n"
    "'belay help COMMAND' explains a command. See belay(1).\n";

static int print(const char *text) {
  if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
    return EXIT_OK;
  message("standard output: %s", strerror(errno));
  return EXIT_FAILED;
}

/* -- Finding a program ---------------------------------------------------- */

/* The directory of our own executable: from the kernel; else from the path we
 * were started by, if it was one; -ENOENT if nobody tells. */
static int own_directory(const char *started_as, char *ret_path, size_t size) {
  ssize_t n = readlink("/proc/self/exe", ret_path, size);
  if (n <= 0) {
    n = (ssize_t)strlen(started_as);
    memcpy(ret_path, started_as, (size_t)n < size ? (size_t)n + 1 : 0);
  }
  if ((size_t)n >= size)
    return -ENOENT;
  ret_path[n] = '\0';
  char *slash = strrchr(ret_path, '/');
  if (slash == NULL)
    return -ENOENT;
  *slash = '\0';
  return 0;
}

/* What is looked for, and the error of the last one that was there but could
 * not be executed. */
struct search {
  const char *program;
  char **argv;
  int error;
};

/* Executes directory/program; returns only if that is not possible. */
static void try(struct search *search, const char *directory) {
  char path[PATH_MAX];
  int n = snprintf(path, sizeof(path), "%s/%s", directory, search->program);
  if (directory[0] == '\0' || n < 0 || (size_t)n >= sizeof(path))
    return;
  execv(path, search->argv);
  int error = errno;
  /* A directory that we may not search does not mean that it is there. */
  if (error != ENOENT && error != ENOTDIR && access(path, F_OK) == 0)
    search->error = error;
}

/* Beside ourselves: installed in one directory, below one prefix, or built and
 * not installed. */
static void try_relatives(struct search *search, const char *started_as,
                          const char *command) {
  char own[PATH_MAX], path[PATH_MAX + 64];
  if (own_directory(started_as, own, sizeof(own)) < 0)
    return;
  try(search, own);
  snprintf(path, sizeof(path), "%s/../libexec/belay", own);
  try(search, path);
  snprintf(path, sizeof(path), "%s/../%s", own, command);
  try(search, path);
}

/* As execvp() would, except for what it says in the end. */
static void try_path(struct search *search) {
  const char *rest = getenv("PATH");
  while (rest != NULL && *rest != '\0') {
    char directory[PATH_MAX];
    size_t size = strcspn(rest, ":");
    if (size < sizeof(directory)) {
      memcpy(directory, rest, size);
      directory[size] = '\0';
      try(search, directory);
    }
    rest += size + (rest[size] == ':');
  }
}

static int execute(const char *started_as, const char *command, char **argv) {
  char program[64];
  snprintf(program, sizeof(program), "belay-%s", command);
  struct search search = {program, argv, ENOENT};
  const char *first = getenv("BELAY_EXEC_PATH");
  argv[0] = program;
  if (first != NULL)
    try(&search, first);
  try_relatives(&search, started_as, command);
  try(&search, BELAY_LIBEXECDIR);
  try_path(&search);
  if (search.error != ENOENT) {
    message("%s: %s", program, strerror(search.error));
    return EXIT_CANNOT_EXECUTE;
  }
  message(
      "%s: not found; is it installed? BELAY_EXEC_PATH may name its "
      "directory",
      program);
  return EXIT_NOT_FOUND;
}

/* -- Words ---------------------------------------------------------------- */

static int is_command(const char *word) {
  for (int i = 0; commands[i] != NULL; i++)
    if (strcmp(word, commands[i]) == 0)
      return 1;
  return 0;
}

static int refuse(const char *word) {
  const char *nearest = cli_nearest(word, commands);
  if (nearest != NULL)
    message("unknown command '%s'; did you mean '%s'?", word, nearest);
  else
    message("unknown command '%s'; 'belay help' lists them", word);
  return EXIT_USAGE;
}

/* "help", "help get" */
static int explain(int argc, char **argv) {
  if (argc < 3 || strcmp(argv[2], "help") == 0)
    return print(help);
  if (!is_command(argv[2]))
    return refuse(argv[2]);
  char help_option[] = "--help";
  char *asks[] = {argv[2], help_option, NULL};
  return execute(argv[0], argv[2], asks);
}

int main(int argc, char **argv) {
  message_set_program("belay");
  if (argc < 2) {
    fputs(help, stderr);
    return EXIT_USAGE;
  }
  const char *command = argv[1];
  if (strcmp(command, "-h") == 0 || strcmp(command, "--help") == 0)
    return print(help);
  if (strcmp(command, "--version") == 0)
    return print("belay " BELAY_VERSION_STRING "\n");
  if (command[0] == '-') {
    message("unknown option '%s'; 'belay help' explains", command);
    return EXIT_USAGE;
  }
  if (!is_command(command))
    return refuse(command);
  if (strcmp(command, "help") == 0)
    return explain(argc, argv);
  return execute(argv[0], command, argv + 1);
}
