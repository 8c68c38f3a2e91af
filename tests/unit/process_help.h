/* process_help.h: what the tests of processes and jobs share. */
#ifndef UNIT_PROCESS_HELP_H
#define UNIT_PROCESS_HELP_H

#include <belay/process.h>
#include <fcntl.h>
#include <poll.h>

#include "unit/signal_help.h"

#define ARGV(...) ((char **)(uintptr_t)(const char *[]){__VA_ARGS__, NULL})
#define SH(script) ARGV("sh", "-c", script)

__attribute__((unused)) static struct belay_process *start(
    char *const argv[], const struct belay_process_options *options) {
  struct belay_process *process = NULL;
  CHECK_OK(belay_process_start(argv, options, &process));
  return process;
}

__attribute__((unused)) static struct belay_process_status wait_end(
    struct belay_process *process) {
  struct belay_process_status status;
  CHECK_EQ(belay_process_wait(process, -1, &status), 1);
  return status;
}

/* It exits with this status; and is freed. */
__attribute__((unused)) static void check_exits(struct belay_process *process,
                                                int code) {
  struct belay_process_status status = wait_end(process);
  CHECK_EQ(status.state, BELAY_PROCESS_EXITED);
  CHECK_EQ(status.code, code);
  belay_process_free(process);
}

/* It is killed by this signal; and is freed. */
__attribute__((unused)) static void check_killed(struct belay_process *process,
                                                 int signo) {
  struct belay_process_status status = wait_end(process);
  CHECK_EQ(status.state, BELAY_PROCESS_KILLED);
  CHECK_EQ(status.code, signo);
  belay_process_free(process);
}

/* All that comes from the pipe to its fd, as a string. */
__attribute__((unused)) static const char *read_all(
    struct belay_process *process, int fd) {
  static char text[8192];
  struct pollfd ready = {.fd = belay_process_pipe(process, fd),
                         .events = POLLIN};
  size_t size = 0;
  for (;;) {
    ssize_t n = read(ready.fd, text + size, sizeof text - 1 - size);
    if (n == 0)
      break;
    if (n > 0)
      size += (size_t)n;
    else if (errno == EAGAIN)
      poll(&ready, 1, -1);
    else
      CHECK_EQ(errno, EINTR);
  }
  text[size] = '\0';
  return text;
}

/* What the program prints, started with these options. */
__attribute__((unused)) static const char *output_of(
    char *const argv[], const struct belay_process_options *from) {
  struct belay_process_options options = BELAY_PROCESS_OPTIONS_INIT;
  if (from != NULL)
    options = *from;
  options.stdout_fd = BELAY_STDIO_PIPE;
  struct belay_process *process = start(argv, &options);
  const char *text = read_all(process, 1);
  check_exits(process, 0);
  return text;
}

/* Waits for a byte from its standard output. */
__attribute__((unused)) static void wait_word(struct belay_process *process) {
  char word[64];
  CHECK(is_readable(belay_process_pipe(process, 1), 10000));
  CHECK(read(belay_process_pipe(process, 1), word, sizeof word) > 0);
}

#endif
