/* pidfd.h: an fd that tells of a child's end. */
#ifndef PROCESS_PIDFD_H
#define PROCESS_PIDFD_H

#include <sys/types.h>

/* An fd that is readable once the child has ended; -ENOSYS: there are none
 * here; or another error. */
int belay__pidfd_open(pid_t pid);

#endif
