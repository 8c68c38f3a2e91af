/* signalfd.c: signals blocked, read from a signalfd, waited for with epoll. */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "common.h"

static int fd, epoll_fd;

void peer_setup(const int *signals) {
  sigset_t set;
  sigemptyset(&set);
  for (; *signals != 0; signals++)
    sigaddset(&set, *signals);
  sigprocmask(SIG_BLOCK, &set, NULL);
  fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN};
  die_if(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0, "signalfd");
}

void peer_wait(void) {
  struct epoll_event event;
  struct signalfd_siginfo infos[8];
  if (epoll_wait(epoll_fd, &event, 1, -1) != 1)
    return;
  ssize_t size = read(fd, infos, sizeof(infos));
  for (ssize_t i = 0; i < size / (ssize_t)sizeof(infos[0]); i++)
    heard((int)infos[i].ssi_signo, 1);
}

void *peer_subscribe(int signo) {
  (void)signo;
  return NULL;
}

void peer_unsubscribe(void *subscriber) {
  (void)subscriber;
}
