/*
 * zombies.c COUNT: makes so many dead children of a process that does not wait
 * for them, lets it die, so that PID 1 has them all at once, and says in how
 * many nanoseconds the last was gone.
 *
 * Says "ready" when they are there, and goes on when it reads a byte; the same
 * before it ends.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  _exit(1);
}

/* Returns when all are dead, and none waited for. */
static void make(pid_t *children, int count) {
  siginfo_t info;
  for (int i = 0; i < count; i++) {
    pid_t child = fork();
    if (child == 0)
      _exit(0);
    if (child < 0)
      fail("zombies: fork");
    children[i] = child;
  }
  for (int i = 0; i < count; i++)
    if (waitid(P_PID, (id_t)children[i], &info, WEXITED | WNOWAIT) < 0)
      fail("zombies: waitid");
}

static pid_t start_maker(pid_t *children, int count, int ready, int end,
                         const int unused[2]) {
  char byte = 0;
  pid_t maker = fork();
  if (maker < 0)
    fail("zombies: fork");
  if (maker > 0)
    return maker;
  close(unused[0]);
  close(unused[1]);
  make(children, count);
  if (write(ready, &byte, 1) != 1 || read(end, &byte, 1) != 0)
    fail("zombies: pipe");
  _exit(0);
}

static void until_gone(pid_t child) {
  const struct timespec moment = {0, 50000};
  while (kill(child, 0) == 0 || errno != ESRCH)
    nanosleep(&moment, NULL);
}

static void say(const char *what, int64_t number) {
  printf("%s %lld\n", what, (long long)number);
  fflush(stdout);
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1, ready[2], end[2];
  char byte;
  pid_t *children =
      mmap(NULL, (size_t)count * sizeof(*children), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (children == MAP_FAILED || pipe(ready) < 0 || pipe(end) < 0)
    fail("zombies");
  pid_t maker = start_maker(children, count, ready[1], end[0],
                            (int[2]){ready[0], end[1]});
  close(ready[1]);
  if (read(ready[0], &byte, 1) != 1)
    return 1;
  say("ready", count);
  if (read(STDIN_FILENO, &byte, 1) != 1)
    return 1;
  int64_t begun = now_ns();
  close(end[1]);
  waitpid(maker, NULL, 0);
  for (int i = 0; i < count; i++)
    until_gone(children[i]);
  say("gone", now_ns() - begun);
  return read(STDIN_FILENO, &byte, 1) != 1;
}
