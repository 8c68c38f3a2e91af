/*
 * vm_read.c: the steps that read.
 *
 * The end of what comes ends any of them: nothing more will come.  What was
 * read beyond is kept for the next one.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "exchange.h"
#include "request.h"
#include "side.h"
#include "vm.h"
#include "work.h"

/* -- What was read and not consumed ---------------------------------------- */

bool exchange_has_input(const struct connection *connection) {
  return connection->exchange != NULL && connection->exchange->used > 0;
}

/* Room for more of it, up to HEAD_AT_MOST; -ENOMEM, -ENOBUFS. */
static int exchange_grow(struct connection *connection) {
  struct exchange *exchange = connection->exchange;
  size_t room = exchange == NULL ? 1024 : exchange->room * 4;
  if (exchange != NULL && exchange->used < exchange->room)
    return 0;
  if (room > HEAD_AT_MOST)
    return -ENOBUFS;
  exchange = realloc(exchange, sizeof(*exchange) + room);
  if (exchange == NULL)
    return -ENOMEM;
  if (connection->exchange == NULL)
    exchange->used = exchange->head = 0;
  exchange->room = room;
  connection->exchange = exchange;
  return 0;
}

void exchange_consume(struct connection *connection, size_t size) {
  struct exchange *exchange = connection->exchange;
  if (exchange == NULL)
    return;
  exchange->used -= size;
  exchange->head = 0;
  memmove(exchange->input, exchange->input + size, exchange->used);
  if (exchange->used == 0)
    exchange_free(connection);
}

void exchange_free(struct connection *connection) {
  free(connection->exchange);
  connection->exchange = NULL;
}

/* -- Reading --------------------------------------------------------------- */

enum result vm_broken(struct lane *lane, const struct side *side) {
  struct connection *connection = lane->connection;
  bool is_client = side == &connection->client;
  connection->is_cut_short = true;
  connection_end(connection, is_client ? END_CLIENT_RST : END_UPSTREAM_RST);
  return VM_GONE;
}

/* Everything that comes goes away; up to `most` bytes. */
static enum result discard(struct lane *lane, int64_t most) {
  struct connection *connection = lane->connection;
  struct engine *engine = connection->server->engine;
  struct side *in = lane_in(lane);
  while (lane->progress < most) {
    struct exchange *exchange = connection->exchange;
    int64_t left = most - lane->progress;
    size_t size = left < SCRATCH_BYTES ? (size_t)left : SCRATCH_BYTES;
    if (exchange != NULL && exchange->used > 0) {
      size = size < exchange->used ? size : exchange->used;
      exchange_consume(connection, size);
      lane->progress += (int64_t)size;
      continue;
    }
    ssize_t n = side_read(in, engine->scratch, size);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n < 0)
      return vm_broken(lane, in);
    if (n == 0)
      break;
    lane->progress += n;
  }
  return VM_NEXT;
}

enum result vm_read(struct lane *lane, const struct step *step) {
  return discard(lane, step->a);
}

enum result vm_read_all(struct lane *lane, const struct step *step) {
  (void)step;
  return discard(lane, INT64_MAX);
}

/* More into the exchange: its size, 0 at the end, -EAGAIN, -ENOBUFS. */
static ssize_t fill(struct lane *lane) {
  struct connection *connection = lane->connection;
  struct side *in = lane_in(lane);
  /* An idle connection is not to have a buffer. */
  if (!in->readable && !in->eof)
    return -EAGAIN;
  int error = exchange_grow(connection);
  if (error < 0)
    return error;
  struct exchange *exchange = connection->exchange;
  ssize_t n = side_read(in, exchange->input + exchange->used,
                        exchange->room - exchange->used);
  if (n > 0)
    exchange->used += (size_t)n;
  else if (exchange->used == 0)
    exchange_free(connection);
  return n;
}

static size_t find_line(const char *input, size_t used, size_t from) {
  const char *end = memchr(input + from, '\n', used - from);
  return end != NULL ? (size_t)(end - input) + 1 : 0;
}

/* The line of a request that is answered before its head has ended; 0: there is
 * none.  Its line feed stays, so that the head's end is found later. */
static size_t find_early(const struct lane *lane) {
  const struct connection *connection = lane->connection;
  const struct exchange *exchange = connection->exchange;
  const struct program *program = lane->program;
  bool answers = lane->pc + 1 < program->count &&
                 program->steps[lane->pc + 1].op == OP_ANSWER;
  size_t size = find_line(exchange->input, exchange->used, 0);
  if (size < 2 || connection->owes_head || !answers ||
      memmem(exchange->input, size, "early", 5) == NULL)
    return 0;
  return answer_is_early(exchange->input, size - 1) ? size - 1 : 0;
}

/* Reads until `find` finds the end; lane->progress is how far was looked. */
static enum result read_head(struct lane *lane,
                             size_t (*find)(const char *, size_t, size_t)) {
  struct connection *connection = lane->connection;
  if (connection->exchange != NULL && connection->exchange->head > 0)
    exchange_consume(connection, connection->exchange->head);
  for (;;) {
    struct exchange *exchange = connection->exchange;
    if (exchange != NULL) {
      exchange->head =
          find(exchange->input, exchange->used, (size_t)lane->progress);
      if (exchange->head > 0 && connection->owes_head) {
        connection->owes_head = false;
        exchange_consume(connection, exchange->head);
        lane->progress = 0;
        continue;
      }
      if (exchange->head == 0 && find == request_head_size)
        connection->owes_head |= (exchange->head = find_early(lane)) > 0;
      if (exchange->head > 0)
        return VM_NEXT;
      lane->progress = (int64_t)exchange->used;
    }
    ssize_t n = fill(lane);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n == 0)
      return VM_NEXT;
    if (n == -ENOBUFS) {
      connection->exchange->head = connection->exchange->used;
      return VM_NEXT; /* whoever answers refuses it */
    }
    if (n < 0)
      return vm_broken(lane, lane_in(lane));
  }
}

enum result vm_read_head(struct lane *lane, const struct step *step) {
  (void)step;
  return read_head(lane, request_head_size);
}

enum result vm_read_line(struct lane *lane, const struct step *step) {
  (void)step;
  return read_head(lane, find_line);
}

enum result vm_read_until(struct lane *lane, const struct step *step) {
  struct connection *connection = lane->connection;
  for (;;) {
    struct exchange *exchange = connection->exchange;
    char *found = exchange != NULL ? memmem(exchange->input, exchange->used,
                                            step->text, step->length)
                                   : NULL;
    if (found != NULL) {
      exchange_consume(connection,
                       (size_t)(found - exchange->input) + step->length);
      return VM_NEXT;
    }
    /* Only its last bytes can be the beginning of the text. */
    if (exchange != NULL && exchange->used >= step->length)
      exchange_consume(connection, exchange->used - step->length + 1);
    ssize_t n = fill(lane);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n == 0)
      return VM_NEXT;
    if (n < 0)
      return vm_broken(lane, lane_in(lane));
  }
}
