/*
 * feed.c: lines, read as they come.  What is a plain file is always ready; of
 * anything else one read is made for each time that the loop says so, so that
 * it never blocks and its O_NONBLOCK, which others share, is left alone.
 */
#include "feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/refuse.h"
#include "procfile.h"

#define READ_BYTES 65536

struct feed {
  const struct run_options *options;
  const char *name; /* of the file, for messages */
  int fd;           /* -1: it is not read */
  bool is_plain, ready, is_over;
  char *buffer;
  size_t begin, end, capacity; /* of what was read and not returned */
  long number;                 /* commands returned */
  long lines;                  /* of the file, up to where we are */
  struct procfile procfile;
};

/* -- Lines ---------------------------------------------------------------- */

static int make_space(struct feed *feed) {
  if (feed->begin > 0) {
    memmove(feed->buffer, feed->buffer + feed->begin, feed->end - feed->begin);
    feed->end -= feed->begin;
    feed->begin = 0;
  }
  if (feed->capacity - feed->end >= READ_BYTES)
    return 0;
  char *larger = realloc(feed->buffer, feed->capacity + 2 * READ_BYTES + 1);
  if (larger == NULL)
    return -ENOMEM;
  feed->buffer = larger;
  feed->capacity += 2 * READ_BYTES;
  return 0;
}

/* 1: there is more, or it is over; -EAGAIN; -errno. */
static int read_more(struct feed *feed) {
  if (!feed->is_plain && !feed->ready)
    return -EAGAIN;
  int error = make_space(feed);
  if (error < 0)
    return error;
  ssize_t n = read(feed->fd, feed->buffer + feed->end, READ_BYTES);
  if (n < 0)
    return errno == EINTR ? 1 : -errno;
  feed->ready = false;
  feed->end += (size_t)n;
  feed->is_over = n == 0;
  return 1;
}

/* The next line, with a 0 in place of its end, in the buffer until the next
 * call: 1; 0; -EAGAIN; -EILSEQ: it has a 0 already; -errno. */
static int next_line(struct feed *feed, char **ret_line) {
  const char separator = feed->options->null_separated ? '\0' : '\n';
  for (size_t looked_at = 0;;) {
    char *line = feed->buffer != NULL ? feed->buffer + feed->begin : NULL;
    size_t size = feed->end - feed->begin;
    char *end = size > looked_at
                    ? memchr(line + looked_at, separator, size - looked_at)
                    : NULL;
    if (end == NULL && feed->is_over && size > 0)
      end = line + size; /* the last one may lack its end */
    if (end != NULL) {
      feed->lines++;
      if (separator != '\0' && memchr(line, '\0', (size_t)(end - line)) != NULL)
        return -EILSEQ;
      *end = '\0';
      feed->begin += (size_t)(end - line) + 1;
      if (feed->begin > feed->end)
        feed->begin = feed->end;
      *ret_line = line;
      return 1;
    }
    if (feed->is_over)
      return 0;
    looked_at = size;
    int n = read_more(feed);
    if (n < 0)
      return n;
  }
}

/* Blank ones, and in a file of commands those that say nothing to a shell. */
static bool is_empty(const struct feed *feed, const char *line) {
  if (feed->options->null_separated)
    return false;
  if (feed->options->source == SOURCE_LINES)
    return *line == '\0';
  line += strspn(line, " \t");
  return *line == '\0' || *line == '#';
}

static int next_from_file(struct feed *feed, struct command *ret_command) {
  char *line;
  int n;
  do
    n = next_line(feed, &line);
  while (n > 0 && is_empty(feed, line));
  if (n <= 0)
    return n;
  feed->number++;
  int error = feed->options->source == SOURCE_LINES
                  ? command_from_template(feed->options->command, line,
                                          feed->number, ret_command)
                  : command_from_line(NULL, line, ret_command);
  return error < 0 ? error : 1;
}

/* -- The others ----------------------------------------------------------- */

