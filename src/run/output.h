/*
 * output.h: what many commands write, so that one can still tell who wrote it.
 *
 *   raw     they write where we do
 *   group   to a file each, shown when the command has ended (output_group.c)
 *   line    to pipes, shown line by line with a prefix (output_line.c)
 *   files   into a directory, one or two for each command (output_files.c)
 *
 * A command that is started: output_begin(), then output_started(), unless it
 * could not be started; when it has ended: output_end(), which may show it
 * later (--keep-order).  All return 0, or -errno of our own output: -EPIPE means that
 * nobody reads it any more.
 */
#ifndef RUN_OUTPUT_H
#define RUN_OUTPUT_H

#include <belay/loop.h>
#include <belay/process.h>

#include "options.h"
#include "task.h"

struct outputs;

struct output_kind {
  size_t state_size;
  /* The state is 0: 0; or a negative errno with *ret_error a line, or NULL. */
  int (*open)(struct outputs *outputs, char **ret_error);
  /* Sets stdout_fd and stderr_fd for an attempt that is about to start. */
  int (*begin)(struct outputs *outputs, struct task *task,
               struct belay_process_options *options);
  /* The program runs (its process has the pipes). */
  int (*started)(struct outputs *outputs, struct task *task);
  /* It has ended; `is_last` unless another attempt follows. */
  int (*end)(struct outputs *outputs, struct task *task, bool is_last);
  /* A pipe, or the timer, of output_line.c is ready. */
  int (*ready)(struct outputs *outputs, const struct belay_event *event);
  /* The file that has what an ended attempt wrote, or -1. */
  int (*kept_fd)(const struct output *output, int stream);
  /* At the end of all: what is still kept back; then all that is in the state
   * is freed. */
  int (*close)(struct outputs *outputs);
};

/* What the kinds share; each has its own state behind `state`. */
struct outputs {
  const struct output_kind *kind;
  const struct run_options *options;
  struct belay_loop *loop;
  void *state;
};

extern const struct output_kind output_group, output_line, output_files;

/* Chooses the kind: 0; or a negative errno with *ret_error a line, to be
 * freed, or NULL. */
int outputs_open(struct outputs *outputs, const struct run_options *options,
                 struct belay_loop *loop, char **ret_error);

int output_begin(struct outputs *outputs, struct task *task,
                 struct belay_process_options *options);
int output_started(struct outputs *outputs, struct task *task);
int output_end(struct outputs *outputs, struct task *task, bool is_last);
int output_ready(struct outputs *outputs, const struct belay_event *event);
int outputs_close(struct outputs *outputs);

/*
 * What an ended task wrote, to be read with pread() from an fd (group and
 * files), before output_end(): the fd and *ret_size; -1 if it was not kept.
 * `stream` is 1 or 2; where both went to one place, 2 has nothing.
 */
int output_captured(const struct outputs *outputs, const struct task *task,
                    int stream, int64_t *ret_size);

#endif
