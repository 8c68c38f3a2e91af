/* start.c: from the command line to belay_process_options. */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/refuse.h"
#include "exit.h"
#include "jobserver.h"

extern char **environ;

/* -- Variables ------------------------------------------------------------ */

/* The place of NAME, or of the NULL at the end. */
static size_t find_variable(char *const *environment, const char *name,
                            size_t size) {
  size_t i = 0;
  while (environment[i] != NULL && (strncmp(environment[i], name, size) != 0 ||
                                    environment[i][size] != '='))
    i++;
  return i;
}

static void change(char **environment, const char *wish) {
  size_t size = strcspn(wish, "=");
  size_t at = find_variable(environment, wish, size);
  if (wish[size] == '=') {
    environment[at] = (char *)(uintptr_t)wish;
  } else if (environment[at] != NULL) {
    for (; environment[at] != NULL; at++)
      environment[at] = environment[at + 1];
  }
}

/* With room, after its end, for all that may be added. */
static char **changed_environment(const struct cli_strings *wishes) {
  size_t count = 0;
  while (environ[count] != NULL)
    count++;
  char **copy = calloc(count + wishes->count + 1, sizeof(*copy));
  if (copy == NULL)
    return NULL;
  memcpy(copy, environ, count * sizeof(*copy));
  for (size_t i = 0; i < wishes->count; i++)
    change(copy, wishes->items[i]);
  return copy;
}

/* -- Fds ------------------------------------------------------------------ */

void start_fill_standard_fds(void) {
  int fd;
  while ((fd = open("/dev/null", O_PATH | O_CLOEXEC)) >= 0 &&
         fd <= STDERR_FILENO)
    continue;
  if (fd >= 0)
    close(fd);
}

/* One that we were started with; our own all close on exec. */
static void keep_fd(long fd, struct belay_process_options *options,
                    struct belay_process_fd fds[START_MOST_FDS]) {
  if (fd <= STDERR_FILENO || fd > INT32_MAX ||
      options->fd_count == START_MOST_FDS)
    return;
  int flags = fcntl((int)fd, F_GETFD);
  if (flags < 0 || (flags & FD_CLOEXEC) != 0)
    return;
  fds[options->fd_count++] =
      (struct belay_process_fd){.ours = (int)fd, .theirs = (int)fd};
}

/* A fifo has a name, and is opened by it. */
static void keep_jobserver(struct belay_process_options *options,
                           struct belay_process_fd fds[START_MOST_FDS]) {
  int ends[2];
  if (!jobserver_has_fds(ends))
    return;
  keep_fd(ends[0], options, fds);
  keep_fd(ends[1], options, fds);
}

void start_keep_named_fds(char *const *argv,
                          struct belay_process_options *options,
                          struct belay_process_fd fds[START_MOST_FDS]) {
  static const char *const places[] = {"/dev/fd/", "/proc/self/fd/"};
  options->fds = fds;
  options->fd_count = 0;
  if (options->flags & BELAY_PROCESS_KEEP_FDS)
    return;
  for (; *argv != NULL; argv++)
    for (size_t i = 0; i < 2; i++)
      for (const char *found = *argv;
           (found = strstr(found, places[i])) != NULL;) {
        found += strlen(places[i]);
        keep_fd(strtol(found, NULL, 10), options, fds);
      }
  keep_jobserver(options, fds);
}

/* -- All of it ------------------------------------------------------------ */

int start_prepare(const struct run_options *options,
                  struct belay_process_options *ret_options) {
  *ret_options = (struct belay_process_options)BELAY_PROCESS_OPTIONS_INIT;
  ret_options->directory = options->directory;
  ret_options->ignore = options->ignore;
  ret_options->block = options->block;
  ret_options->limits = options->limits;
  ret_options->limit_count = options->limit_count;
  if (options->keep_fds)
    ret_options->flags |= BELAY_PROCESS_KEEP_FDS;
  if (options->keep_ignored)
    ret_options->flags |= BELAY_PROCESS_KEEP_IGNORED;
  if (!options->no_kill)
    ret_options->parent_death_signal = SIGKILL;
  if (options->environment.count == 0)
    return 0;
  char **environment = changed_environment(&options->environment);
  ret_options->environment = environment;
  return environment != NULL ? 0 : -ENOMEM;
}

static int check_directory(const char *directory, char **ret_error) {
  struct stat status;
  if (stat(directory, &status) != 0)
    return refuse(ret_error, "--cwd: %s: %s", directory, strerror(errno));
  if (!S_ISDIR(status.st_mode))
    return refuse(ret_error, "--cwd: %s: is no directory", directory);
  if (access(directory, X_OK) != 0)
    return refuse(ret_error, "--cwd: %s: %s", directory, strerror(errno));
  return 0;
}

/* To lower one is always allowed; whether it may be raised, only the kernel
 * knows.  So it is done, and undone. */
static int check_limit(const struct belay_process_limit *limit,
                       char **ret_error) {
  struct rlimit now, wanted;
  if (getrlimit(limit->resource, &now) != 0)
    return 0;
  rlim_t hard = limit->hard == UINT64_MAX ? RLIM_INFINITY : limit->hard;
  if (hard <= now.rlim_max)
    return 0;
  wanted = (struct rlimit){now.rlim_cur, hard};
  if (setrlimit(limit->resource, &wanted) != 0)
    return refuse(ret_error,
                  "--limit: the hard limit is %llu, and may not be "
                  "raised",
                  (unsigned long long)now.rlim_max);
  setrlimit(limit->resource, &now);
  return 0;
}

int start_check(const struct run_options *options, char **ret_error) {
  int error = 0;
  if (options->directory != NULL)
    error = check_directory(options->directory, ret_error);
  for (size_t i = 0; i < options->limit_count && error == 0; i++)
    error = check_limit(&options->limits[i], ret_error);
  for (size_t i = 0; i < options->environment.count && error == 0; i++)
    if (strcspn(options->environment.items[i], "=") == 0)
      error = refuse(ret_error, "--env: '%s' has no name",
                     options->environment.items[i]);
  return error;
}

bool start_again_without(struct belay_process_options *options, int error) {
  bool again = error == -ENOSYS && options->parent_death_signal != 0;
  if (again)
    options->parent_death_signal = 0;
  return again;
}

int start_exit_status(int error) {
  if (error == -ENOENT || error == -ENOTDIR)
    return EXIT_NOT_FOUND;
  if (error == -ENOMEM || error == -EAGAIN || error == -EMFILE ||
      error == -ENFILE)
    return EXIT_BELAY;
  return EXIT_CANNOT_EXECUTE;
}