static int next_argument(struct feed *feed, struct command *ret_command) {
  const struct run_options *options = feed->options;
  if ((size_t)feed->number == options->argument_count)
    return 0;
  const char *argument = options->arguments[feed->number++];
  int error = options->command_count == 0
                  ? command_from_line(NULL, argument, ret_command)
                  : command_from_template(options->command, argument,
                                          feed->number, ret_command);
  return error < 0 ? error : 1;
}

static int next_entry(struct feed *feed, struct command *ret_command) {
  if ((size_t)feed->number == feed->procfile.count)
    return 0;
  const struct procfile_entry *entry = &feed->procfile.entries[feed->number++];
  int error = command_from_line(entry->name, entry->line, ret_command);
  return error < 0 ? error : 1;
}

/* -- The feed ------------------------------------------------------------- */

int feed_next(struct feed *feed, struct command *ret_command,
              char **ret_error) {
  int n = feed->options->source == SOURCE_ARGUMENTS
              ? next_argument(feed, ret_command)
          : feed->options->source == SOURCE_PROCFILE
              ? next_entry(feed, ret_command)
              : next_from_file(feed, ret_command);
  if (n == -EILSEQ)
    refuse(ret_error, "%s:%ld: has a 0 byte; -0 is for lists with these",
           feed->name, feed->lines);
  else if (n < 0 && n != -EAGAIN)
    refuse(ret_error, "%s: %s", feed->name, strerror(-n));
  return n;
}

int feed_fd(const struct feed *feed) {
  return feed->is_plain ? -1 : feed->fd;
}

void feed_is_ready(struct feed *feed) {
  feed->ready = true;
}

void feed_is_always_ready(struct feed *feed) {
  feed->is_plain = true;
}

long feed_total(const struct feed *feed) {
  if (feed->options->source == SOURCE_ARGUMENTS)
    return (long)feed->options->argument_count;
  if (feed->options->source == SOURCE_PROCFILE)
    return (long)feed->procfile.count;
  return feed->is_over && feed->begin == feed->end ? feed->number : -1;
}

/* A fifo is not waited for here, where nobody could interrupt us. */
static int open_file(struct feed *feed, char **ret_error) {
  const char *path = feed->options->path;
  struct stat status;
  bool is_stdin = strcmp(path, "-") == 0;
  feed->name = is_stdin ? "standard input" : path;
  feed->fd =
      is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (feed->fd < 0 || fstat(feed->fd, &status) != 0) {
    int error = -errno;
    refuse(ret_error, "%s: %s", feed->name, strerror(errno));
    return error;
  }
  if (fcntl(feed->fd, F_GETFL) & O_PATH) { /* it was closed; see start.h */
    refuse(ret_error, "%s: %s", feed->name, strerror(EBADF));
    return -EBADF;
  }
  if (S_ISDIR(status.st_mode)) {
    refuse(ret_error, "%s: is a directory, and no list", feed->name);
    return -EISDIR;
  }
  feed->is_plain = S_ISREG(status.st_mode);
  return make_space(feed);
}

int feed_open(const struct run_options *options, struct feed **ret_feed,
              char **ret_error) {
  struct feed *feed = calloc(1, sizeof(*feed));
  if (feed == NULL)
    return -ENOMEM;
  feed->options = options;
  feed->fd = -1;
  feed->name = "arguments";
  int error = 0;
  if (options->source == SOURCE_PROCFILE)
    error = procfile_read(options->path, options->command,
                          options->command_count, &feed->procfile, ret_error);
  else if (options->path != NULL)
    error = open_file(feed, ret_error);
  if (error < 0)
    feed_close(feed);
  else
    *ret_feed = feed;
  return error;
}

void feed_close(struct feed *feed) {
  if (feed == NULL)
    return;
  if (feed->fd > STDIN_FILENO)
    close(feed->fd);
  procfile_clear(&feed->procfile);
  free(feed->buffer);
  free(feed);
}
