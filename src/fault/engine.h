/*
 * engine.h: all connections, in one epoll instance that is one fd of the loop.
 *
 * Owns the servers, their connections and all deadlines.  The session (or a
 * control interface) calls it; it calls back nothing but the log.
 */
#ifndef FAULT_ENGINE_H
#define FAULT_ENGINE_H

#include <belay/loop.h>

#include "connection.h"
#include "heap.h"
#include "log.h"
#include "server.h"

#define SCRATCH_BYTES 65536
#define POOLED_PIPES 64

struct engine {
  struct belay_loop *loop;
  struct belay_source *epoll_source, *timer;
  int epoll_fd;
  int spare_fd; /* to turn somebody away with when no fds are left */
  struct heap heap;
  int64_t now_ns;   /* read once a round */
  int64_t timer_ns; /* what the timer is set to */
  int64_t wait_ns;  /* until when the step that runs now waits */
  int64_t begun_ns;
  uint64_t seed;
  int64_t max_connections; /* in all; 0: as many as there are fds */
  bool listens_nowhere;    /* all is read and made, and no address taken */
  struct log *log;

  struct server *servers; /* a list */
  struct slab *slabs;
  struct connection *free_connections;
  struct connection *graveyard; /* ended in this round */
  uint64_t live;

  int pipes[POOLED_PIPES][2];
  size_t pipe_count;
  char scratch[SCRATCH_BYTES];
};

/* -errno.  The loop and the log are borrowed. */
int engine_open(struct engine *engine, struct belay_loop *loop,
                struct log *log);
/* Ends all connections, which are logged as stopped, and accepts no more. */
void engine_stop(struct engine *engine);
void engine_close(struct engine *engine);

static inline struct engine *engine_of(const struct lane *lane) {
  return lane->connection->server->engine;
}

/* To be called for each event of the loop whose data is the engine. */
void engine_handle(struct engine *engine);

/* Watches a socket, for edges; and one that listens, for as long as somebody
 * waits.  -errno. */
int engine_watch(struct engine *engine, struct side *side);
int engine_listen(struct engine *engine, struct listener *listener);

/* Calls `visit` for each connection of a server; it may end it. */
void engine_each(struct engine *engine, const struct server *server,
                 void (*visit)(struct connection *connection, void *data),
                 void *data);

/* The server of that name, or NULL. */
struct server *engine_server(const struct engine *engine, const char *name);

/* From the slab: zeroed; NULL out of memory. */
struct connection *engine_take_connection(struct engine *engine);
void engine_bury(struct engine *engine, struct connection *connection);
/* What ended is free again, and names no server any more.  Not in the middle
 * of a round, whose events may be about it. */
void engine_empty_graveyard(struct engine *engine);

/* An empty pipe, and back; -errno. */
int engine_take_pipe(struct engine *engine, int ret_pipe[2]);
void engine_give_pipe(struct engine *engine, int pipe[2], bool is_empty);

#endif
