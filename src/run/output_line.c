/*
 * output_line.c: each command writes to two pipes, which we read as it does and
 * show line by line, each with a prefix, in one write.
 *
 * Invariant: a pipe is read to the end of what was in it when its command
 * ended; whoever holds it open after that is waited for LEAK_NS, and then told
 * of, and never waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/term.h"
#include "output.h"
#include "prefix.h"
#include "print.h"

#define LEAK_NS INT64_C(100000000)
/* What is longer is shown in pieces. */
#define LINE_BYTES 65536

struct text {
  char *data;
  size_t size, capacity;
};

struct stream {
  struct output *output;
  struct belay_source *source;
  int fd;           /* -1: it is over */
  bool is_own;      /* and no longer the process's, to be closed by us */
  int to;           /* our stdout or stderr */
  struct text part; /* of a line whose end has not come */
  bool was_cut;     /* what comes now belongs to a line that was shown */
  char *prefix;
  size_t prefix_columns; /* for which it was made */
};

/* Of one attempt. */
struct output {
  struct lines *lines;
  struct output *next, *previous; /* of those that are leaving */
  struct stream streams[2];
  char *name;
  long number;
  pid_t pid;
  bool has_ended;
  int64_t leak_at_ns;
};

struct lines {
  const struct outputs *outputs;
  const char *format;
  size_t name_columns; /* of the longest so far; 0: not filled up */
  bool fills_up, colour[2];
  struct output *leaving; /* ended, and somebody has a pipe open */
  struct belay_source *timer;
  struct text batch; /* lines, to be written at once */
  int error;         /* the first of our own output */
  char input[65536];
};

/* -- Text ------------------------------------------------------------------ */

static bool add(struct text *text, const char *data, size_t size) {
  if (text->size + size > text->capacity) {
    size_t capacity = (text->size + size) * 2;
    char *larger = realloc(text->data, capacity);
    if (larger == NULL)
      return false;
    text->data = larger;
    text->capacity = capacity;
  }
  if (size > 0)
    memcpy(text->data + text->size, data, size);
  text->size += size;
  return true;
}

static void set_error(struct lines *lines, int error) {
  if (lines->error == 0 && error < 0)
    lines->error = error;
}

/* Once it cannot be written, it is thrown away: the command is not to hang. */
static void flush(struct lines *lines, const struct stream *stream) {
  if (lines->error == 0 && lines->batch.size > 0)
    set_error(lines,
              print_all(stream->to, lines->batch.data, lines->batch.size));
  lines->batch.size = 0;
}

/* Names that came later may be longer, while none was shown yet. */
static const char *prefix_of(struct stream *stream) {
  const struct output *output = stream->output;
  const struct lines *lines = output->lines;
  if (stream->prefix == NULL || stream->prefix_columns != lines->name_columns) {
    free(stream->prefix);
    stream->prefix = prefix_make(lines->format, output->name, output->number,
                                 output->pid, lines->name_columns,
                                 lines->colour[stream->to - STDOUT_FILENO]);
    stream->prefix_columns = lines->name_columns;
  }
  return stream->prefix != NULL ? stream->prefix : "";
}

/* Lines together are written in pieces that pipes take whole; a longer one
 * alone. */
static void show_line(struct stream *stream, const char *rest, size_t size) {
  struct lines *lines = stream->output->lines;
  const char *prefix = prefix_of(stream);
  size_t prefix_size = strlen(prefix);
  if (lines->batch.size + prefix_size + stream->part.size + size >= PIPE_BUF)
    flush(lines, stream);
  if (!add(&lines->batch, prefix, prefix_size) ||
      !add(&lines->batch, stream->part.data, stream->part.size) ||
      !add(&lines->batch, rest, size) || !add(&lines->batch, "\n", 1))
    set_error(lines, -ENOMEM);
  stream->part.size = 0;
}

static void take(struct stream *stream, const char *data, size_t size) {
  while (size > 0) {
    size_t room = LINE_BYTES - stream->part.size;
    size_t look = size < room ? size : room;
    const char *end = memchr(data, '\n', look);
    if (end != NULL)
      look = (size_t)(end - data);
    bool is_rest = stream->was_cut && stream->part.size + look == 0;
    if (end != NULL && !is_rest)
      show_line(stream, data, look);
    else if (end == NULL && look == room)
      show_line(stream, data, look);
    else if (end == NULL && !add(&stream->part, data, look))
      set_error(stream->output->lines, -ENOMEM);
    if (end != NULL || look == room)
      stream->was_cut = end == NULL;
    data += look + (end != NULL);
    size -= look + (end != NULL);
  }
}

