/*
 * main.c: a program of somebody else's, built against what was installed.  It
 * waits for a signal that it sends to itself, and prints the versions that it
 * was compiled with and runs with.
 */
#include <belay/belay.h>
#include <stdio.h>
#include <unistd.h>

int main(void) {
  const int signals[] = {SIGUSR1, 0};
  struct belay_loop *loop;
  struct belay_event event;
  if (belay_loop_new(&loop) < 0 ||
      belay_loop_add_signals(loop, signals, 0, NULL, NULL) < 0)
    return 1;
  kill(getpid(), SIGUSR1);
  if (belay_loop_next(loop, -1, &event) != 1)
    return 1;
  printf("%s, compiled with %s, runs with %s\n",
         belay_signal_name(event.signal.signo), BELAY_VERSION_STRING,
         belay_version());
  belay_loop_free(loop);
  return 0;
}
