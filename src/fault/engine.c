/*
 * engine.c: who is ready, and who is due.
 *
 * One epoll instance tells of sockets, one heap of deadlines; both reach the
 * loop as one fd and one timer.  A connection that ended in a round is buried
 * and reused only after it, since events of the same round may name it still.
 */
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "vm.h"

#define EVENTS_AT_ONCE 512
#define SLAB_CONNECTIONS 1024

/* The lowest bit of an event's data: it is one that listens. */
#define IS_LISTENER UINT64_C(1)

struct slab {
  struct slab *next;
  struct connection connections[SLAB_CONNECTIONS];
};

/* -- Connections' memory --------------------------------------------------- */

/* What links those that are free; their server is NULL. */
static struct connection **link_of(struct connection *connection) {
  return &connection->lane.connection;
}

static int add_slab(struct engine *engine) {
  struct slab *slab = calloc(1, sizeof(*slab));
  if (slab == NULL)
    return -ENOMEM;
  slab->next = engine->slabs;
  engine->slabs = slab;
  for (size_t i = SLAB_CONNECTIONS; i-- > 0;) {
    *link_of(&slab->connections[i]) = engine->free_connections;
    engine->free_connections = &slab->connections[i];
  }
  return 0;
}

struct connection *engine_take_connection(struct engine *engine) {
  if (engine->free_connections == NULL && add_slab(engine) < 0)
    return NULL;
  struct connection *connection = engine->free_connections;
  engine->free_connections = *link_of(connection);
  memset(connection, 0, sizeof(*connection));
  engine->live++;
  return connection;
}

void engine_bury(struct engine *engine, struct connection *connection) {
  *link_of(connection) = engine->graveyard;
  engine->graveyard = connection;
  engine->live--;
}

void engine_empty_graveyard(struct engine *engine) {
  while (engine->graveyard != NULL) {
    struct connection *connection = engine->graveyard;
    engine->graveyard = *link_of(connection);
    free(connection->peer);
    connection->peer = NULL;
    *link_of(connection) = engine->free_connections;
    connection->server = NULL;
    engine->free_connections = connection;
  }
}

void engine_each(struct engine *engine, const struct server *server,
                 void (*visit)(struct connection *connection, void *data),
                 void *data) {
  for (struct slab *slab = engine->slabs; slab != NULL; slab = slab->next)
    for (size_t i = 0; i < SLAB_CONNECTIONS; i++) {
      struct connection *connection = &slab->connections[i];
      if (connection->server == server && connection->ending == END_NONE)
        visit(connection, data);
    }
}

struct server *engine_server(const struct engine *engine, const char *name) {
  struct server *server = engine->servers;
  while (server != NULL && strcmp(server->name, name) != 0)
    server = server->next;
  return server;
}

/* -- Pipes ----------------------------------------------------------------- */

