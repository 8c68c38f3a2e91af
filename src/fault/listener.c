/*
 * listener.c: sockets that wait for clients, rightly or wrongly, and accepting
 * in batches.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "listener.h"
#include "side.h"
#include "vm.h"

#define ACCEPTS_AT_ONCE 128
#define BACKLOG 4096

/* -- Opening --------------------------------------------------------------- */

static void set_options(int fd, const struct address *address) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address->any.sa_family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  /* Accepted sockets inherit it. */
  if (address->any.sa_family != AF_UNIX)
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Whether a close() is a reset.  Accepted sockets inherit this too. */
static void set_resets(int fd, bool resets) {
  const struct linger linger = {.l_onoff = resets, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* A path that a server left behind when it was killed is in nobody's way. */
static void remove_stale(const struct address *address) {
  struct stat status;
  const char *path = address->un.sun_path;
  if (stat(path, &status) < 0 || !S_ISSOCK(status.st_mode))
    return;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, &address->any, address->length) < 0 &&
      errno == ECONNREFUSED)
    unlink(path);
  if (fd >= 0)
    close(fd);
}

/* Our own connection takes the only place; others' are not answered. */
static int fill_backlog(struct listener *listener) {
  const struct address *address = &listener->address;
  int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  listener->filler = fd;
  return connect(fd, &address->any, address->length) < 0 ? -errno : 0;
}

static int start_listening(struct listener *listener) {
  struct server *server = listener->server;
  struct side side = {.fd = listener->fd};
  const struct rules *rules = &server->rules;
  if (rules_find(rules, RULES_ALL, OP_REFUSED) != NULL)
    return 0; /* bound, and no more */
  bool is_full = rules_find(rules, RULES_ALL, OP_FULL_BACKLOG) != NULL;
  if (listen(listener->fd, is_full ? 0 : BACKLOG) < 0)
    return -errno;
  if (is_full)
    return fill_backlog(listener);
  if (rules_find(rules, RULES_ALL, OP_DROP_SYN) != NULL)
    return side_lose(&side, 1000000);
  if (rules_find(rules, RULES_ALL, OP_NEVER_ACCEPT) != NULL)
    return 0;
  return engine_listen(server->engine, listener);
}

int listener_bind(struct address *address) {
  int family = address->any.sa_family;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -errno;
  if (family == AF_UNIX)
    remove_stale(address);
  set_options(fd, address);
  if (bind(fd, &address->any, address->length) < 0) {
    int error = -errno;
    close(fd);
    return error;
  }
  socklen_t length = sizeof(address->v6);
  if (family != AF_UNIX)
    getsockname(fd, &address->any, &length);
  return fd;
}

int listener_open(struct listener *listener) {
  if (listener->server->engine->listens_nowhere)
    return 0;
  int fd = listener_bind(&listener->address);
  if (fd < 0)
    return fd;
  listener->fd = fd;
  listener->filler = -1;
  if (listener->server->resets_at_once)
    set_resets(fd, true);
  int error = start_listening(listener);
  if (error < 0)
    listener_close(listener);
  return error;
}

void listener_close(struct listener *listener) {
  if (listener->fd < 0)
    return;
  if (listener->filler >= 0)
    close(listener->filler);
  close(listener->fd);
  if (listener->address.any.sa_family == AF_UNIX)
    unlink(listener->address.un.sun_path);
  listener->fd = listener->filler = -1;
}

/* -- Accepting ------------------------------------------------------------- */

static void take_address(struct connection *connection,
                         const struct sockaddr_in6 *from) {
  const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)from;
  connection->family = (uint8_t)from->sin6_family;
  if (from->sin6_family == AF_INET) {
    memcpy(connection->address, &v4->sin_addr, 4);
    connection->port = ntohs(v4->sin_port);
  } else if (from->sin6_family == AF_INET6) {
    memcpy(connection->address, &from->sin6_addr, 16);
    connection->port = ntohs(from->sin6_port);
  }
}

