/* skalibs.c: the selfpipe of skalibs (a signalfd on Linux), with epoll. */
#include <skalibs/selfpipe.h>
#include <sys/epoll.h>

#include "common.h"

static int epoll_fd;

void peer_setup(const int *signals) {
  int fd = selfpipe_init();
  die_if(fd < 0, "selfpipe_init");
  for (; *signals != 0; signals++)
    die_if(!selfpipe_trap(*signals), "selfpipe_trap");
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  die_if(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0, "epoll");
}

void peer_wait(void) {
  struct epoll_event event;
  if (epoll_wait(epoll_fd, &event, 1, -1) != 1)
    return;
  for (int signo; (signo = selfpipe_read()) > 0;)
    heard(signo, 1);
}

void *peer_subscribe(int signo) {
  (void)signo;
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
