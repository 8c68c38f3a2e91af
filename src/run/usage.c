/* usage.c: help, the version, or the line that says what is wrong. */
#include "usage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "exit.h"
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

int usage_take(const char *program, const char *version, int argc, char **argv,
               struct run_options *ret_options) {
  char *error = NULL;
  message_set_program(program);
  if (run_options_parse(argc, argv, ret_options, &error) < 0)
    return complain(error);
  if (ret_options->help)
    return print_help();
  if (ret_options->version)
    return print(version);
  return start_check(ret_options, &error) < 0 ? complain(error) : -1;
}
