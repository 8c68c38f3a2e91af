/*
 * make_child_vfork.c (Linux): a child that shares our memory until it executes
 * the program, while we wait.
 *
 * It costs the same however large we are, and what it tells is simply there.
 * It has a stack of its own, so that what we go on with is not overwritten.
 */
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

#include "process/start.h"

#define STACK_BYTES ((size_t)64 * 1024)

static int run(void *start) {
  belay__child_main(start);
}

pid_t belay__make_child(struct belay__start *start,
                        struct belay__start_result *ret_result) {
  char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED)
    return -ENOMEM;
  *ret_result = (struct belay__start_result){0};
  start->result = ret_result;
  int saved_errno = errno;
  pid_t pid =
      clone(run, stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD, start);
  int error = pid < 0 ? -errno : 0;
  munmap(stack, STACK_BYTES);
  errno = saved_errno;
  return error < 0 ? error : pid;
}
