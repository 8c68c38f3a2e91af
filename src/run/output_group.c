/*
 * output_group.c: each command writes to files of its own, which are shown when
 * it has ended, whole, and in the commands' order if that is wanted.
 *
 * Where standard output and error are one place, they are one file, so that
 * what was written first is shown first.  Files are used again by later
 * commands, unless the one that had them left somebody behind who may still
 * write.
 */
#include <belay/orphans.h>

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "output.h"

struct output {
  struct output *next; /* of those that are free, or kept back */
  long number;         /* of the command */
  bool is_reusable;    /* for all that is known */
  int fds[2];          /* the second is -1 if there is one for both */
};

/* So many are looked at together: it takes a look at all orphans. */
#define UNSURE 16

struct group {
  struct output *free;   /* nobody else can write to them */
  struct output *unsure; /* those of whom this is not known yet */
  int unsure_count;
  struct output *kept; /* of ended commands, by number */
  long next_number;    /* whose turn it is */
  bool is_one_place;
};

/* -- Lists ---------------------------------------------------------------- */

static void push(struct output **list, struct output *output) {
  output->next = *list;
  *list = output;
}

static struct output *pop(struct output **list) {
  struct output *output = *list;
  *list = output->next;
  return output;
}

/* -- Files ---------------------------------------------------------------- */

static void close_output(struct output *output) {
  for (int i = 0; i < 2; i++)
    if (output->fds[i] >= 0)
      close(output->fds[i]);
  free(output);
}

static int open_output(const struct group *group, struct output **ret_output) {
  struct output *output = calloc(1, sizeof(*output));
  if (output == NULL)
    return -ENOMEM;
  output->fds[1] = -1;
  output->fds[0] = capture_open();
  if (output->fds[0] >= 0 && !group->is_one_place)
    output->fds[1] = capture_open();
  int error = output->fds[0] < 0                           ? output->fds[0]
              : !group->is_one_place && output->fds[1] < 0 ? output->fds[1]
                                                           : 0;
  if (error < 0)
    close_output(output);
  else
    *ret_output = output;
  return error;
}

/* Commands that have ended may have left somebody who has their files open, in
 * the group or out of it.  Where nobody is left of any, the files are free; what
 * was written to them since is nobody's. */
static void look_at_unsure(struct group *group) {
  bool is_sure = belay_orphans_list(NULL, 0) == 0;
  while (group->unsure != NULL) {
    struct output *output = pop(&group->unsure);
    bool is_empty = true;
    for (int i = 0; i < 2 && is_sure; i++)
      if (output->fds[i] >= 0 && capture_size(output->fds[i]) != 0)
        is_empty = is_empty && capture_empty(output->fds[i]) == 0;
    if (is_sure && is_empty)
      push(&group->free, output);
    else
      close_output(output);
  }
  group->unsure_count = 0;
}

static void give_back(struct group *group, struct output *output) {
  push(&group->unsure, output);
  group->unsure_count++;
}

/* Shows it, and empties it for the next. */
static int show(struct group *group, struct output *output, bool is_reusable) {
  int error = 0;
  for (int i = 0; i < 2; i++) {
    int64_t size = output->fds[i] >= 0 ? capture_size(output->fds[i]) : 0;
    if (size <= 0)
      continue;
    int n = capture_copy(output->fds[i], size, STDOUT_FILENO + i);
    error = error < 0 ? error : n;
    if (capture_empty(output->fds[i]) < 0)
      is_reusable = false;
  }
  if (is_reusable)
    give_back(group, output);
  else
    close_output(output);
  return error;
}

/* -- In order ------------------------------------------------------------- */

static void keep(struct group *group, struct output *output) {
  struct output **place = &group->kept;
  while (*place != NULL && (*place)->number < output->number)
    place = &(*place)->next;
  push(place, output);
}

/* All whose turn has come; at the end of all, whoever is left. */
static int show_kept(struct group *group, bool all) {
  int error = 0;
  while (group->kept != NULL &&
         (all || group->kept->number == group->next_number)) {
    struct output *output = pop(&group->kept);
    group->next_number = output->number + 1;
    int n = show(group, output, output->is_reusable);
    error = error < 0 ? error : n;
  }
  return error;
}

/* -- The kind ------------------------------------------------------------- */

static bool is_one_place(void) {
  struct stat out, err;
  return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
         out.st_dev == err.st_dev && out.st_ino == err.st_ino;
}

static int open_kind(struct outputs *outputs, char **ret_error) {
  struct group *group = outputs->state;
  (void)ret_error;
  group->next_number = 1;
  group->is_one_place = is_one_place();
  return 0;
}

/* Files that were used before, or new ones. */
static int take_output(struct group *group, struct output **ret_output) {
  if (group->free == NULL && group->unsure_count >= UNSURE)
    look_at_unsure(group);
  if (group->free == NULL)
    return open_output(group, ret_output);
  *ret_output = pop(&group->free);
  return 0;
}

static int begin(struct outputs *outputs, struct task *task,
                 struct belay_process_options *options) {
  struct group *group = outputs->state;
  if (task->output == NULL) {
    int error = take_output(group, &task->output);
    if (error < 0)
      return error;
    task->output->number = task->number;
  }
  options->stdout_fd = task->output->fds[0];
  options->stderr_fd =
      group->is_one_place ? BELAY_STDIO_STDOUT : task->output->fds[1];
  return 0;
}

static bool is_reusable(const struct outputs *outputs,
                        const struct task *task) {
  return !task->left && outputs->options->orphans != ORPHANS_LEAVE;
}

/* Where nothing was written, only the place in the order is kept: one slow
 * command is not to make all that come after it hold their files. */
static void give_back_if_empty(struct group *group, struct output *output) {
  for (int i = 0; i < 2; i++)
    if (output->fds[i] >= 0 && capture_size(output->fds[i]) != 0)
      return;
  struct output *files = output->is_reusable ? malloc(sizeof(*files)) : NULL;
  if (files == NULL)
    return;
  *files = *output;
  give_back(group, files);
  output->fds[0] = output->fds[1] = -1;
  output->is_reusable = false;
}

static int end(struct outputs *outputs, struct task *task, bool is_last) {
  struct group *group = outputs->state;
  struct output *output = task->output;
  if (output == NULL)
    return 0;
  if (!is_last && !outputs->options->keep_order) {
    task->output = NULL;
    return show(group, output, is_reusable(outputs, task));
  }
  if (!is_last)
    return 0; /* the next attempt's comes behind it */
  task->output = NULL;
  if (!outputs->options->keep_order)
    return show(group, output, is_reusable(outputs, task));
  output->is_reusable = is_reusable(outputs, task);
  give_back_if_empty(group, output);
  keep(group, output);
  return show_kept(group, false);
}

static int kept_fd(const struct output *output, int stream) {
  return output->fds[stream - 1];
}

static int close_kind(struct outputs *outputs) {
  struct group *group = outputs->state;
  int error = show_kept(group, true);
  while (group->free != NULL)
    close_output(pop(&group->free));
  while (group->unsure != NULL)
    close_output(pop(&group->unsure));
  return error;
}

const struct output_kind output_group = {
    .state_size = sizeof(struct group),
    .open = open_kind,
    .begin = begin,
    .end = end,
    .kept_fd = kept_fd,
    .close = close_kind,
};
