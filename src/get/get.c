/*
 * get.c: main() of `belay get`: from the command line and the lists to the
 * store, then the session, then the exit status.
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
#include <unistd.h>

#include "cli/exit.h"
#include "cli/message.h"
#include "cli/term.h"
#include "cli/xdg.h"
#include "enqueue.h"
#include "header.h"
#include "list.h"
#include "options.h"
#include "session.h"
#include "status.h"
#include "store.h"

/* Says what is wrong, frees it, and returns the status. */
static int complain(char *error, int status) {
  message("%s", error != NULL ? error : "out of memory");
  free(error);
  return status;
}

/* -- Lists ---------------------------------------------------------------------------- */

static int read_list(const char *path, const char *base_url, struct list *list,
                     char **ret_error) {
  bool is_stdin = strcmp(path, "-") == 0;
  FILE *file = is_stdin ? stdin : fopen(path, "re");
  if (file == NULL) {
    int error = -errno;
    if (asprintf(ret_error, "%s: %s", path, strerror(errno)) < 0)
      *ret_error = NULL;
    return error;
  }
  const char *name = is_stdin ? "standard input" : path;
  int error = base_url != NULL
                  ? list_read_sums(file, name, base_url, list, ret_error)
                  : list_read(file, name, list, ret_error);
  if (!is_stdin)
    fclose(file);
  return error;
}

static int read_input(const struct get_options *options, struct list *list,
                      char **ret_error) {
  int error = 0;
  for (size_t i = 0; i < options->lists.count && error == 0; i++)
    error = read_list(options->lists.items[i], NULL, list, ret_error);
  if (error == 0 && options->sums != NULL)
    error = read_list(options->sums, options->base_url, list, ret_error);
  for (int i = 0; i < options->operand_count && error == 0; i++)
    error = list_add_url(list, options->operands[i], ret_error);
  if (error == 0 && options->output != NULL)
    error = list_set_output(list, options->output, ret_error);
  if (error == 0 && options->sha256 != NULL)
    error = list_set_sum(list, options->sha256, ret_error);
  return error;
}

/* Headers for all, without those that are better left out. */
static int check_headers(const char **lines, size_t count, char **ret_error) {
  size_t kept = 0;
  for (size_t i = 0; i < count; i++) {
    const char *problem = header_problem(lines[i]);
    if (problem != NULL) {
      if (asprintf(ret_error, "--header '%s' %s", lines[i], problem) < 0)
        *ret_error = NULL;
      return -EINVAL;
    }
    if (!header_is_dropped(lines[i]))
      lines[kept++] = lines[i];
  }
  if (count > 0)
    lines[kept] = NULL;
  return 0;
}

/* -- Running --------------------------------------------------------------------------- */

static struct session_options session_options(
    const struct get_options *options) {
  bool is_live =
      options->progress == PROGRESS_LIVE ||
      (options->progress == PROGRESS_AUTO && term_is_live(STDERR_FILENO));
  return (struct session_options){
      .jobs = options->jobs,
      .retries = options->retries,
      .retry_wait_ns = options->retry_wait_ns,
      .stall_ns = options->stall_ns,
      .live = is_live && !options->quiet,
      .lines = options->progress != PROGRESS_NONE,
      .colour = term_has_colour(STDERR_FILENO, (enum term_when)options->color),
      .quiet = options->quiet,
      .verbose = options->verbose > 0,
      .json = options->json,
      .http =
          {
              .max_connections = options->jobs,
              .max_host_connections = options->per_host,
              .max_redirects = options->max_redirects,
              .insecure = options->insecure,
              .netrc = options->netrc,
              .http_version = options->http1   ? 1
                              : options->http2 ? 2
                                               : 0,
              .ip_version = options->ipv4   ? 4
                            : options->ipv6 ? 6
                                            : 0,
              .max_rate = options->limit_rate,
              .proxy = options->proxy,
              .ca_file = options->ca_file,
              .user_agent = options->user_agent,
              .user_password = options->user,
              .referer = options->referer,
              .headers = options->headers.items,
              .trace = options->verbose > 1,
          },
  };
}

