/*
 * make_child_vfork.c (Linux): a child that shares our memory until it executes
 * the program, while we wait.
 *
 * It costs the same however large we are.  It has a stack of its own, so that
 * what we go on with is not overwritten.  What it tells stands in memory that
 * is shared even where there are no such children (valgrind, some emulators),
 * and it is a copy of ours that runs.
 *
 * Making that memory costs more than all the rest: so one set of it, the nest,
 * is kept.  Invariant: a nest is used by one child at a time, and what it
 * shares by one process alone; a fork has to make its own.
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/owner.h"
#include "process/start.h"

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

#define GUARD_BYTES ((size_t)64 * 1024) /* of any size of page */
#define STACK_BYTES ((size_t)64 * 1024)

/* -- The nest -------------------------------------------------------------- */

/* At the end of its own memory, beyond the stack, which grows away from it. */
struct nest {
  struct belay__start_result *result;
  unsigned generation; /* of the process that shares it with its children */
};

static _Atomic(struct nest *) kept; /* NULL: there is none, or it is in use */

static char *memory_of(struct nest *nest) {
  return (char *)(nest + 1) - GUARD_BYTES - STACK_BYTES;
}

static void *map(size_t bytes, int flags) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory != MAP_FAILED ? memory : NULL;
}

static void free_nest(struct nest *nest) {
  if (nest == NULL)
    return;
  if (nest->result != NULL)
    munmap(nest->result, sizeof(*nest->result));
  munmap(memory_of(nest), GUARD_BYTES + STACK_BYTES);
}

static struct nest *make_nest(void) {
  char *memory = map(GUARD_BYTES + STACK_BYTES, MAP_PRIVATE | MAP_STACK);
  if (memory == NULL)
    return NULL;
  mprotect(memory, GUARD_BYTES, PROT_NONE);
  struct nest *nest =
      (struct nest *)(void *)(memory + GUARD_BYTES + STACK_BYTES) - 1;
  nest->result = map(sizeof(*nest->result), MAP_SHARED);
  nest->generation = belay__owner_generation();
  if (nest->result == NULL) {
    free_nest(nest);
    return NULL;
  }
  return nest;
}

static struct nest *take_nest(void) {
  struct nest *nest = atomic_exchange(&kept, NULL);
  if (nest != NULL && nest->generation != belay__owner_generation()) {
    free_nest(nest); /* our copy, and our view of what is the parent's */
    nest = NULL;
  }
  if (nest == NULL)
    return make_nest();
  *nest->result = (struct belay__start_result){.error = 0};
  return nest;
}

static void keep_nest(struct nest *nest) {
  free_nest(atomic_exchange(&kept, nest));
}

/* -- The child ------------------------------------------------------------- */

static int run(void *start) {
  belay__child_main(start);
}

/* The kernel writes the number when the child begins to run, and the pidfd
 * before that. */
static int clone_it(struct belay__start *start, void *stack_end, int flags,
                    int *ret_pidfd) {
  int pid =
      clone(run, stack_end, CLONE_VM | CLONE_VFORK | CLONE_CHILD_SETTID | flags,
            start, ret_pidfd, NULL, (pid_t *)(uintptr_t)start->pid);
  return pid < 0 ? -errno : pid;
}

/* Kernels before 5.2 leave the pidfd alone; filters may refuse it. */
static int make(struct belay__start *start, void *stack_end) {
  int pidfd = -1;
  int pid = clone_it(start, stack_end, CLONE_PIDFD | SIGCHLD, &pidfd);
  if (pid == -EINVAL || pid == -EPERM || pid == -ENOSYS)
    pid = clone_it(start, stack_end, SIGCHLD, &pidfd);
  if (pid < 0)
    return pid;
  atomic_store(start->pid, pid);
  if (pidfd >= 0)
    pidfd = belay__fd_settle(pidfd);
  start->pidfd = pidfd >= 0 ? pidfd : -1;
  return 0;
}

int belay__make_child(struct belay__start *start,
                      struct belay__start_result *ret_result) {
  struct nest *nest = take_nest();
  if (nest == NULL)
    return -ENOMEM;
  start->result = nest->result;
  int saved_errno = errno;
  int error = make(start, nest);
  errno = saved_errno;
  *ret_result = *start->result;
  keep_nest(nest);
  return error;
}
