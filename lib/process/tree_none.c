/* tree_none.c (portable): nobody tells whose child one is. */
#include <errno.h>

#include "process/tree.h"

int belay__tree_receive(bool on) {
  (void)on;
  return -ENOSYS;
}

bool belay__tree_receives(void) {
  return false;
}

int belay__tree_children(struct belay__pids *pids) {
  (void)pids;
  return -ENOSYS;
}

int belay__tree_walk(struct belay__pids *pids,
                     void (*visit)(pid_t pid, void *data), void *data) {
  (void)pids, (void)visit, (void)data;
  return -ENOSYS;
}

int belay__tree_hurry(void) {
  return 0;
}

void belay__tree_calm(int before) {
  (void)before;
}

bool belay__tree_is_alive(pid_t pid) {
  (void)pid;
  return true;
}
