/* output.c: which of the ways it is; raw is none of them. */
#include "output.h"

#include <errno.h>
#include <stdlib.h>

#include "capture.h"

static const struct output_kind *choose(const struct run_options *options) {
  int how = options->output;
  if (options->output_dir != NULL)
    return &output_files;
  if (how == OUTPUT_AUTO)
    how = options->source == SOURCE_PROCFILE ? OUTPUT_LINE : OUTPUT_GROUP;
  return how == OUTPUT_RAW    ? NULL
         : how == OUTPUT_LINE ? &output_line
                              : &output_group;
}

int outputs_open(struct outputs *outputs, const struct run_options *options,
                 struct belay_loop *loop, char **ret_error) {
  const struct output_kind *kind = choose(options);
  *outputs = (struct outputs){.options = options, .loop = loop};
  if (kind == NULL)
    return 0;
  outputs->state = calloc(1, kind->state_size);
  if (outputs->state == NULL)
    return -ENOMEM;
  int error = kind->open(outputs, ret_error);
  if (error == 0)
    outputs->kind = kind;
  else
    free(outputs->state);
  return error;
}

int output_begin(struct outputs *outputs, struct task *task,
                 struct belay_process_options *options) {
  return outputs->kind != NULL ? outputs->kind->begin(outputs, task, options)
                               : 0;
}

int output_started(struct outputs *outputs, struct task *task) {
  return outputs->kind != NULL && outputs->kind->started != NULL
             ? outputs->kind->started(outputs, task)
             : 0;
}

int output_end(struct outputs *outputs, struct task *task, bool is_last) {
  return outputs->kind != NULL ? outputs->kind->end(outputs, task, is_last) : 0;
}

int output_ready(struct outputs *outputs, const struct belay_event *event) {
  return outputs->kind != NULL && outputs->kind->ready != NULL
             ? outputs->kind->ready(outputs, event)
             : 0;
}

int outputs_close(struct outputs *outputs) {
  if (outputs->kind == NULL)
    return 0;
  int error = outputs->kind->close(outputs);
  free(outputs->state);
  outputs->kind = NULL;
  return error;
}

int output_captured(const struct outputs *outputs, const struct task *task,
                    int stream, int64_t *ret_size) {
  if (outputs->kind == NULL || outputs->kind->kept_fd == NULL ||
      task->output == NULL)
    return -1;
  int fd = outputs->kind->kept_fd(task->output, stream);
  if (fd >= 0)
    *ret_size = capture_size(fd);
  return fd;
}
