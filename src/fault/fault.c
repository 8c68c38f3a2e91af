/*
 * fault.c: main() of `belay fault`: from the command line to the session, and
 * to the exit status.
 */
#include <belay/sigpipe.h>
#include <belay/signal.h>
#include <belay/version.h>

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "cli/exit.h"
#include "cli/message.h"
#include "cli/refuse.h"
#include "options.h"
#include "private_net.h"
#include "session.h"
#include "step.h"

static int complain(char *error, int status) {
  message("%s", error != NULL ? error : "out of memory");
  free(error);
  return status;
}

static int print(char *text) {
  bool good = text != NULL && fputs(text, stdout) >= 0 && fflush(stdout) == 0;
  free(text);
  return good ? EXIT_OK : EXIT_FAILED;
}

/* Whoever started us may have blocked what we listen to. */
static void set_signals(void) {
  static const int heard[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++)
    sigaddset(&set, heard[i]);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  belay_sigpipe_ignore();
}

/* A connection is an fd, or two. */
static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static bool is_users_mistake(int error) {
  return error == -EINVAL || error == -EADDRINUSE || error == -EACCES ||
         error == -EPERM || error == -EADDRNOTAVAIL || error == -ENOENT ||
         error == -ENOTDIR || error == -E2BIG;
}

static int run(const struct fault_options *options) {
  struct session_result result = {0};
  char *error = NULL;
  if (options->private_net) {
    int failed = private_net_enter();
    if (failed < 0) {
      message("--private-net: %s; does this system let users have namespaces?",
              strerror(-failed));
      return EXIT_FAILED;
    }
  }
  int failed = session_run(options, &result, &error);
  if (failed < 0) {
    if (error == NULL)
      refuse_as(&error, failed, "%s", strerror(-failed));
    return complain(error, is_users_mistake(failed) ? EXIT_USAGE : EXIT_FAILED);
  }
  if (result.signo != 0 && result.status == EXIT_OK)
    belay_signal_default(result.signo);
  return result.status;
}

int main(int argc, char **argv) {
  struct fault_options options;
  char *error = NULL;
  setlocale(LC_CTYPE, "");
  message_set_program("belay fault");
  set_signals();
  raise_file_limit();
  if (fault_options_parse(argc, argv, &options, &error) < 0)
    return complain(error, EXIT_USAGE);
  if (options.help)
    return print(fault_options_help());
  if (options.help_faults)
    return print(step_help());
  if (options.version)
    return print(strdup("belay " BELAY_VERSION_STRING "\n"));
  int status = run(&options);
  free(options.listens.items);
  return status;
}
