/* pidfd.h: a child as an fd, which tells of its end and is never another's. */
#ifndef PROCESS_PIDFD_H
#define PROCESS_PIDFD_H

#include <signal.h>
#include <sys/types.h>

/* An fd that is readable once the child has ended; -ENOSYS: there are none
 * here; or another error. */
int belay__pidfd_open(pid_t pid);

/* Sends a signal to whom the pidfd was opened for, and to nobody else: 0 or
 * -errno, -ENOSYS among them. */
int belay__pidfd_signal(int fd, int signo);

/* As waitid() for that child; -1 and errno. */
int belay__pidfd_wait(int fd, siginfo_t *ret_info, int options);

#endif
