/* Signals and a timer in one loop: ticks until SIGINT or SIGTERM, then dies by
 * that signal, so that whoever started it sees why it ended. */
#include <belay/belay.h>
#include <inttypes.h>
#include <stdio.h>

int main(void) {
  const int signals[] = {SIGINT, SIGTERM, SIGHUP, 0};
  struct belay_loop *loop;
  struct belay_event event;
  int ended_by = 0;
  uint64_t ticks = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (belay_loop_new(&loop) < 0 ||
      belay_loop_add_signals(loop, signals, 0, NULL, NULL) < 0 ||
      belay_loop_add_timer(loop, 0, 50000000 /* ns */, NULL, NULL) < 0)
    return 1;
  while (ended_by == 0 && belay_loop_next(loop, -1, &event) > 0) {
    switch (event.type) {
      case BELAY_EVENT_TIMER:
        ticks += event.expirations; /* more than 1 if we were late */
        printf("tick %" PRIu64 "\n", ticks);
        break;
      case BELAY_EVENT_SIGNAL:
        printf("%s from process %d\n", belay_signal_name(event.signal.signo),
               (int)event.signal.pid);
        if (event.signal.signo != SIGHUP)
          ended_by = event.signal.signo;
        break;
      default:
        break;
    }
  }
  belay_loop_free(loop);
  return ended_by == 0 || belay_signal_default(ended_by) < 0;
}
