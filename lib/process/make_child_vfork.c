/*
 * make_child_vfork.c (Linux): a child that shares our memory until it executes
 * the program, while we wait.
 *
 * It costs the same however large we are.  It has a stack of its own, so that
 * what we go on with is not overwritten; what it tells stands at the far end of
 * it.  That memory is shared even where there are no such children (valgrind,
 * some emulators), and it is a copy of ours that runs.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>

#include "process/start.h"

#define STACK_BYTES ((size_t)64 * 1024)

static int run(void *start) {
  belay__child_main(start);
}

/* The kernel writes the number when the child begins to run. */
static int make(struct belay__start *start, char *stack_end) {
  int pid = clone(run, stack_end,
                  CLONE_VM | CLONE_VFORK | CLONE_CHILD_SETTID | SIGCHLD, start,
                  NULL, NULL, (pid_t *)(uintptr_t)start->pid);
  if (pid < 0)
    return -errno;
  atomic_store(start->pid, pid);
  return 0;
}

int belay__make_child(struct belay__start *start,
                      struct belay__start_result *ret_result) {
  char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED)
    return -ENOMEM;
  start->result = (struct belay__start_result *)(void *)stack;
  int saved_errno = errno;
  int error = make(start, stack + STACK_BYTES);
  errno = saved_errno;
  *ret_result = *start->result;
  munmap(stack, STACK_BYTES);
  return error;
}
