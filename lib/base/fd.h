/* fd.h: file descriptors that are close-on-exec from birth. */
#ifndef BASE_FD_H
#define BASE_FD_H

/* For an fd that was just opened, or -1 and errno: the same, close-on-exec,
 * above standard error, where no printf() and no dup2() of others finds it; or
 * -errno. */
int belay__fd_settle(int fd);

/* A pipe, both ends settled; `flags`: 0 or O_NONBLOCK.  0 or -errno. */
int belay__fd_pipe(int flags, int ret_fds[2]);

/* Closes fd unless it is -1; errno is kept, and the fd is gone whatever
 * close() says. */
void belay__fd_close(int fd);

int belay__fd_set_nonblocking(int fd);

#endif
