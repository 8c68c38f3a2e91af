/*
 * session.c: one loop, one switch: signals, the engine, the command.
 */
#include "session.h"

#include <belay/belay.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "cli/exit.h"
#include "cli/message.h"
#include "cli/refuse.h"
#include "cli/term.h"
#include "clients.h"
#include "command.h"
#include "control.h"
#include "engine.h"
#include "ready.h"
#include "verify.h"

struct session {
  const struct fault_options *options;
  struct belay_loop *loop;
  struct engine *engine;
  struct control control;
  struct api *api; /* or NULL */
  struct log log;
  struct belay_job *job;
  struct session_result result;
  bool is_over;
};

/* -- Signals --------------------------------------------------------------- */

/* The old faults stay when the new ones are wrong. */
static void reload(struct session *session) {
  char *error = NULL;
  int result = control_reload(&session->control, &error);
  if (result < 0)
    message("not reloaded: %s", error != NULL ? error : strerror(-result));
  else
    log_servers(&session->log, session->engine);
  free(error);
  engine_handle(session->engine);
}

static void take_signal(struct session *session, int signo) {
  if (signo == SIGTSTP) {
    belay_loop_stop(session->loop, SIGTSTP, 0);
  } else if (signo == SIGHUP && session->options->config != NULL) {
    reload(session);
  } else if (session->job != NULL) {
    command_end(session->job, signo);
    if (session->result.signo == 0)
      session->result.signo = signo;
  } else {
    session->result.signo = signo;
    session->is_over = true;
  }
}

static void take_command(struct session *session,
                         const struct belay_process_status *status) {
  switch (status->state) {
    case BELAY_PROCESS_RUNNING:
      break;
    case BELAY_PROCESS_STOPPED:
      belay_loop_stop(session->loop, status->code, 0);
      break;
    default:
      session->result.status = command_status(status);
      session->is_over = true;
      break;
  }
}

static int go_round(struct session *session) {
  while (!session->is_over) {
    struct belay_event event;
    int result = belay_loop_next(session->loop, -1, &event);
    if (result < 0)
      return result;
    if (result == 0)
      continue;
    if (event.type == BELAY_EVENT_SIGNAL)
      take_signal(session, event.signal.signo);
    else if (event.type == BELAY_EVENT_PROCESS)
      take_command(session, &event.process);
    else if (event.data == session->api)
      api_handle(session->api, &event);
    else
      engine_handle(session->engine);
  }
  return 0;
}

/* -- Setting up and clearing away ------------------------------------------ */

static int open_log(struct session *session, char **ret_error) {
  const struct fault_options *options = session->options;
  struct log *log = &session->log;
  log->json = options->json;
  log->quiet = options->quiet;
  /* The command's output is nobody else's. */
  int fd = options->command != NULL ? STDERR_FILENO : STDOUT_FILENO;
  log->file = options->log != NULL && !options->check
                  ? fopen(options->log, "we")
                  : fdopen(dup(fd), "w");
  if (log->file == NULL)
    return refuse_as(ret_error, -errno, "%s: %s",
                     options->log != NULL ? options->log : "the log",
                     strerror(errno));
  setvbuf(log->file, NULL, _IOFBF, 65536);
  log->colour = options->log == NULL &&
                term_has_colour(fd, (enum term_when)options->color);
  if (options->verify)
    log->verify = verify_new();
  log->clients = clients_new();
  return 0;
}

static int open_servers(struct session *session, char **ret_error) {
  const struct fault_options *options = session->options;
  session->control.options = options;
  session->control.engine = session->engine;
  int error = control_begin(&session->control, ret_error);
  if (error == 0 && options->api != NULL)
    error = api_open(session->loop, &session->control, options->api,
                     &session->api, ret_error);
  return error;
}

static int set_up(struct session *session, char **ret_error) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, 0};
  const struct fault_options *options = session->options;
  session->engine = calloc(1, sizeof(*session->engine));
  int error = session->engine != NULL ? 0 : -ENOMEM;
  if (error == 0)
    error = belay_loop_new(&session->loop);
  if (error == 0)
    error = open_log(session, ret_error);
  if (error == 0)
    error = engine_open(session->engine, session->loop, &session->log);
  if (error == 0) {
    session->engine->seed = options->seed;
    session->engine->max_connections = options->max_connections;
    session->engine->listens_nowhere = options->check;
    error = open_servers(session, ret_error);
  }
  if (error == 0 && options->tls_ca != NULL && !options->check &&
      (error = tls_write_authority(options->tls_ca)) < 0)
    refuse_as(ret_error, error, "%s: %s", options->tls_ca, strerror(-error));
  if (error == 0)
    error = belay_loop_add_signals(session->loop, signals, 0, session, NULL);
  return error;
}

/* Whoever waits for us may come now. */
static int be_ready(struct session *session, char **ret_error) {
  const struct fault_options *options = session->options;
  const struct address *api =
      session->api != NULL ? api_address(session->api) : NULL;
  command_set_environment(session->engine, api);
  int error = ready_tell(session->engine, api, options, ret_error);
  if (error == 0 && options->command != NULL)
    error = command_start(session->loop, options->command, session,
                          &session->job, ret_error);
  if (error == 0 && !(options->quiet && options->command != NULL)) {
    log_servers(&session->log, session->engine);
    if (api != NULL)
      log_api(&session->log, api);
    if (options->seed_text == NULL)
      log_seed(&session->log, options->seed);
  }
  return error;
}

static void clear_away(struct session *session) {
  belay_job_free(session->job);
  api_close(session->api);
  if (session->engine != NULL && session->loop != NULL &&
      session->log.file != NULL) {
    engine_stop(session->engine);
    if (session->is_over && !(session->log.quiet && session->options->command))
      log_summary(&session->log, session->engine);
    if (session->log.verify != NULL &&
        !verify_report(session->log.verify, &session->log) &&
        session->is_over && session->result.status == EXIT_OK)
      session->result.status = EXIT_FAILED;
    engine_close(session->engine);
  }
  control_end(&session->control);
  verify_free(session->log.verify);
  clients_free(session->log.clients);
  if (session->log.file != NULL)
    fclose(session->log.file);
  free(session->engine);
  belay_loop_free(session->loop);
}

int session_run(const struct fault_options *options,
                struct session_result *ret_result, char **ret_error) {
  struct session session = {.options = options};
  int error = set_up(&session, ret_error);
  if (error == 0 && !options->check) {
    error = be_ready(&session, ret_error);
    if (error == 0)
      error = go_round(&session);
  }
  clear_away(&session);
  *ret_result = session.result;
  return error;
}
