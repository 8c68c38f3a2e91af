/*
 * connection.c: how a connection begins, and how it ends.
 */
#include "connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "input.h"
#include "side.h"
#include "vm.h"

static const char *const endings[END_COUNT] = {
    [END_NONE] = "open",
    [END_FIN] = "fin",
    [END_CLOSE] = "close",
    [END_RST] = "rst",
    [END_VANISH] = "vanish",
    [END_CLIENT] = "client",
    [END_CLIENT_RST] = "client-rst",
    [END_UPSTREAM] = "no-upstream",
    [END_UPSTREAM_RST] = "upstream-rst",
    [END_LIMIT] = "limit",
    [END_STOPPED] = "stopped",
};

const char *connection_ending(enum ending ending) {
  return endings[ending];
}

const char *connection_host(const struct connection *connection,
                            char text[CLIENT_TEXT_BYTES]) {
  if (connection->family != AF_INET && connection->family != AF_INET6)
    return strcpy(text, "unix");
  inet_ntop(connection->family, connection->address, text, CLIENT_TEXT_BYTES);
  return text;
}

const char *connection_client(const struct connection *connection,
                              char text[CLIENT_TEXT_BYTES]) {
  char host[CLIENT_TEXT_BYTES];
  connection_host(connection, host);
  if (connection->family == AF_INET)
    snprintf(text, CLIENT_TEXT_BYTES, "%.15s:%d", host, connection->port);
  else if (connection->family == AF_INET6)
    snprintf(text, CLIENT_TEXT_BYTES, "[%.45s]:%d", host, connection->port);
  else
    strcpy(text, host);
  return text;
}

struct connection *connection_new(struct engine *engine, struct server *server,
                                  int fd) {
  struct connection *connection = engine_take_connection(engine);
  if (connection == NULL)
    return NULL;
  connection->server = server;
  connection->lane.connection = connection;
  connection->client.connection = connection;
  connection->client.fd = fd;
  connection->client.readable = connection->client.writable = true;
  connection->begun_ns = engine->now_ns;
  connection->number = ++server->counts.connections;
  server->counts.live++;
  return connection;
}

static void end_peer(struct connection *connection, enum ending ending) {
  struct peer *peer = connection->peer;
  if (peer == NULL)
    return;
  vm_clear(&peer->lane);
  if (peer->side.fd >= 0) {
    if (ending == END_CLIENT_RST || ending == END_RST)
      side_make_reset(&peer->side);
    close(peer->side.fd);
  }
  /* Freed with the connection: events of this round may name it. */
}

/* Not even a FIN: sockets in repair mode are closed without a word. */
static void close_silently(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on));
}

static bool is_reset(const struct connection *connection) {
  switch (connection->ending) {
    case END_RST: /* a listening socket may have handed it down already */
      return !connection->server->resets_at_once;
    case END_LIMIT:
    case END_UPSTREAM:
    case END_UPSTREAM_RST:
      return true;
    default:
      return false;
  }
}

static void close_client(struct connection *connection, enum ending ending) {
  if (is_reset(connection))
    side_make_reset(&connection->client);
  else if (connection->tls != NULL && ending == END_CLOSE)
    tls_close(connection->tls);
  if (connection->is_vanished)
    close_silently(connection->client.fd);
  close(connection->client.fd);
}

void connection_end(struct connection *connection, enum ending ending) {
  struct server *server = connection->server;
  struct engine *engine = server->engine;
  if (connection->ending != END_NONE)
    return;
  if (connection->is_vanished && ending == END_STOPPED)
    ending = END_VANISH;
  connection->ending = (uint8_t)ending;
  log_connection(engine->log, connection, engine->now_ns);
  server->counts.live--;
  server->counts.sent += connection->sent;
  server->counts.received += connection->received;
  server->counts.endings[ending]++;
  end_peer(connection, ending);
  close_client(connection, ending);
  vm_clear(&connection->lane);
  tls_free(connection->tls);
  free(connection->wanted);
  connection->tls = NULL;
  connection->wanted = NULL;
  engine_bury(engine, connection);
}
