/*
 * http_watch.c: a table of sockets by their number, and a timer.
 *
 * A socket stays in the loop between the transfers of a connection that is
 * kept alive: libcurl stops watching it and starts again for each file, and
 * two system calls for each would be wasted.
 */
#include "http_watch.h"

#include <belay/loop.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS INT64_C(1000000)

/* A socket that libcurl uses. */
struct watched {
  struct belay_source *source; /* NULL: not in the loop */
  const CURL *easy;            /* whose it is now, or NULL */
  unsigned interest;           /* what the source is watched for */
  bool idle;                   /* libcurl does not care for it now */
  bool is_ours;                /* we are told when it is closed */
};

struct http_watch {
  struct belay_loop *loop;
  CURLM *multi;
  void *data;
  struct belay_source *timer;
  struct watched *sockets; /* indexed by fd */
  size_t count;
};

/* -- Sockets ---------------------------------------------------------------- */

static unsigned interest_of(int what) {
  unsigned interest = 0;
  if (what & CURL_POLL_IN)
    interest |= BELAY_FD_READ;
  if (what & CURL_POLL_OUT)
    interest |= BELAY_FD_WRITE;
  return interest;
}

static struct watched *find(struct http_watch *watch, int fd) {
  if ((size_t)fd < watch->count)
    return &watch->sockets[fd];
  size_t count = watch->count > 0 ? watch->count * 2 : 64;
  while (count <= (size_t)fd)
    count *= 2;
  struct watched *sockets = realloc(watch->sockets, count * sizeof(*sockets));
  if (sockets == NULL)
    return NULL;
  memset(sockets + watch->count, 0, (count - watch->count) * sizeof(*sockets));
  watch->sockets = sockets;
  watch->count = count;
  return &sockets[fd];
}

static void unwatch(struct watched *socket) {
  belay_source_remove(socket->source);
  socket->source = NULL;
  socket->idle = false;
}

static int watch_for(struct http_watch *watch, struct watched *socket, int fd,
                     unsigned interest) {
  socket->idle = false;
  if (socket->source != NULL && socket->interest == interest)
    return 0;
  socket->interest = interest;
  if (socket->source != NULL)
    return belay_source_set_interest(socket->source, interest);
  return belay_loop_add_fd(watch->loop, fd, interest, watch->data,
                           &socket->source);
}

/* libcurl tells what it wants of a socket. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userp,
                     void *socketp) {
  struct http_watch *watch = userp;
  struct watched *socket = find(watch, fd);
  (void)socketp;
  if (socket == NULL)
    return -1;
  socket->easy = what != CURL_POLL_REMOVE ? easy : NULL;
  if (what != CURL_POLL_REMOVE)
    return watch_for(watch, socket, fd, interest_of(what)) < 0 ? -1 : 0;
  if (socket->is_ours && socket->interest == BELAY_FD_READ)
    socket->idle = true;
  else
    unwatch(socket);
  return 0;
}

static curl_socket_t on_open(void *clientp, curlsocktype purpose,
                             struct curl_sockaddr *address) {
  struct http_watch *watch = clientp;
  (void)purpose;
  int fd = socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
  struct watched *socket = fd >= 0 ? find(watch, fd) : NULL;
  if (socket != NULL)
    *socket = (struct watched){.is_ours = true};
  return fd >= 0 ? fd : CURL_SOCKET_BAD;
}

static int on_close(void *clientp, curl_socket_t fd) {
  struct watched *socket = find(clientp, fd);
  if (socket != NULL) {
    unwatch(socket);
    socket->easy = NULL;
    socket->is_ours = false;
  }
  return close(fd);
}

static int on_timer(CURLM *multi, long timeout_ms, void *userp) {
  struct http_watch *watch = userp;
  (void)multi;
  belay_source_set_timer(watch->timer, timeout_ms < 0 ? -1 : timeout_ms * MS,
                         0);
  return 0;
}

int http_watch_socket(const struct http_watch *watch, const CURL *easy) {
  for (size_t fd = 0; fd < watch->count; fd++)
    if (watch->sockets[fd].easy == easy)
      return (int)fd;
  return -1;
}

/* -- Events ------------------------------------------------------------------ */

void http_watch_take(struct http_watch *watch,
                     const struct belay_event *event) {
  int running;
  if (event->type == BELAY_EVENT_TIMER) {
    curl_multi_socket_action(watch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    return;
  }
  struct watched *socket = find(watch, event->fd);
  if (socket->idle) {
    unwatch(socket); /* the server closes a connection that waits for reuse */
    return;
  }
  int what = 0;
  if (event->ready & (BELAY_FD_READ | BELAY_FD_HANGUP))
    what |= CURL_CSELECT_IN;
  if (event->ready & BELAY_FD_WRITE)
    what |= CURL_CSELECT_OUT;
  if (event->ready & BELAY_FD_ERROR)
    what |= CURL_CSELECT_ERR;
  curl_multi_socket_action(watch->multi, event->fd, what, &running);
}

/* -- Opening and closing ------------------------------------------------------ */

int http_watch_open(struct belay_loop *loop, CURLM *multi, void *data,
                    struct http_watch **ret_watch) {
  struct http_watch *watch = calloc(1, sizeof(*watch));
  if (watch == NULL)
    return -ENOMEM;
  *watch = (struct http_watch){.loop = loop, .multi = multi, .data = data};
  int error = belay_loop_add_timer(loop, -1, 0, data, &watch->timer);
  if (error < 0) {
    free(watch);
    return error;
  }
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, watch);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, watch);
  *ret_watch = watch;
  return 0;
}

void http_watch_handle(struct http_watch *watch, CURL *easy) {
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, watch);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, watch);
}

void http_watch_close(struct http_watch *watch) {
  if (watch == NULL)
    return;
  for (size_t fd = 0; fd < watch->count; fd++)
    belay_source_remove(watch->sockets[fd].source);
  belay_source_remove(watch->timer);
  free(watch->sockets);
  free(watch);
}
