/* The first Ctrl-C asks to stop in good order; the second ends the program at
 * once, even if it is stuck: it is answered in the handler itself. */
#include <belay/signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

/* Work that looks at the flag between its steps. */
static void work(void) {
  puts("working; Ctrl-C stops it");
  while (!asked)
    usleep(1000);
}

int main(void) {
  struct belay_action *end, *ask;
  setvbuf(stdout, NULL, _IOLBF, 0);
  /* In this order: when the signal comes, `asked` is looked at, then set. */
  if (belay_action_default(SIGINT, &asked, 0, &end) < 0 ||
      belay_action_flag(SIGINT, &asked, 1, 0, &ask) < 0)
    return 1;
  work();
  puts("cleaning up; Ctrl-C again ends it at once");
  char byte;
  ssize_t n = read(STDIN_FILENO, &byte, 1); /* tidying that takes its time */
  printf("cleaned up, %s\n", n == 0 ? "all of it" : "more or less");
  belay_action_remove(ask);
  belay_action_remove(end);
  return belay_signal_default(SIGINT) < 0;
}
