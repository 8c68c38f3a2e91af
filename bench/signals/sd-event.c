/* sd-event.c: signal sources of systemd's loop; one for each signal. */
#include <systemd/sd-event.h>

#include "common.h"

static sd_event *loop;

static int on_signal(sd_event_source *source,
                     const struct signalfd_siginfo *info, void *data) {
  (void)source, (void)data;
  heard((int)info->ssi_signo, 1);
  return 0;
}

void peer_setup(const int *signals) {
  sigset_t set;
  die_if(sd_event_new(&loop) < 0, "sd_event_new");
  sigemptyset(&set);
  for (const int *signo = signals; *signo != 0; signo++)
    sigaddset(&set, *signo);
  sigprocmask(SIG_BLOCK, &set, NULL);
  for (; *signals != 0; signals++)
    die_if(sd_event_add_signal(loop, NULL, *signals, on_signal, NULL) < 0,
           "sd_event_add_signal");
}

void peer_wait(void) {
  sd_event_run(loop, UINT64_MAX);
}

void *peer_subscribe(int signo) {
  (void)signo; /* -EBUSY */
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
