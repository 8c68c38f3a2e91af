/*
 * handler.c: a bare handler that counts, and sigsuspend(): the least that can
 * be done with a handler, and nothing else can be waited for.
 */
#include "common.h"

static volatile sig_atomic_t came[NSIG];

static void count(int signo) {
  came[signo]++;
}

void peer_setup(const int *signals) {
  struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
  for (; *signals != 0; signals++)
    sigaction(*signals, &action, NULL);
}

static bool take(int signo, sig_atomic_t *taken) {
  sig_atomic_t now = came[signo];
  if (now == *taken)
    return false;
  heard(signo, (uint64_t)(now - *taken));
  *taken = now;
  return true;
}

static bool take_both(void) {
  static sig_atomic_t usr1, term;
  bool any = take(SIGUSR1, &usr1);
  return take(SIGTERM, &term) || any;
}

void peer_wait(void) {
  sigset_t all, before;
  if (take_both())
    return;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, &before);
  if (!take_both()) {
    sigsuspend(&before);
    take_both();
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
}

void *peer_subscribe(int signo) {
  (void)signo;
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
