/* get_http_server.h: an HTTP server that does as each test tells it, down to
 * the single byte, and a client that remembers what it was told.  Each test
 * program includes it once. */
#ifndef TESTS_UNIT_GET_HTTP_SERVER_H
#define TESTS_UNIT_GET_HTTP_SERVER_H

#include <belay/loop.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "get/http.h"
#include "harness/harness.h"

#define UNUSED __attribute__((unused))
#define SECOND INT64_C(1000000000)

/* -- Server ---------------------------------------------------------------- */

struct server;

/* One connection to it, in a thread of its own.  serve() may talk for as long
 * as it likes, and the connection is closed when it returns. */
struct peer {
  struct server *server;
  int number; /* of the connection, from 0 */
  int fd;     /* -1: was closed already */
  pthread_t thread;
  char request[4096]; /* the last one, terminated */
};

#define PEERS_AT_MOST 1100

struct server {
  void (*serve)(struct peer *peer);
  int fd;
  int port;
  pthread_t thread;
  atomic_int connections, requests;
  pthread_mutex_t lock; /* of the peers' fds */
  struct peer *peers[PEERS_AT_MOST];
};

/* The next request of a connection; false: it was closed. */
UNUSED static bool hear(struct peer *peer) {
  size_t size = 0;
  while (size < sizeof peer->request - 1) {
    ssize_t n = recv(peer->fd, peer->request + size, 1, 0);
    if (n <= 0)
      return false;
    peer->request[++size] = '\0';
    if (size >= 4 && strcmp(peer->request + size - 4, "\r\n\r\n") == 0) {
      atomic_fetch_add(&peer->server->requests, 1);
      return true;
    }
  }
  return false;
}

UNUSED static void say_bytes(struct peer *peer, const void *data, size_t size) {
  const char *bytes = data;
  while (size > 0) {
    ssize_t n = send(peer->fd, bytes, size, MSG_NOSIGNAL);
    if (n <= 0)
      return; /* it has gone, which is its right */
    bytes += n;
    size -= (size_t)n;
  }
}

UNUSED static void say(struct peer *peer, const char *text) {
  say_bytes(peer, text, strlen(text));
}

/* A head of these lines, and an announced length. */
UNUSED static void say_head(struct peer *peer, const char *status,
                            long long length) {
  char text[256];
  snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: %lld\r\n\r\n",
           status, length);
  say(peer, text);
}

UNUSED static bool asks_for(const struct peer *peer, const char *path) {
  size_t size = strlen(path);
  return strncmp(peer->request + 4, path, size) == 0 &&
         peer->request[4 + size] == ' ';
}

UNUSED static bool asks_with(const struct peer *peer, const char *line) {
  return strstr(peer->request, line) != NULL;
}

/* Until the client closes, whatever it says. */
UNUSED static void wait_until_left(struct peer *peer) {
  char bytes[512];
  while (recv(peer->fd, bytes, sizeof bytes, 0) > 0)
    ;
}

/* Until the other end's kernel has all that was said. */
UNUSED static void wait_until_taken(struct peer *peer) {
  struct tcp_info info;
  socklen_t size = sizeof info;
  do
    CHECK_OK(getsockopt(peer->fd, IPPROTO_TCP, TCP_INFO, &info, &size));
  while (info.tcpi_unacked > 0);
}

static void hang_up(struct peer *peer) {
  pthread_mutex_lock(&peer->server->lock);
  if (peer->fd >= 0)
    close(peer->fd);
  peer->fd = -1;
  pthread_mutex_unlock(&peer->server->lock);
}

/* Closes with a reset, after all that was said has arrived. */
UNUSED static void reset(struct peer *peer) {
  struct linger linger = {.l_onoff = 1};
  wait_until_taken(peer);
  setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  hang_up(peer);
}

static void *serve_peer(void *data) {
  struct peer *peer = data;
  peer->server->serve(peer);
  hang_up(peer);
  return NULL;
}

static void *accept_peers(void *data) {
  struct server *server = data;
  for (int number = 0; number < PEERS_AT_MOST; number++) {
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
      break;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct peer *peer = calloc(1, sizeof *peer);
    *peer = (struct peer){.server = server, .number = number, .fd = fd};
    server->peers[number] = peer;
    atomic_fetch_add(&server->connections, 1); /* before it says anything */
    CHECK_EQ(pthread_create(&peer->thread, NULL, serve_peer, peer), 0);
  }
  return NULL;
}

