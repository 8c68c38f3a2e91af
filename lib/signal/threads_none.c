/* threads_none.c (portable): no other system tells what threads block. */
#include "signal/threads.h"

bool belay__threads_block(const sigset_t *set) {
  (void)set;
  return true;
}
