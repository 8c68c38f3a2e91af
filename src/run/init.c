/*
 * init.c: main() of belay-init: one command, and nothing that many would need;
 * small enough to be put into any container (make static).
 */
#include <belay/version.h>

#include "cli/message.h"
#include "exit.h"
#include "single.h"
#include "start.h"
#include "usage.h"

int main(int argc, char **argv) {
  struct run_options options;
  start_fill_standard_fds();
  int status = usage_take("belay-init", "belay-init " BELAY_VERSION_STRING "\n",
                          argc, argv, &options);
  if (status >= 0)
    return status;
  if (options.source != SOURCE_COMMAND) {
    message("many commands are for belay run: this is one command's");
    return EXIT_BELAY;
  }
  single_run(&options);
}
