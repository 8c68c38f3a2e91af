/*
 * init.c: main() of belay-init: one command, and nothing that many would need;
 * small enough to be put into any container (make static).
 */
#include <belay/version.h>

#include <stdio.h>
#include <string.h>

#include "cli/message.h"
#include "exit.h"
#include "options.h"
#include "single.h"
#include "start.h"

static int print(const char *text) {
  return text != NULL && fputs(text, stdout) >= 0 && fflush(stdout) == 0
             ? 0
             : EXIT_BELAY;
}

int main(int argc, char **argv) {
  struct run_options options;
  char *error = NULL;
  start_fill_standard_fds();
  message_set_program("belay-init");
  if (run_options_parse(argc, argv, &options, &error) < 0) {
    message("%s", error != NULL ? error : "out of memory");
    return EXIT_BELAY;
  }
  if (options.help)
    return print(run_options_help());
  if (options.version)
    return print("belay-init " BELAY_VERSION_STRING "\n");
  if (options.source != SOURCE_COMMAND) {
    message("many commands are for belay run: this is one command's");
    return EXIT_BELAY;
  }
  single_run(&options);
}
