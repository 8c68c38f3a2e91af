/* pidfd.h: a child as an fd, which tells of its end and is never another's. */
#ifndef PROCESS_PIDFD_H
#define PROCESS_PIDFD_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* An fd that is readable once the child has ended; -ENOSYS: there are none
 * here; or another error. */
int belay__pidfd_open(pid_t pid);

/* Sends a signal to whom the pidfd was opened for, and to nobody else: 0 or
 * -errno, -ENOSYS among them. */
int belay__pidfd_signal(int fd, int signo);

/* The same for the whole group that it leads, or led: for that very group.
 * -ESRCH: nobody is left of it; -ENOSYS too where signals for single ones are
 * sent by pidfd (Linux 6.9 has this one). */
int belay__pidfd_signal_group(int fd, int signo);

/* As waitid() for that child, by its number where `fd` is -1; -1 and errno,
 * ENOSYS where the system does not tell `ret_usage`, which may be NULL. */
int belay__pidfd_wait(int fd, pid_t pid, siginfo_t *ret_info, int options,
                      struct rusage *ret_usage);

#endif
