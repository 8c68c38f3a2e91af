/* task.c: lists of tasks; and what one came to, in numbers and in words. */
#include "task.h"

#include <stdio.h>
#include <string.h>

#include "cli/unit.h"
#include "exit.h"
#include "start.h"

void task_push(struct task **list, struct task *task) {
  task->previous = NULL;
  task->next = *list;
  if (*list != NULL)
    (*list)->previous = task;
  *list = task;
}

void task_take_out(struct task **list, struct task *task) {
  if (task->previous != NULL)
    task->previous->next = task->next;
  else
    *list = task->next;
  if (task->next != NULL)
    task->next->previous = task->previous;
  task->next = task->previous = NULL;
}

bool task_succeeded(const struct task *task) {
  return task->start_error == 0 && !task->timed_out &&
         task->status.state == BELAY_PROCESS_EXITED && task->status.code == 0;
}

int task_exit_status(const struct task *task) {
  if (task->start_error != 0)
    return start_exit_status(task->start_error);
  return task->timed_out ? EXIT_TIMED_OUT : exit_status_of(&task->status);
}

const char *task_describe(const struct task *task, char text[TASK_TEXT_BYTES]) {
  char time[UNIT_TEXT_BYTES];
  if (task->start_error != 0)
    snprintf(text, TASK_TEXT_BYTES, "%s", strerror(-task->start_error));
  else if (task->timed_out)
    snprintf(text, TASK_TEXT_BYTES, "timed out after %s",
             unit_duration(task->ended_ns - task->started_ns, time));
  else
    belay_process_describe(&task->status, text, TASK_TEXT_BYTES);
  return text;
}
