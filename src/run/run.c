/*
 * run.c: main() of `belay run`: what the command line asks for, or what the
 * name says by which we were started.
 */
#include <belay/version.h>

#include <string.h>

#include "as.h"
#include "many.h"
#include "single.h"
#include "start.h"
#include "usage.h"

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
  const struct as_tool *tool = as_find(argv[0]);
  start_fill_standard_fds();
  if (tool != NULL)
    return run_as(tool, argc, argv);
  if (argc > 1 && strncmp(argv[1], AS_ATTACH, strlen(AS_ATTACH)) == 0)
    return as_dumb_init_attached(argc, argv);
  int status = usage_take("belay run", "belay " BELAY_VERSION_STRING "\n", argc,
                          argv, &options);
  if (status >= 0)
    return status;
  if (options.source == SOURCE_COMMAND)
    single_run(&options);
  return many_run(&options);
}
