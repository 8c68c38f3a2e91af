/*
 * children.c: a program whose SIGCHLD is ignored, or was when it was started,
 * would never learn what becomes of its children.  An action that does nothing
 * catches it for as long as there are any.
 */
#include "process/children.h"

#include <belay/signal.h>
#include <pthread.h>
#include <stddef.h>

#include "base/lock.h"
#include "signal/registry.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t count;
static struct belay_action *action; /* NULL: none is needed */
static volatile sig_atomic_t nothing;

int belay__children_keep(void) {
  int error = 0;
  int cancel_state = belay__lock(&lock);
  if (action == NULL && belay__registry_children_are_discarded())
    error = belay_action_flag(SIGCHLD, &nothing, 1, 0, &action);
  if (error == 0)
    count++;
  belay__unlock(&lock, cancel_state);
  return error;
}

void belay__children_let_go(void) {
  int cancel_state = belay__lock(&lock);
  if (--count == 0) {
    belay_action_remove(action);
    action = NULL;
  }
  belay__unlock(&lock, cancel_state);
}