int engine_take_pipe(struct engine *engine, int ret_pipe[2]) {
  if (engine->pipe_count > 0) {
    int *pooled = engine->pipes[--engine->pipe_count];
    ret_pipe[0] = pooled[0];
    ret_pipe[1] = pooled[1];
    return 0;
  }
  if (pipe2(ret_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
    return -errno;
  fcntl(ret_pipe[0], F_SETPIPE_SZ, 262144); /* if we may */
  return 0;
}

void engine_give_pipe(struct engine *engine, int pipe[2], bool is_empty) {
  if (is_empty && engine->pipe_count < POOLED_PIPES) {
    int *pooled = engine->pipes[engine->pipe_count++];
    pooled[0] = pipe[0];
    pooled[1] = pipe[1];
    return;
  }
  close(pipe[0]);
  close(pipe[1]);
}

/* -- Waiting --------------------------------------------------------------- */

int engine_watch(struct engine *engine, struct side *side) {
  struct epoll_event event = {
      .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
      .data.u64 = (uint64_t)(uintptr_t)side,
  };
  side->watched = true;
  int result = epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, side->fd, &event);
  return result < 0 ? -errno : 0;
}

int engine_listen(struct engine *engine, struct listener *listener) {
  struct epoll_event event = {
      .events = EPOLLIN,
      .data.u64 = (uint64_t)(uintptr_t)listener | IS_LISTENER,
  };
  int result = epoll_ctl(engine->epoll_fd, EPOLL_CTL_ADD, listener->fd, &event);
  return result < 0 ? -errno : 0;
}

static void take_side(struct side *side, uint32_t events) {
  struct connection *connection = side->connection;
  if (connection->server == NULL || connection->ending != END_NONE)
    return;
  if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
    side->readable = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
    side->writable = true;
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
    side->hangup = true;
  if (events & EPOLLERR)
    side->error = true;
  vm_run(connection);
}

static void take_event(const struct epoll_event *event) {
  uint64_t data = event->data.u64;
  if (data & IS_LISTENER)
    listener_accept((struct listener *)(uintptr_t)(data & ~IS_LISTENER));
  else
    take_side((struct side *)(uintptr_t)data, event->events);
}

static void run_due(struct engine *engine) {
  struct lane *lane;
  /* Who asks to go on at once goes on in the next round. */
  for (uint32_t n = engine->heap.count;
       n > 0 && (lane = heap_take(&engine->heap, engine->now_ns)) != NULL; n--)
    vm_run(lane->connection);
}

static void set_timer(struct engine *engine) {
  int64_t due = heap_earliest(&engine->heap);
  if (due == engine->timer_ns)
    return;
  engine->timer_ns = due;
  int64_t now = belay_loop_now(engine->loop);
  int64_t delay = due == INT64_MAX ? -1 : due > now ? due - now : 0;
  belay_source_set_timer(engine->timer, delay, 0);
}

void engine_handle(struct engine *engine) {
  struct epoll_event events[EVENTS_AT_ONCE];
  engine->now_ns = belay_loop_now(engine->loop);
  if (engine->timer_ns <= engine->now_ns)
    engine->timer_ns = INT64_MIN; /* it has fired: set it in any case */
  run_due(engine);
  int count = epoll_wait(engine->epoll_fd, events, EVENTS_AT_ONCE, 0);
  for (int i = 0; i < count; i++)
    take_event(&events[i]);
  engine_empty_graveyard(engine);
  log_flush(engine->log);
  set_timer(engine);
}

/* -- Life ------------------------------------------------------------------ */

int engine_open(struct engine *engine, struct belay_loop *loop,
                struct log *log) {
  memset(engine, 0, sizeof(*engine));
  engine->loop = loop;
  engine->log = log;
  engine->timer_ns = INT64_MAX;
  engine->begun_ns = engine->now_ns = belay_loop_now(loop);
  engine->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  engine->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (engine->epoll_fd < 0 || engine->spare_fd < 0)
    return -errno;
  int error = belay_loop_add_fd(loop, engine->epoll_fd, BELAY_FD_READ, engine,
                                &engine->epoll_source);
  if (error == 0)
    error = belay_loop_add_timer(loop, -1, 0, engine, &engine->timer);
  return error;
}

void engine_stop(struct engine *engine) {
  engine->now_ns = belay_loop_now(engine->loop);
  for (struct server *server = engine->servers; server != NULL;
       server = server->next)
    server_stop(server);
  engine_empty_graveyard(engine);
  log_flush(engine->log);
}

void engine_close(struct engine *engine) {
  while (engine->servers != NULL)
    server_close(engine->servers);
  engine_empty_graveyard(engine);
  while (engine->slabs != NULL) {
    struct slab *slab = engine->slabs;
    engine->slabs = slab->next;
    free(slab);
  }
  while (engine->pipe_count > 0) {
    int *pipe = engine->pipes[--engine->pipe_count];
    close(pipe[0]);
    close(pipe[1]);
  }
  heap_clear(&engine->heap);
  belay_source_remove(engine->timer);
  belay_source_remove(engine->epoll_source);
  if (engine->epoll_fd >= 0)
    close(engine->epoll_fd);
  if (engine->spare_fd >= 0)
    close(engine->spare_fd);
  engine->epoll_fd = engine->spare_fd = -1;
}
