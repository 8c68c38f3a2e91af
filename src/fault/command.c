/*
 * command.c: a test suite starts us, and we start it: nothing to wait for, no
 * port to agree on, nothing left behind.
 */
#include "command.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/refuse.h"
#include "engine.h"

#define GRACE_NS INT64_C(5000000000)

static void set_named(const char *prefix, const char *name, const char *value) {
  char variable[128];
  int length = snprintf(variable, sizeof(variable), "%s%s%s", prefix,
                        *name != '\0' ? "_" : "", name);
  for (int i = (int)strlen(prefix); i < length && i < 127; i++)
    variable[i] = isalnum((unsigned char)variable[i])
                      ? (char)toupper((unsigned char)variable[i])
                      : '_';
  setenv(variable, value, 1);
}

static void set_server(const struct server *server, const char *name) {
  const struct address *address = &server->listeners[0].address;
  char text[ADDRESS_TEXT_BYTES], port[16];
  if (server->listener_count == 0)
    return;
  snprintf(port, sizeof(port), "%d", address_port(address));
  set_named("BELAY_FAULT_ADDRESS", name, address_print(address, text));
  if (address->any.sa_family != AF_UNIX)
    set_named("BELAY_FAULT_PORT", name, port);
}

void command_set_environment(const struct engine *engine,
                             const struct address *api) {
  char text[ADDRESS_TEXT_BYTES];
  if (api != NULL)
    setenv("BELAY_FAULT_API", address_print(api, text), 1);
  for (const struct server *server = engine->servers; server != NULL;
       server = server->next) {
    if (server == engine->servers)
      set_server(server, "");
    set_server(server, server->name);
  }
}

int command_start(struct belay_loop *loop, char **argv, void *data,
                  struct belay_job **ret_job, char **ret_error) {
  struct belay_process_options options = BELAY_PROCESS_OPTIONS_INIT;
  if (isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp())
    options.terminal = STDIN_FILENO;
  int error = belay_job_start(loop, argv, &options, BELAY_PROCESS_WATCH_STOPS,
                              data, ret_job);
  if (error < 0)
    refuse_as(ret_error, error, "%s: %s", argv[0], strerror(-error));
  return error;
}

void command_end(struct belay_job *job, int signo) {
  belay_job_end(job, signo, GRACE_NS);
}

int command_status(const struct belay_process_status *status) {
  switch (status->state) {
    case BELAY_PROCESS_EXITED:
      return status->code;
    case BELAY_PROCESS_KILLED:
      return 128 + status->code;
    default:
      return 125;
  }
}
