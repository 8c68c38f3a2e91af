/* output_group.h: what an ended task wrote; see output_captured(). */
#ifndef RUN_OUTPUT_GROUP_H
#define RUN_OUTPUT_GROUP_H

#include <stdint.h>

#include "task.h"

int output_group_captured(const struct task *task, int stream,
                          int64_t *ret_size);

#endif
