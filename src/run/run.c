/*
 * run.c: main() of `belay run`: what the command line asks for, or what the
 * name says by which we were started.
 */
#include <belay/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "exit.h"
#include "many.h"
#include "options.h"
#include "single.h"

static int print(const char *text) {
  return text != NULL && fputs(text, stdout) >= 0 && fflush(stdout) == 0
             ? EXIT_SUCCESS
             : EXIT_BELAY;
}

int main(int argc, char **argv) {
  struct run_options options;
  char *error = NULL;
  message_set_program("belay run");
  if (run_options_parse(argc, argv, &options, &error) < 0) {
    message("%s", error != NULL ? error : "out of memory");
    return EXIT_BELAY;
  }
  if (options.help)
    return print(run_options_help());
  if (options.version)
    return print("belay " BELAY_VERSION_STRING "\n");
  if (options.source == SOURCE_COMMAND)
    single_run(&options);
  return many_run(&options);
}
