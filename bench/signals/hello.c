/*
 * hello.c: the smallest program with a peer, for its size: wait for SIGTERM
 * and leave.
 */
#include "common.h"

struct tally *tally;

void round_is_over(void) {
}

void die_if(bool failed, const char *what) {
  (void)what;
  if (failed)
    exit(1);
}

int main(void) {
  struct tally mine = {.told = 0};
  tally = &mine;
  peer_setup((const int[]){SIGTERM, 0});
  while (!mine.terminated)
    peer_wait();
  return 0;
}
