/*
 * hand.c: fork, exec and wait by hand, and nothing else: the floor for one
 * command.  As PID 1 it reaps what it did not start, as it must.
 */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  int status = 0;
  pid_t ended, child = argc > 1 ? fork() : -1;
  if (child == 0) {
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  if (child < 0) {
    fputs("hand: usage: hand COMMAND [ARGUMENT...]\n", stderr);
    return 125;
  }
  do
    ended = wait(&status);
  while (ended != child && ended >= 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
