/* raise_libc.c (portable): raise(), which knows of children made by fork(). */
#include <signal.h>

#include "signal/raise.h"

void belay__raise(int signo) {
  raise(signo);
}
