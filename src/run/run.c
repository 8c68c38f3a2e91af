/*
 * run.c: main() of `belay run`: what the command line asks for, or what the
 * name says by which we were started.
 */
#include <belay/version.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "as.h"
#include "cli/message.h"
#include "exit.h"
#include "many.h"
#include "options.h"
#include "single.h"
#include "start.h"

static int print(const char *text) {
  if (text != NULL && fputs(text, stdout) >= 0 && fflush(stdout) == 0)
    return EXIT_SUCCESS;
  message("standard output: %s", strerror(errno));
  return EXIT_BELAY;
}

static int print_help(void) {
  char *text = run_options_help();
  int status = print(text);
  free(text);
  return status;
}

static int complain(char *error) {
  message("%s", error != NULL ? error : "out of memory");
  free(error);
  return EXIT_BELAY;
}

/* Called as another tool; the status of what was all. */
static int run_as(const struct as_tool *tool, int argc, char **argv) {
  struct run_options options = run_options_default();
  int status = tool->parse(argc, argv, &options);
  if (status >= 0)
    return status;
  single_run(&options);
}

int main(int argc, char **argv) {
  struct run_options options;
  char *error = NULL;
  const struct as_tool *tool = as_find(argv[0]);
  start_fill_standard_fds();
  if (tool != NULL)
    return run_as(tool, argc, argv);
  if (argc > 1 && strncmp(argv[1], AS_ATTACH, strlen(AS_ATTACH)) == 0)
    return as_dumb_init_attached(argc, argv);
  message_set_program("belay run");
  if (run_options_parse(argc, argv, &options, &error) < 0)
    return complain(error);
  if (options.help)
    return print_help();
  if (options.version)
    return print("belay " BELAY_VERSION_STRING "\n");
  if (start_check(&options, &error) < 0)
    return complain(error);
  if (options.source == SOURCE_COMMAND)
    single_run(&options);
  return many_run(&options);
}
