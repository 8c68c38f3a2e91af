/* describe.c: words for what became of a child. */
#include <belay/process.h>
#include <belay/signal.h>

#include <stdio.h>

void belay_process_describe(const struct belay_process_status *status,
                            char *ret_text, size_t size_bytes) {
  const char *name = belay_signal_name(status->code);
  const char *signal = name != NULL ? name : "a signal";
  switch (status->state) {
    case BELAY_PROCESS_RUNNING:
      snprintf(ret_text, size_bytes, "running");
      break;
    case BELAY_PROCESS_STOPPED:
      snprintf(ret_text, size_bytes, "stopped by %s", signal);
      break;
    case BELAY_PROCESS_EXITED:
      snprintf(ret_text, size_bytes, "exited with status %d", status->code);
      break;
    case BELAY_PROCESS_KILLED:
      snprintf(ret_text, size_bytes, "killed by %s%s", signal,
               status->core_dumped ? ", core dumped" : "");
      break;
    default:
      snprintf(ret_text, size_bytes, "ended unseen");
      break;
  }
}