/* Whoever started us may have blocked what we listen to; and a limit on the
 * size of files is an error of one download, no reason to die. */
static void set_signals(void) {
  static const int heard[] = {SIGINT,  SIGTERM, SIGHUP,
                              SIGTSTP, SIGCONT, SIGWINCH};
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof(heard) / sizeof(heard[0]); i++)
    sigaddset(&set, heard[i]);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
  signal(SIGXFSZ, SIG_IGN);
  belay_sigpipe_ignore();
}

/* As many files as we may have open: two for each transfer. */
static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int run(const struct get_options *options, struct store *store,
               struct enqueue *queue) {
  struct session_options how = session_options(options);
  struct session_result result = {.signo = 0};
  char *error = NULL;
  if (session_run(store, queue, &how, &result, &error) < 0)
    return complain(error, EXIT_FAILED);
  if (result.signo != 0) {
    /* All is saved: leave as the signal would have made us. */
    belay_signal_default(result.signo);
  }
  if (result.store_broken)
    return EXIT_STATE;
  return result.failed > 0 ? EXIT_FAILED : EXIT_OK;
}

static int download(const struct get_options *options, const char *db_path) {
  struct list list = {0};
  struct store *store = NULL;
  struct enqueue queue = {.store = NULL};
  char *error = NULL;
  int status = EXIT_OK, result = 0;
  if (check_headers(options->headers.items, options->headers.count, &error) <
          0 ||
      (options->command == GET_DOWNLOAD &&
       read_input(options, &list, &error) < 0)) {
    status = complain(error, EXIT_USAGE);
    goto out;
  }
  if (options->db == NULL && (result = xdg_make_parents(db_path)) < 0) {
    message("%s: %s; --db names another place", db_path, strerror(-result));
    status = EXIT_STATE;
    goto out;
  }
  enum store_durability durability = options->durability == DURABILITY_FULL
                                         ? STORE_DURABLE
                                         : STORE_NOT_DURABLE;
  if (store_open(db_path, durability, options->force, &store, &error) < 0) {
    status = complain(error, EXIT_STATE);
    goto out;
  }
  result = options->command == GET_RESUME
               ? enqueue_unfinished(&queue, store, &error)
               : enqueue_list(&queue, store, &list, options->dir, &error);
  if (result < 0)
    status = complain(error, result == -EINVAL ? EXIT_USAGE : EXIT_STATE);
  else
    status = run(options, store, &queue);
out:
  store_close(store); /* which may be feeding from the others */
  enqueue_clear(&queue);
  list_clear(&list);
  return status;
}

/* -- main -------------------------------------------------------------------------------- */

static int print(const char *text) {
  return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? EXIT_OK
                                                         : EXIT_FAILED;
}

static int print_help(void) {
  char *text = get_options_help();
  int status = text != NULL ? print(text) : EXIT_FAILED;
  free(text);
  return status;
}

int main(int argc, char **argv) {
  struct get_options options;
  char *error = NULL;
  setlocale(LC_CTYPE, "");
  message_set_program("belay get");
  set_signals();
  raise_file_limit();
  if (get_options_parse(argc, argv, &options, &error) < 0)
    return complain(error, EXIT_USAGE);
  if (options.help)
    return print_help();
  if (options.version)
    return print("belay " BELAY_VERSION_STRING "\n");

  char *db_path = NULL;
  int result = options.db != NULL
                   ? ((db_path = strdup(options.db)) != NULL ? 0 : -ENOMEM)
                   : xdg_state_path("belay/get.db", &db_path);
  if (result < 0) {
    message("no place for the database: %s; --db names one", strerror(-result));
    return EXIT_STATE;
  }
  int status = options.command == GET_STATUS   ? status_run(&options, db_path)
               : options.command == GET_FORGET ? forget_run(&options, db_path)
                                               : download(&options, db_path);
  free(db_path);
  free(options.lists.items);
  free(options.headers.items);
  return status;
}
