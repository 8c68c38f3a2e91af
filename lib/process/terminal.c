/* terminal.c: who has the terminal's foreground. */
#include <belay/job.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

int belay_terminal_give(int fd, pid_t group) {
  sigset_t ttou, mask;
  int saved_errno = errno;
  sigemptyset(&ttou);
  sigaddset(&ttou, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &ttou, &mask);
  int error = tcsetpgrp(fd, group) == 0 ? 0 : -errno;
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  errno = saved_errno;
  return error;
}
