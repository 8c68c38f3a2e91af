/*
 * output_files.c: files for each command, in one directory, which is opened
 * once: what happens to its name later, or to our own directory, is nothing to
 * us.
 */
#include "output_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "cli/message.h"
#include "cli/refuse.h"
#include "cli/utf8.h"
#include "output.h"
#include "print.h"

#define STEM_BYTES 64

struct output {
  int fds[2];
};

struct files {
  int directory;
};

/* -- Names ----------------------------------------------------------------- */

static bool is_fit(const char *character, size_t length, uint32_t code) {
  if (length > 1)
    return !utf8_is_control(code);
  return (*character >= '0' && *character <= '9') ||
         (*character >= 'a' && *character <= 'z') ||
         (*character >= 'A' && *character <= 'Z') ||
         (*character != '\0' && strchr(".,_+=@-", *character) != NULL);
}

static void write_stem(const char *name, char into[STEM_BYTES]) {
  size_t used = 0, left = strlen(name), length;
  for (; left > 0; name += length, left -= length) {
    uint32_t code = 0;
    length = utf8_decode(name, left, &code);
    bool fit = length > 0 && is_fit(name, length, code);
    length += length == 0;
    size_t size = fit ? length : 1;
    if (used + size >= STEM_BYTES)
      break;
    if (fit)
      memcpy(into + used, name, size);
    else if (used > 0 && into[used - 1] == '_')
      size = 0;
    else
      into[used] = '_';
    used += size;
  }
  into[used] = '\0';
}

void output_file_name(const char *name, long number, int attempt,
                      const char *ending, char into[OUTPUT_FILE_NAME_BYTES]) {
  char stem[STEM_BYTES], which[16] = "";
  write_stem(name, stem);
  if (attempt > 1)
    snprintf(which, sizeof(which), ".%d", attempt);
  snprintf(into, OUTPUT_FILE_NAME_BYTES, "%ld%s%s%s.%s", number,
           stem[0] != '\0' ? "-" : "", stem, which, ending);
}

/* -- The directory --------------------------------------------------------- */

/* With those above it, as mkdir -p; who is right about an error is open(). */
static void make_directories(const char *path) {
  char *copy = strdup(path);
  if (copy == NULL)
    return;
  for (char *slash = strchr(copy + 1, '/'); slash != NULL;
       slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(copy, 0777);
    *slash = '/';
  }
  mkdir(copy, 0777);
  free(copy);
}

static int open_kind(struct outputs *outputs, char **ret_error) {
  const char *path = outputs->options->output_dir;
  struct files *files = outputs->state;
  if (path[0] != '\0')
    make_directories(path);
  files->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (files->directory >= 0 &&
      faccessat(files->directory, ".", W_OK | X_OK, AT_EACCESS) == 0)
    return 0;
  int error = -errno;
  refuse(ret_error, "--output-dir: %s: %s", path, strerror(-error));
  if (files->directory >= 0)
    close(files->directory);
  return error;
}

/* -- The kind -------------------------------------------------------------- */

static void close_output(struct output *output) {
  for (int i = 0; i < 2; i++)
    if (output->fds[i] >= 0)
      close(output->fds[i]);
  free(output);
}

/* A retry has files of its own: the others' bytes are not mixed into them.
 * Restarts may be without end, and files are not. */
static int open_file(const struct outputs *outputs, const struct task *task,
                     int stream) {
  const struct files *files = outputs->state;
  bool goes_on = outputs->options->restart != RESTART_NO && task->attempt > 1;
  char name[OUTPUT_FILE_NAME_BYTES];
  output_file_name(task->command.name, task->number,
                   goes_on ? 1 : task->attempt, stream == 0 ? "out" : "err",
                   name);
  int fd = openat(
      files->directory, name,
      O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | (goes_on ? 0 : O_TRUNC), 0666);
  if (fd < 0) {
    int error = -errno;
    message("%s/%s: %s", outputs->options->output_dir, name, strerror(-error));
    return error;
  }
  if (goes_on && stream == 1) {
    char line[64];
    int size =
        snprintf(line, sizeof(line), "belay run: attempt %d\n", task->attempt);
    print_all(fd, line, (size_t)size);
  }
  return fd;
}

static int begin(struct outputs *outputs, struct task *task,
                 struct belay_process_options *options) {
  struct output *output = calloc(1, sizeof(*output));
  if (output == NULL)
    return -ENOMEM;
  output->fds[1] = -1;
  output->fds[0] = open_file(outputs, task, 0);
  if (output->fds[0] >= 0)
    output->fds[1] = open_file(outputs, task, 1);
  int error = output->fds[0] < 0 ? output->fds[0] : output->fds[1];
  if (error < 0) {
    close_output(output);
    return error;
  }
  task->output = output;
  options->stdout_fd = output->fds[0];
  options->stderr_fd = output->fds[1];
  return 0;
}

static int end(struct outputs *outputs, struct task *task, bool is_last) {
  (void)outputs;
  (void)is_last;
  if (task->output != NULL)
    close_output(task->output);
  task->output = NULL;
  return 0;
}

static int kept_fd(const struct output *output, int stream) {
  return output->fds[stream - 1];
}

static int close_kind(struct outputs *outputs) {
  const struct files *files = outputs->state;
  close(files->directory);
  return 0;
}

const struct output_kind output_files = {
    .state_size = sizeof(struct files),
    .open = open_kind,
    .begin = begin,
    .end = end,
    .kept_fd = kept_fd,
    .close = close_kind,
};
