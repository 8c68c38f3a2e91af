/*
 * connection.h: one client, and what is executed against it.
 *
 * An idle connection is this struct, its place in the slab, and nothing else:
 * everything that is needed only for a while hangs from a pointer.
 */
#ifndef FAULT_CONNECTION_H
#define FAULT_CONNECTION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "program.h"

struct connection;
struct engine;
struct input;
struct server;
struct tls;
struct work;

/* One socket.  Epoll tells of edges; what it told is kept here. */
struct side {
  struct connection *connection;
  int fd;
  bool readable : 1;
  bool writable : 1;
  bool hangup : 1; /* it has shut down its side, or is gone */
  bool error : 1;
  bool eof : 1;  /* and we have read so far */
  bool shut : 1; /* we have shut down ours */
  bool connecting : 1;
  bool watched : 1;
};

/* A program being executed.  A server's connection has one, a proxy's has one
 * for each direction. */
struct lane {
  struct connection *connection;
  struct program *program;
  uint32_t pc;
  uint32_t heap_at;
  int64_t progress; /* of this step: bytes, or when it began */
  struct work *work;
  struct input *input; /* what was read and not consumed, or NULL */
  bool is_up;
  bool is_over;
};

/* How a connection ended. */
enum ending {
  END_NONE,
  END_FIN,          /* we closed, and it stayed a FIN */
  END_CLOSE,        /* we closed */
  END_RST,          /* we reset */
  END_VANISH,       /* we were gone from the net */
  END_CLIENT,       /* the client closed first */
  END_CLIENT_RST,   /* the client reset */
  END_UPSTREAM,     /* the upstream could not be reached */
  END_UPSTREAM_RST, /* it reset, which was passed on */
  END_LIMIT,        /* one too many */
  END_STOPPED,      /* the server stops */
  END_COUNT
};

struct connection {
  struct lane lane; /* to the client */
  struct side client;
  struct server *server;
  uint64_t number; /* from 1, of the server */
  int64_t begun_ns;
  uint64_t sent, received; /* to and from the client */
  struct peer *peer;       /* a proxy's other half, or NULL */
  struct tls *tls;
  char *wanted; /* what was asked for by URL, or NULL */
  uint8_t address[16];
  uint16_t port;
  uint8_t family;
  uint8_t ending;
  bool is_vanished : 1;
  bool is_cut_short : 1;  /* ended by the client before its program did */
  bool owes_head : 1;     /* of a request that was answered before its end */
  uint32_t requests : 28; /* beside them: the struct stays small */
};

/* The other half of a proxied connection. */
struct peer {
  struct side side;
  struct lane lane;
  bool has_reset; /* which the client is to get behind what came before */
};

/* One that has begun, of an accepted socket, which it owns then; NULL out of
 * memory. */
struct connection *connection_new(struct engine *engine, struct server *server,
                                  int fd);
/* Closes and forgets it, and says so in the log. */
void connection_end(struct connection *connection, enum ending ending);
const char *connection_ending(enum ending ending);

#define CLIENT_TEXT_BYTES 64
/* "127.0.0.1:43210", "[::1]:43210", "unix" */
const char *connection_client(const struct connection *connection,
                              char text[CLIENT_TEXT_BYTES]);
/* The same without a port. */
const char *connection_host(const struct connection *connection,
                            char text[CLIENT_TEXT_BYTES]);

static inline struct side *lane_in(struct lane *lane) {
  struct connection *connection = lane->connection;
  return connection->peer != NULL && !lane->is_up ? &connection->peer->side
                                                  : &connection->client;
}

static inline struct side *lane_out(struct lane *lane) {
  struct connection *connection = lane->connection;
  return connection->peer != NULL && lane->is_up ? &connection->peer->side
                                                 : &connection->client;
}

#endif
