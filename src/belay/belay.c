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

static const char *const commands[] = {"get", "help", NULL};

static const char help[] =
    "usage: belay COMMAND [argument ...]\n"
    "       belay help [COMMAND]\n"
    "\n"
    "Programs that take signals seriously.\n"
    "\n"
    "  get     download files; Ctrl-C does no harm\n"
    "\n"
    "  -h, --help     this text\n"
    "      --version  the version\n"
    "\n"
    "'belay help COMMAND' explains a command. See belay(1).\n";

static int print(const char *text) {
  return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_OK
                                                          : EXIT_FAILED;
}

/* The directory that our own executable is in; false if nobody tells. */
static int own_directory(char *path, size_t size) {
  ssize_t n = readlink("/proc/self/exe", path, size - 1);
  if (n <= 0)
    return -ENOENT;
  path[n] = '\0';
  char *slash = strrchr(path, '/');
  if (slash == NULL)
    return -ENOENT;
  *slash = '\0';
  return 0;
}

/* Executes directory/belay-COMMAND; returns only if that is not possible. */
static void try(const char *directory, const char *program, char **argv,
                int *error) {
  char path[PATH_MAX];
  int n = snprintf(path, sizeof(path), "%s/%s", directory, program);
  if (directory[0] == '\0' || n < 0 || (size_t)n >= sizeof(path))
    return;
  execv(path, argv);
  if (errno != ENOENT && errno != ENOTDIR)
    *error = errno;
}

static int execute(const char *command, char **argv) {
  char program[64], own[PATH_MAX], beside[PATH_MAX + 32];
  int error = ENOENT;
  const char *first = getenv("BELAY_EXEC_PATH");
  snprintf(program, sizeof(program), "belay-%s", command);
  if (first != NULL)
    try(first, program, argv, &error);
  if (own_directory(own, sizeof(own)) == 0) {
    try(own, program, argv, &error);
    snprintf(beside, sizeof(beside), "%s/../libexec/belay", own);
    try(beside, program, argv, &error);
    snprintf(beside, sizeof(beside), "%s/../%s", own, command); /* not installed */
    try(beside, program, argv, &error);
  }
  try(BELAY_LIBEXECDIR, program, argv, &error);
  execvp(program, argv);
  if (errno != ENOENT)
    error = errno;
  message("%s: %s", program,
          error == ENOENT ? "not found; is it installed?" : strerror(error));
  return error == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXECUTE;
}

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
  if (strcmp(command, "help") != 0)
    return execute(command, argv + 1);
  if (argc == 2)
    return print(help);
  if (!is_command(argv[2]))
    return refuse(argv[2]);
  char help_option[] = "--help";
  char *asks[] = {argv[2], help_option, NULL};
  return execute(argv[2], asks);
}
