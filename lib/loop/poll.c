/*
 * poll.c (portable): the poller on ppoll.  We keep the set, and remember where
 * the last call stopped reporting, so that all take turns.
 */
#include <belay/loop.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/wait.h"
#include "loop/poller.h"

struct belay__poller {
  struct pollfd *fds;
  void **datas; /* of the fd with the same index */
  size_t count, capacity;
  size_t turn; /* index to report from next */
};

int belay__poller_new(struct belay__poller **ret_poller) {
  struct belay__poller *poller = calloc(1, sizeof(*poller));
  if (poller == NULL)
    return -ENOMEM;
  *ret_poller = poller;
  return 0;
}

void belay__poller_free(struct belay__poller *poller) {
  if (poller == NULL)
    return;
  free(poller->fds);
  free(poller->datas);
  free(poller);
}

void belay__poller_abandon(struct belay__poller *poller) {
  (void)poller; /* the set is in memory, which is the child's own */
}

int belay__poller_fd(const struct belay__poller *poller) {
  (void)poller;
  return -ENOSYS;
}

/* The fd's index, or count. */
static size_t find(const struct belay__poller *poller, int fd) {
  size_t i = 0;
  while (i < poller->count && poller->fds[i].fd != fd)
    i++;
  return i;
}

static short events_for(unsigned interest) {
  short events = 0;
  if (interest & BELAY_FD_READ)
    events |= POLLIN;
  if (interest & BELAY_FD_WRITE)
    events |= POLLOUT;
  return events;
}

static int reserve(struct belay__poller *poller, size_t capacity) {
  if (capacity <= poller->capacity)
    return 0;
  capacity *= 2;
  void *fds = realloc(poller->fds, capacity * sizeof(poller->fds[0]));
  if (fds == NULL)
    return -ENOMEM;
  poller->fds = fds;
  void *datas = realloc(poller->datas, capacity * sizeof(poller->datas[0]));
  if (datas == NULL)
    return -ENOMEM;
  poller->datas = datas;
  poller->capacity = capacity;
  return 0;
}

int belay__poller_add(struct belay__poller *poller, int fd, unsigned interest,
                      void *data) {
  struct stat st;
  if (fstat(fd, &st) != 0)
    return -errno;
  if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
    return -EPERM; /* as epoll has it */
  if (find(poller, fd) < poller->count)
    return -EEXIST;
  int error = reserve(poller, poller->count + 1);
  if (error < 0)
    return error;
  poller->fds[poller->count] =
      (struct pollfd){.fd = fd, .events = events_for(interest)};
  poller->datas[poller->count++] = data;
  return 0;
}

int belay__poller_change(struct belay__poller *poller, int fd,
                         unsigned interest, void *data) {
  size_t i = find(poller, fd);
  if (i == poller->count)
    return -ENOENT;
  poller->fds[i].events = events_for(interest);
  poller->datas[i] = data;
  return 0;
}

void belay__poller_remove(struct belay__poller *poller, int fd) {
  size_t i = find(poller, fd);
  if (i == poller->count)
    return;
  poller->count--;
  poller->fds[i] = poller->fds[poller->count];
  poller->datas[i] = poller->datas[poller->count];
}

static unsigned ready_from(short events) {
  unsigned ready = 0;
  if (events & POLLIN)
    ready |= BELAY_FD_READ;
  if (events & POLLOUT)
    ready |= BELAY_FD_WRITE;
  if (events & POLLHUP)
    ready |= BELAY_FD_HANGUP;
  if (events & (POLLERR | POLLNVAL))
    ready |= BELAY_FD_ERROR;
  return ready;
}

int belay__poller_wait(struct belay__poller *poller, struct belay__ready *ret,
                       int count, int64_t timeout_ns, const void *napper) {
  (void)napper;
  int n = belay__wait_poll(poller->fds, (unsigned)poller->count, timeout_ns);
  if (n <= 0)
    return n;
  int found = 0;
  size_t start = poller->turn;
  for (size_t k = 0; k < poller->count && found < count; k++) {
    size_t i = (start + k) % poller->count;
    if (poller->fds[i].revents == 0)
      continue;
    ret[found++] = (struct belay__ready){
        .data = poller->datas[i],
        .ready = ready_from(poller->fds[i].revents),
    };
    poller->turn = i + 1;
  }
  return found;
}
