/* output.c: which of the ways it is; raw is none of them. */
#include "output.h"

#include <unistd.h>

#include "output_files.h"
#include "output_group.h"

int outputs_open(struct outputs *outputs, const struct run_options *options,
                 struct belay_loop *loop, char **ret_error) {
  int how = options->output;
  if (how == OUTPUT_AUTO)
    how = options->source == SOURCE_PROCFILE ? OUTPUT_LINE : OUTPUT_GROUP;
  *outputs = (struct outputs){.options = options, .loop = loop};
  if (options->output_dir != NULL) {
    outputs->kind = &output_files;
    return output_files_open(outputs, ret_error);
  }
  if (how != OUTPUT_RAW)
    outputs->kind = how == OUTPUT_LINE ? &output_line : &output_group;
  return 0;
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
  return outputs->kind != NULL ? outputs->kind->close(outputs) : 0;
}

int output_captured(const struct outputs *outputs, const struct task *task,
                    int stream, int64_t *ret_size) {
  if (outputs->kind == &output_group)
    return output_group_captured(task, stream, ret_size);
  if (outputs->kind == &output_files)
    return output_files_captured(task, stream, ret_size);
  return -1;
}
