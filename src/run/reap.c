/*
 * reap.c: the children that have ended, from the kernel's list.  Each is ours
 * alone to wait for, so its number is its own until it is freed here.  Where
 * the kernel has no list, or nobody wants to hear of it, the library does it.
 */
#include "reap.h"

#include <belay/orphans.h>

#include <stdio.h>
#include <unistd.h>

/* It may run still, and is left alone then. */
static void look_at(pid_t pid, reap_tell *tell) {
  struct belay_process *process;
  struct belay_process_status status;
  if (belay_process_adopt(pid, &process) < 0)
    return;
  belay_process_look(process, &status);
  bool has_ended = belay_process_reap(process) == 0;
  belay_process_free(process);
  if (has_ended)
    tell(pid, &status, false);
}

void reap_orphans(pid_t command, reap_tell *tell) {
  char path[64];
  pid_t pid = 0;
  snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
  FILE *list = fopen(path, "re");
  if (list == NULL) {
    belay_orphans_reap();
    return;
  }
  for (int c; (c = getc(list)) != EOF;) { /* "123 456 " */
    if (c >= '0' && c <= '9') {
      pid = pid * 10 + (c - '0');
      continue;
    }
    if (pid != 0 && pid != command)
      look_at(pid, tell);
    pid = 0;
  }
  fclose(list);
}
