/*
 * make_child_fork.c (portable): a child made by fork(), which tells in a page
 * that both see.  A pipe that exec closes says that it has told all.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#endif
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "process/handles.h"
#include "process/start.h"

/* Whoever else was forked meanwhile may hold the pipe for a moment longer. */
static void wait_for_end(int fd) {
  char byte;
  while (read(fd, &byte, 1) < 0 && errno == EINTR)
    continue;
}

/* The child's end is out of the way of all fds that the program gets. */
static int open_pipe(const struct belay__start *start, int ret_fds[2]) {
  int fds[2];
  int error = belay__fd_pipe(0, fds);
  if (error < 0)
    return error;
  int above = fcntl(fds[1], F_DUPFD_CLOEXEC, belay__highest_fd(start) + 1);
  error = above < 0 ? -errno : 0;
  belay__fd_close(fds[1]);
  if (error < 0)
    belay__fd_close(fds[0]);
  ret_fds[0] = fds[0];
  ret_fds[1] = above;
  return error;
}

/* Locked, so that nobody waits for it before its number is known. */
static int fork_locked(struct belay__start *start) {
  int cancel_state = belay__handles_lock();
  pid_t pid = fork();
  if (pid == 0)
    belay__child_main(start);
  int error = pid < 0 ? -errno : 0;
  if (pid > 0)
    atomic_store(start->pid, pid);
  belay__handles_unlock(cancel_state);
  return error;
}

static int fork_and_wait(struct belay__start *start) {
  int fds[2];
  int error = open_pipe(start, fds);
  if (error < 0)
    return error;
  error = fork_locked(start);
  belay__fd_close(fds[1]);
  if (error == 0)
    wait_for_end(fds[0]);
  belay__fd_close(fds[0]);
  return error;
}

int belay__make_child(struct belay__start *start,
                      struct belay__start_result *ret_result) {
  start->result = mmap(NULL, sizeof(*start->result), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (start->result == MAP_FAILED)
    return -ENOMEM;
  int saved_errno = errno;
  int error = fork_and_wait(start);
  errno = saved_errno;
  *ret_result = *start->result;
  munmap(start->result, sizeof(*start->result));
  return error;
}