/* -- Streams --------------------------------------------------------------- */

static void close_stream(struct stream *stream) {
  if (stream->fd < 0)
    return;
  if (stream->part.size > 0)
    show_line(stream, NULL, 0);
  flush(stream->output->lines, stream);
  belay_source_remove(stream->source);
  stream->source = NULL;
  if (stream->is_own)
    close(stream->fd);
  stream->fd = -1;
}

/* Reads once: how much; 0: there is nothing now, or the stream is over. */
static size_t read_once(struct stream *stream) {
  struct lines *lines = stream->output->lines;
  ssize_t n = read(stream->fd, lines->input, sizeof(lines->input));
  if (n > 0) {
    take(stream, lines->input, (size_t)n);
    flush(lines, stream);
    return (size_t)n;
  }
  if (n == 0 || (errno != EAGAIN && errno != EINTR))
    close_stream(stream);
  return 0;
}

/* All that is there now, which has an end although somebody may go on writing;
 * and then whether it is over. */
static void drain(struct stream *stream) {
  int left = 0;
  if (stream->fd < 0)
    return;
  ioctl(stream->fd, FIONREAD, &left);
  for (size_t n = 1; n > 0 && left > 0; left -= (int)n)
    n = read_once(stream);
  if (stream->fd >= 0)
    read_once(stream);
}

/* The process and its pipes go; what is still open becomes our own. */
static void keep_open(struct stream *stream) {
  struct belay_loop *loop = stream->output->lines->outputs->loop;
  int fd = stream->fd >= 0 ? fcntl(stream->fd, F_DUPFD_CLOEXEC, 0) : -1;
  if (fd < 0) {
    close_stream(stream);
    return;
  }
  belay_source_remove(stream->source);
  stream->source = NULL;
  stream->fd = fd;
  stream->is_own = true;
  belay_loop_add_fd(loop, fd, BELAY_FD_READ, stream, &stream->source);
}

/* -- Attempts -------------------------------------------------------------- */

static bool is_open(const struct output *output) {
  return output->streams[0].fd >= 0 || output->streams[1].fd >= 0;
}

static void free_output(struct output *output) {
  for (int i = 0; i < 2; i++) {
    close_stream(&output->streams[i]);
    free(output->streams[i].part.data);
    free(output->streams[i].prefix);
  }
  free(output->name);
  free(output);
}

static struct output *new_output(struct lines *lines, const struct task *task) {
  struct output *output = calloc(1, sizeof(*output));
  if (output == NULL)
    return NULL;
  output->name = strdup(task->command.name);
  if (output->name == NULL) {
    free(output);
    return NULL;
  }
  output->lines = lines;
  output->number = task->number;
  output->pid = task->pid;
  for (int i = 0; i < 2; i++)
    output->streams[i] =
        (struct stream){.output = output, .fd = -1, .to = STDOUT_FILENO + i};
  return output;
}

/* -- Those that are leaving ------------------------------------------------ */

static void set_timer(struct lines *lines) {
  int64_t next = INT64_MAX, now = belay_loop_now(lines->outputs->loop);
  for (const struct output *output = lines->leaving; output != NULL;
       output = output->next)
    if (output->leak_at_ns < next)
      next = output->leak_at_ns;
  belay_source_set_timer(lines->timer,
                         next == INT64_MAX ? -1
                         : next > now      ? next - now
                                           : 0,
                         0);
}

static void begin_leaving(struct output *output) {
  struct lines *lines = output->lines;
  output->leak_at_ns = belay_loop_now(lines->outputs->loop) + LEAK_NS;
  output->previous = NULL;
  output->next = lines->leaving;
  if (lines->leaving != NULL)
    lines->leaving->previous = output;
  lines->leaving = output;
  set_timer(lines);
}

static void stop_leaving(struct output *output) {
  struct lines *lines = output->lines;
  if (output->previous != NULL)
    output->previous->next = output->next;
  else
    lines->leaving = output->next;
  if (output->next != NULL)
    output->next->previous = output->previous;
  free_output(output);
  set_timer(lines);
}

