/*
 * wish.c: a terminal that goes away, and some supervisors, tell us twice; that
 * is no second, more urgent wish.
 */
#include "wish.h"

#include "signals.h"

/* Two so close to each other are one. */
#define SAME_WISH_NS INT64_C(100000000)

bool wish_is_new(struct many *many) {
  int64_t now = belay_loop_now(many->loop);
  if (many->signo != 0 && now - many->wished_ns < SAME_WISH_NS)
    return false;
  many->wished_ns = now;
  return true;
}

int wish_signal(const struct many *many, int signo) {
  int wanted = signals_rewritten(many->options, signo);
  return wanted != 0 ? wanted : many->options->end_signal;
}
