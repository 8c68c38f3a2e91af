/*
 * steps.c COMMAND [ARGUMENT...]: how many instructions a program executes in
 * user space, counted by going from one to the next, so that nothing in it is
 * unknown to us; without what it forks.  Gives up after LIMIT.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT 1000000L

static pid_t start(char **argv) {
  pid_t child = fork();
  if (child != 0)
    return child;
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0)
    execv(argv[0], argv);
  _exit(127);
}

/* What is to be delivered when it goes on: nothing after a mere step. */
static long pending(int status) {
  int signo = WSTOPSIG(status);
  return signo == SIGTRAP ? 0 : signo;
}

int main(int argc, char **argv) {
  int status;
  long steps = 0;
  pid_t child = argc > 1 ? start(argv + 1) : -1;
  if (child < 0)
    return 2;
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    if (steps++ == LIMIT) {
      kill(child, SIGKILL);
      fputs("steps: too many\n", stderr);
      return 1;
    }
    ptrace(PTRACE_SINGLESTEP, child, NULL, pending(status));
  }
  fprintf(stderr, "%ld\n", steps);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
