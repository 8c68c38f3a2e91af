/* reap.h: waiting for orphans one by one, to tell of each. */
#ifndef RUN_REAP_H
#define RUN_REAP_H

#include <belay/process.h>
#include <stdbool.h>

typedef void reap_tell(pid_t pid, const struct belay_process_status *status,
                       bool is_command);

/* Waits for all children that have ended but `command`, and tells of each. */
void reap_orphans(pid_t command, reap_tell *tell);

#endif
