/*
 * wakeup.h: an fd that one thread makes readable to wake another.
 *
 * Readable from set() until clear(), however often it was set.  wakeup.c
 * (Linux) is an eventfd; wakeup_pipe.c a pipe.
 */
#ifndef BASE_WAKEUP_H
#define BASE_WAKEUP_H

struct belay__wakeup {
  int fd;       /* to wait for */
  int write_fd; /* the same, where one fd is both */
};

int belay__wakeup_open(struct belay__wakeup *wakeup);
void belay__wakeup_close(struct belay__wakeup *wakeup);

/* MT-Safe, AS-Safe, never blocks; errno may change. */
void belay__wakeup_set(const struct belay__wakeup *wakeup);
void belay__wakeup_clear(const struct belay__wakeup *wakeup);

#endif