static int make_peer(struct connection *connection) {
  const struct address *upstream = &connection->server->upstream;
  struct peer *peer = calloc(1, sizeof(*peer));
  int family = upstream->any.sa_family, on = 1;
  if (peer == NULL)
    return -ENOMEM;
  connection->peer = peer;
  peer->side.connection = peer->lane.connection = connection;
  peer->lane.is_up = true;
  peer->side.fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (peer->side.fd < 0)
    return -errno;
  if (family != AF_UNIX)
    setsockopt(peer->side.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  peer->side.connecting = true;
  if (connect(peer->side.fd, &upstream->any, upstream->length) < 0 &&
      errno != EINPROGRESS)
    return -errno;
  return engine_watch(connection->server->engine, &peer->side);
}

/* Whether the connection's lanes pass anything on, so that it needs an
 * upstream. */
static bool is_relayed(const struct connection *connection,
                       const struct program *up) {
  const struct program *programs[] = {connection->lane.program, up};
  for (size_t i = 0; i < 2; i++)
    for (uint32_t j = 0; j < programs[i]->count; j++)
      if (programs[i]->steps[j].op == OP_RELAY)
        return i == 0 || programs[0]->steps[0].op == OP_RELAY;
  return false;
}

static int connect_upstream(struct connection *connection) {
  struct program *up = server_program(connection, true);
  if (up == NULL)
    return -ENOMEM;
  if (!is_relayed(connection, up)) {
    program_release(up);
    return 0;
  }
  int error = make_peer(connection);
  if (connection->peer != NULL)
    connection->peer->lane.program = up;
  else
    program_release(up);
  return error;
}

/* Programs, upstream, TLS: 0, or -errno. */
static int prepare(struct connection *connection) {
  struct server *server = connection->server;
  struct program *program = server_program(connection, false);
  if (program == NULL)
    return -ENOMEM;
  connection->lane.program = program;
  if (server->tls != NULL && server->tls_fault != TLS_STALL) {
    int error = tls_new(server->tls, connection->client.fd, &connection->tls);
    if (error < 0)
      return error;
  }
  return server->kind == CONVERSE_PROXY ? connect_upstream(connection) : 0;
}

static bool is_one_too_many(const struct server *server) {
  const struct engine *engine = server->engine;
  return (server->limit > 0 && (int64_t)server->counts.live > server->limit) ||
         (engine->max_connections > 0 &&
          (int64_t)engine->live > engine->max_connections);
}

static void begin(struct server *server, int fd,
                  const struct sockaddr_in6 *from) {
  struct connection *connection = connection_new(server->engine, server, fd);
  if (connection == NULL) {
    close(fd);
    return;
  }
  take_address(connection, from);
  if (server->had_resets)
    set_resets(fd, false);
  if (is_one_too_many(server)) {
    connection_end(connection, END_LIMIT);
    return;
  }
  int error = prepare(connection);
  if (error < 0) {
    bool no_upstream = connection->peer != NULL;
    log_problem(server->engine->log, connection,
                no_upstream ? "upstream" : "accept", error);
    connection_end(connection, no_upstream ? END_UPSTREAM : END_STOPPED);
  } else if (server->resets_at_once) {
    connection_end(connection, END_RST);
  } else {
    vm_run(connection);
  }
}

/* No fds are left: the spare one is used to turn somebody away. */
static void turn_away(struct listener *listener) {
  struct engine *engine = listener->server->engine;
  struct sockaddr_in6 from = {0};
  socklen_t length = sizeof(from);
  close(engine->spare_fd);
  int fd = accept4(listener->fd, (struct sockaddr *)(void *)&from, &length,
                   SOCK_CLOEXEC);
  if (fd >= 0) {
    struct connection *connection =
        connection_new(engine, listener->server, fd);
    if (connection != NULL) {
      take_address(connection, &from);
      connection_end(connection, END_LIMIT);
    } else {
      close(fd);
    }
  }
  engine->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void listener_accept(struct listener *listener) {
  for (int i = 0; i < ACCEPTS_AT_ONCE && listener->fd >= 0; i++) {
    struct sockaddr_in6 from = {0};
    socklen_t length = sizeof(from);
    int fd = accept4(listener->fd, (struct sockaddr *)(void *)&from, &length,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
      begin(listener->server, fd, &from);
    else if (errno == EMFILE || errno == ENFILE)
      turn_away(listener);
    else if (errno != ECONNABORTED && errno != EINTR)
      break;
  }
}