/* A socket on a free port of loopback, which it also says. */
static int listen_somewhere(int *ret_port) {
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(bind(fd, (struct sockaddr *)&address, size) == 0);
  CHECK(listen(fd, 1024) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
  *ret_port = ntohs(address.sin_port);
  return fd;
}

UNUSED static struct server *server_start(void (*serve)(struct peer *peer)) {
  struct server *server = calloc(1, sizeof *server);
  server->serve = serve;
  pthread_mutex_init(&server->lock, NULL);
  server->fd = listen_somewhere(&server->port);
  CHECK_EQ(pthread_create(&server->thread, NULL, accept_peers, server), 0);
  return server;
}

/* Cuts all connections, and waits for the threads. */
UNUSED static void server_stop(struct server *server) {
  shutdown(server->fd, SHUT_RDWR);
  pthread_join(server->thread, NULL);
  close(server->fd);
  int count = atomic_load(&server->connections);
  for (int i = 0; i < count; i++) {
    pthread_mutex_lock(&server->lock);
    if (server->peers[i]->fd >= 0)
      shutdown(server->peers[i]->fd, SHUT_RDWR);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->peers[i]->thread, NULL);
    free(server->peers[i]);
  }
  pthread_mutex_destroy(&server->lock);
  free(server);
}

/* -- Client ---------------------------------------------------------------- */

/* One transfer: what the owner answers, and what it was told. */
struct asked {
  int head_answer, data_answer; /* 1 is given once, and then 0 */
  int64_t data_answer_at;       /* given once so many bytes are there */
  struct http_transfer *transfer;
  int heads, pauses;
  struct http_head head;
  bool head_after_data;
  int64_t bytes;  /* of the body */
  char body[256]; /* its beginning, terminated */
  bool is_over;
  struct http_end end;
};

struct client {
  struct belay_loop *loop;
  struct http *http;
};

static int hear_head(void *owner, const struct http_head *head) {
  struct asked *asked = owner;
  int answer = asked->head_answer;
  asked->heads++;
  asked->head = *head;
  asked->head_after_data = asked->bytes > 0;
  asked->pauses += answer > 0;
  return answer;
}

static int hear_data(void *owner, const void *bytes, size_t size) {
  struct asked *asked = owner;
  if (asked->data_answer != 0 && asked->bytes >= asked->data_answer_at) {
    int answer = asked->data_answer;
    asked->data_answer = answer > 0 ? 0 : answer;
    asked->pauses += answer > 0;
    return answer;
  }
  size_t room = sizeof asked->body - 1;
  if ((size_t)asked->bytes < room) {
    size_t left = room - (size_t)asked->bytes;
    memcpy(asked->body + asked->bytes, bytes, size < left ? size : left);
  }
  asked->bytes += (int64_t)size;
  return 0;
}

static const struct http_owner owner = {.head = hear_head, .data = hear_data};

UNUSED static struct http_options default_options(void) {
  return (struct http_options){
      .max_connections = 8, .max_redirects = 5, .user_agent = "test"};
}

UNUSED static void client_open_with(struct client *client,
                                    const struct http_options *options) {
  char *error = NULL;
  unsetenv("http_proxy");
  unsetenv("all_proxy");
  unsetenv("ALL_PROXY");
  CHECK_OK(belay_loop_new(&client->loop));
  CHECK_OK(http_open(client->loop, options, &client->http, &error));
}

UNUSED static void client_open(struct client *client) {
  struct http_options options = default_options();
  client_open_with(client, &options);
}

UNUSED static void client_close(struct client *client) {
  http_close(client->http);
  belay_loop_free(client->loop);
}

UNUSED static void ask(struct client *client, struct asked *asked,
                       const struct http_request *request) {
  CHECK_OK(http_start(client->http, request, &owner, asked, &asked->transfer));
}

UNUSED static void ask_url(struct client *client, struct asked *asked,
                           const char *url) {
  ask(client, asked, &(struct http_request){.url = url});
}

UNUSED static void ask_path(struct client *client, struct asked *asked,
                            const struct server *server, const char *path) {
  char url[512];
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server->port, path);
  ask_url(client, asked, url);
}

static void take_ends(struct client *client) {
  struct http_end end;
  while (http_next_end(client->http, &end)) {
    struct asked *asked = end.owner;
    CHECK(!asked->is_over);
    asked->is_over = true;
    asked->end = end;
  }
}

/* One event; false when none came within the time. */
UNUSED static bool go_on(struct client *client, int64_t timeout_ns) {
  struct belay_event event;
  int result = belay_loop_next(client->loop, timeout_ns, &event);
  CHECK_OK(result);
  if (result > 0) {
    CHECK(event.data == client->http);
    http_handle(client->http, &event);
  }
  take_ends(client);
  return result > 0;
}

UNUSED static void finish(struct client *client, struct asked *asked) {
  while (!asked->is_over)
    CHECK(go_on(client, 9 * SECOND));
}

/* Until it pauses. */
UNUSED static void go_on_until_paused(struct client *client,
                                      struct asked *asked, int pauses) {
  while (asked->pauses < pauses)
    CHECK(go_on(client, 9 * SECOND));
  CHECK(!asked->is_over);
}

UNUSED static void resume(struct client *client, struct asked *asked) {
  asked->head_answer = 0;
  http_resume(asked->transfer);
  take_ends(client);
}

/* A single transfer from a server that does as told. */
UNUSED static void fetch(void (*serve)(struct peer *peer), const char *path,
                         struct asked *asked) {
  struct server *server = server_start(serve);
  struct client client;
  client_open(&client);
  ask_path(&client, asked, server, path);
  finish(&client, asked);
  client_close(&client);
  server_stop(server);
}

#endif
