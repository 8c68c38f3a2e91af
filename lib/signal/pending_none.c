/* pending_none.c (portable): nothing tells the two apart. */
#include "signal/pending.h"

int belay__pending_in_thread(int signo) {
  (void)signo;
  return -1;
}
