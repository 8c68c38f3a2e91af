/*
 * answer.c: the command whose signals are measured, and which sleeps in
 * between.  Writes its number (a pid_t), then for each SIGUSR1 when it saw it
 * (nanoseconds of CLOCK_MONOTONIC), to standard output.  To be killed; after
 * two minutes it ends by itself.
 */
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  sigset_t awaited;
  struct timespec now;
  pid_t self = getpid();
  alarm(120);
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR1);
  sigprocmask(SIG_BLOCK, &awaited, NULL);
  if (write(STDOUT_FILENO, &self, sizeof(self)) != sizeof(self))
    return 1;
  while (sigwaitinfo(&awaited, NULL) == SIGUSR1) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t ns = now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
    if (write(STDOUT_FILENO, &ns, sizeof(ns)) != sizeof(ns))
      return 1;
  }
  return 0;
}
