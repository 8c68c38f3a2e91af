/*
 * raise_tgkill.c (Linux): the kernel is asked which thread this is.  The C
 * library's raise() may send to the thread that it remembers, which after a
 * bare clone() is the parent's.
 */
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "signal/raise.h"

void belay__raise(int signo) {
  syscall(SYS_tgkill, getpid(), (pid_t)syscall(SYS_gettid), signo);
}
