/* as.c: whom we are called as, and what all of them need. */
#include "as.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/write.h"

#define MOST_SIGNALS 128
#define LINE_BYTES 8192

const char *as_basename(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

const struct as_tool *as_find(const char *argv0) {
  static const struct as_tool tools[] = {
      {"timeout", as_timeout},
      {"tini", as_tini},
      {"tini-static", as_tini},
      {"dumb-init", as_dumb_init},
  };
  const char *name = argv0 != NULL ? as_basename(argv0) : "";
  for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++)
    if (strcmp(tools[i].name, name) == 0)
      return &tools[i];
  return NULL;
}

void as_take_command(int argc, char **argv, int at,
                     struct run_options *options) {
  options->source = SOURCE_COMMAND;
  options->command = argv + at;
  options->command_count = (size_t)(argc - at);
}

const int *as_blocked(void) {
  static int signals[MOST_SIGNALS];
  sigset_t mask;
  int count = 0;
  sigprocmask(SIG_BLOCK, NULL, &mask);
  for (int signo = 1; signo <= SIGRTMAX && count < MOST_SIGNALS - 1; signo++)
    if (sigismember(&mask, signo) == 1)
      signals[count++] = signo;
  return signals;
}

void as_block(int signo) {
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signo);
  sigprocmask(SIG_BLOCK, &one, NULL);
}

void as_say(int fd, const char *format, ...) {
  char line[LINE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(line, sizeof(line) - 1, format, arguments);
  va_end(arguments);
  if (size < 0)
    return;
  if ((size_t)size >= sizeof(line) - 1)
    size = sizeof(line) - 2;
  line[size] = '\n';
  write_all(fd, line, (size_t)size + 1);
}