static void tell_leak(struct output *output) {
  drain(&output->streams[0]);
  drain(&output->streams[1]);
  if (is_open(output) && !output->lines->outputs->options->quiet)
    message("%s: left its output open; not waited for", output->name);
  stop_leaving(output);
}

static void look_for_leaks(struct lines *lines) {
  int64_t now = belay_loop_now(lines->outputs->loop);
  struct output *next;
  for (struct output *output = lines->leaving; output != NULL; output = next) {
    next = output->next;
    if (output->leak_at_ns <= now)
      tell_leak(output);
  }
  set_timer(lines);
}

/* -- The kind -------------------------------------------------------------- */

static int open_kind(struct outputs *outputs, char **ret_error) {
  const struct run_options *options = outputs->options;
  struct lines *lines = outputs->state;
  (void)ret_error;
  lines->outputs = outputs;
  lines->fills_up =
      options->prefix == NULL && options->source == SOURCE_PROCFILE;
  lines->format = options->prefix != NULL ? options->prefix
                  : lines->fills_up       ? "{name} | "
                                          : "{#} {name}: ";
  for (int i = 0; i < 2; i++)
    lines->colour[i] = term_has_colour(STDOUT_FILENO + i, options->color);
  return belay_loop_add_timer(outputs->loop, -1, 0, NULL, &lines->timer);
}

static int begin(struct outputs *outputs, struct task *task,
                 struct belay_process_options *options) {
  struct lines *lines = outputs->state;
  size_t width = lines->fills_up ? prefix_width(task->command.name) : 0;
  if (width > lines->name_columns)
    lines->name_columns = width;
  options->stdout_fd = options->stderr_fd = BELAY_STDIO_PIPE;
  return 0;
}

static int started(struct outputs *outputs, struct task *task) {
  struct output *output = new_output(outputs->state, task);
  if (output == NULL)
    return -ENOMEM;
  task->output = output;
  for (int i = 0; i < 2; i++) {
    struct stream *stream = &output->streams[i];
    stream->fd = belay_process_pipe(belay_job_process(task->job), 1 + i);
    int error = belay_loop_add_fd(outputs->loop, stream->fd, BELAY_FD_READ,
                                  stream, &stream->source);
    if (error < 0)
      return error;
  }
  return 0;
}

static int end(struct outputs *outputs, struct task *task, bool is_last) {
  struct lines *lines = outputs->state;
  struct output *output = task->output;
  (void)is_last;
  if (output == NULL)
    return 0;
  task->output = NULL;
  output->has_ended = true;
  for (int i = 0; i < 2; i++) {
    drain(&output->streams[i]);
    keep_open(&output->streams[i]);
  }
  if (is_open(output))
    begin_leaving(output);
  else
    free_output(output);
  return lines->error;
}

/* The timer's event, or that of a stream, which is its data. */
static int ready(struct outputs *outputs, const struct belay_event *event) {
  struct lines *lines = outputs->state;
  if (event->type == BELAY_EVENT_TIMER) {
    look_for_leaks(lines);
    return lines->error;
  }
  struct stream *stream = event->data;
  read_once(stream);
  if (stream->output->has_ended && !is_open(stream->output))
    stop_leaving(stream->output);
  return lines->error;
}

/* The last have their time too, in which nothing else goes on. */
static void wait_for_end(struct stream *stream) {
  struct belay_loop *loop = stream->output->lines->outputs->loop;
  for (;;) {
    struct pollfd readable = {.fd = stream->fd, .events = POLLIN};
    int64_t left = stream->output->leak_at_ns - belay_loop_now(loop);
    if (stream->fd < 0 || left <= 0 ||
        poll(&readable, 1, (int)(left / 1000000) + 1) < 0)
      return;
    read_once(stream);
  }
}

static int close_kind(struct outputs *outputs) {
  struct lines *lines = outputs->state;
  while (lines->leaving != NULL) {
    struct output *output = lines->leaving;
    wait_for_end(&output->streams[0]);
    wait_for_end(&output->streams[1]);
    tell_leak(output);
  }
  belay_source_remove(lines->timer);
  free(lines->batch.data);
  return lines->error;
}

const struct output_kind output_line = {
    .state_size = sizeof(struct lines),
    .open = open_kind,
    .begin = begin,
    .started = started,
    .end = end,
    .ready = ready,
    .close = close_kind,
};
