/*
 * relay.c: passing on what comes: splice() while nothing has to be looked at
 * or delayed; else chunks in memory, each with the time from which it may go.
 *
 * A bounded step (up to so many bytes, up to a text) is complete when all of
 * it has gone out; what was read beyond is kept for the next step.  At the end
 * of what comes, steps that wait for more are passed over.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "chance.h"
#include "engine.h"
#include "input.h"
#include "side.h"
#include "vm.h"
#include "work.h"

#define QUEUE_AT_MOST (1024 * 1024)
#define SPLICE_BYTES 262144
#define ROUNDS 16

struct chunk {
  struct chunk *next;
  int64_t due_ns;
  size_t size, at;
  char bytes[];
};

struct relay {
  int pipe[2];
  size_t pipe_bytes;
  bool has_pipe;
  bool is_complete; /* all of the step was read */
  struct chunk *first, *last;
  size_t queued;
  struct chunk *unread;
  size_t matched; /* of the step's text */
  uint64_t chunks;
  int64_t last_due_ns;
};

static struct relay *relay_of(struct lane *lane) {
  struct work *work = lane_work(lane);
  if (work == NULL)
    return NULL;
  if (work->relay == NULL)
    work->relay = calloc(1, sizeof(*work->relay));
  return work->relay;
}

static void drop_pipe(struct lane *lane, struct relay *relay) {
  if (relay->has_pipe)
    engine_give_pipe(engine_of(lane), relay->pipe, relay->pipe_bytes == 0);
  relay->has_pipe = false;
  relay->pipe_bytes = 0;
}

void relay_free(struct lane *lane) {
  struct relay *relay = lane->work != NULL ? lane->work->relay : NULL;
  if (relay == NULL)
    return;
  drop_pipe(lane, relay);
  while (relay->first != NULL) {
    struct chunk *chunk = relay->first;
    relay->first = chunk->next;
    free(chunk);
  }
  free(relay->unread);
  free(relay);
  lane->work->relay = NULL;
}

void relay_replan(struct lane *lane) {
  struct relay *relay = lane->work != NULL ? lane->work->relay : NULL;
  if (relay == NULL)
    return;
  relay->is_complete = false;
  relay->matched = 0;
}

/* -- Ends of a step -------------------------------------------------------- */

static enum result complete(struct lane *lane) {
  struct relay *relay = lane->work->relay;
  relay->is_complete = false;
  relay->matched = 0;
  if (relay->unread == NULL && relay->first == NULL && relay->pipe_bytes == 0)
    relay_free(lane);
  return VM_NEXT;
}

/* Nothing more comes: what waits for it is passed over. */
static enum result come_to_end(struct lane *lane, const struct step *step) {
  const struct step *steps = lane->program->steps;
  complete(lane);
  if (step_passes_all(step))
    return VM_NEXT;
  while (lane->pc < lane->program->count && !step_passes_all(&steps[lane->pc]))
    lane->pc++;
  return VM_NEXT;
}

static int64_t bytes_left(const struct lane *lane, const struct step *step) {
  return step->a == ENDLESS ? INT64_MAX : step->a - lane->progress;
}

/* What an upstream sent before it reset goes out first. */
static enum result fail_to_read(struct lane *lane) {
  struct side *in = lane_in(lane);
  struct peer *peer = lane->connection->peer;
  if (peer == NULL || in != &peer->side)
    return vm_broken(lane, in);
  peer->has_reset = in->eof = true;
  return VM_AGAIN;
}

/* -- Through a pipe -------------------------------------------------------- */

static enum result pour_out(struct lane *lane, struct relay *relay) {
  struct side *out = lane_out(lane);
  while (relay->pipe_bytes > 0) {
    int64_t allowed = pace_allowance(lane);
    size_t size = relay->pipe_bytes;
    if (allowed < (int64_t)size)
      size = (size_t)allowed;
    if (size == 0 || !out->writable)
      return VM_WAIT;
    ssize_t n = side_splice_out(out, relay->pipe[0], size);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n <= 0)
      return vm_broken(lane, out);
    relay->pipe_bytes -= (size_t)n;
    pace_count(lane, n);
  }
  return VM_NEXT;
}

/* The socket is read into the pipe: VM_AGAIN when something came. */
static enum result pour_in(struct lane *lane, const struct step *step,
                           struct relay *relay) {
  struct side *in = lane_in(lane);
  int64_t left = bytes_left(lane, step);
  if (left == 0)
    return complete(lane);
  if (!in->readable && !in->eof)
    return VM_WAIT;
  size_t size = left < SPLICE_BYTES ? (size_t)left : SPLICE_BYTES;
  ssize_t n = side_splice_in(in, relay->pipe[1], size);
  if (n == -EAGAIN)
    return VM_WAIT;
  if (n == 0)
    return come_to_end(lane, step);
  if (n < 0)
    return fail_to_read(lane);
  relay->pipe_bytes = (size_t)n;
  lane->progress += n;
  return VM_AGAIN;
}

static enum result relay_by_pipe(struct lane *lane, const struct step *step,
                                 struct relay *relay) {
  if (!relay->has_pipe && engine_take_pipe(engine_of(lane), relay->pipe) < 0)
    return VM_AGAIN; /* no fds: see vm_relay() */
  relay->has_pipe = true;
  for (int round = 0; round < ROUNDS; round++) {
    enum result result = pour_out(lane, relay);
    if (result != VM_NEXT)
      return result;
    result = pour_in(lane, step, relay);
    if (result == VM_WAIT)
      relay_free(lane); /* idle: the pipe goes back */
    if (result != VM_AGAIN)
      return result;
  }
  engine_of(lane)->wait_ns = engine_of(lane)->now_ns;
  return VM_WAIT;
}

/* -- Through memory -------------------------------------------------------- */

static struct chunk *make_chunk(const char *bytes, size_t size) {
  struct chunk *chunk = malloc(sizeof(*chunk) + size);
  if (chunk != NULL) {
    *chunk = (struct chunk){.size = size};
    memcpy(chunk->bytes, bytes, size);
  }
  return chunk;
}

/* Chunks keep their order, however the jitter falls. */
static int64_t due_time(struct lane *lane, struct relay *relay) {
  struct engine *engine = engine_of(lane);
  const struct work *work = lane->work;
  uint64_t dice =
      chance_mix(engine->seed, lane->connection->server->hash + lane->is_up,
                 (lane->connection->number << 24) + relay->chunks++);
  int64_t due =
      engine->now_ns + work->delay_ns + chance_spread(dice, work->jitter_ns);
  if (due > relay->last_due_ns)
    relay->last_due_ns = due;
  return relay->last_due_ns;
}

static int queue(struct lane *lane, const struct step *step,
                 struct relay *relay, char *bytes, size_t size) {
  if (size == 0)
    return 0;
  for (size_t i = 0; step->flip && i < size; i++)
    bytes[i] = (char)~bytes[i];
  struct chunk *chunk = make_chunk(bytes, size);
  if (chunk == NULL)
    return -ENOMEM;
  chunk->due_ns = due_time(lane, relay);
  if (relay->first == NULL)
    relay->first = chunk;
  else
    relay->last->next = chunk;
  relay->last = chunk;
  relay->queued += size;
  return 0;
}

static enum result send_queue(struct lane *lane, struct relay *relay) {
  struct engine *engine = engine_of(lane);
  struct side *out = lane_out(lane);
  while (relay->first != NULL) {
    struct chunk *chunk = relay->first;
    if (chunk->due_ns > engine->now_ns) {
      engine->wait_ns = chunk->due_ns;
      return VM_WAIT;
    }
    int64_t allowed = pace_allowance(lane);
    size_t size = chunk->size - chunk->at;
    if (allowed < (int64_t)size)
      size = (size_t)allowed;
    if (size == 0 || !out->writable)
      return VM_WAIT;
    ssize_t n = side_write(out, chunk->bytes + chunk->at, size, false);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n < 0)
      return vm_broken(lane, out);
    chunk->at += (size_t)n;
    relay->queued -= (size_t)n;
    pace_count(lane, n);
    if (chunk->at == chunk->size) {
      relay->first = chunk->next;
      free(chunk);
    }
  }
  return VM_NEXT;
}

/* How many of the bytes belong before the end of the text; all, if it has not
 * come yet. */
static size_t match(struct relay *relay, const struct step *step,
                    const char *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    char c = bytes[i];
    while (relay->matched > 0 && step->text[relay->matched] != c) {
      /* The longest beginning that is an end of what has matched. */
      size_t m = relay->matched - 1;
      while (m > 0 &&
             memcmp(step->text, step->text + relay->matched - m, m) != 0)
        m--;
      relay->matched = m;
    }
    if (step->text[relay->matched] == c)
      relay->matched++;
    if (relay->matched == step->length) {
      relay->is_complete = true;
      return i + 1;
    }
  }
  return size;
}

/* What a step that reads, and not this one, has read beyond its end. */
static int take_input(struct lane *lane, struct relay *relay) {
  input_drop_head(lane);
  if (relay->unread != NULL || !input_is_there(lane))
    return 0;
  relay->unread = make_chunk(lane->input->bytes, lane->input->used);
  input_free(lane);
  return relay->unread != NULL ? 0 : -ENOMEM;
}

/* What was read beyond the last step, or what comes. */
static ssize_t take(struct lane *lane, struct relay *relay, size_t size) {
  struct engine *engine = engine_of(lane);
  struct chunk *unread = relay->unread;
  if (unread == NULL)
    return side_read(lane_in(lane), engine->scratch, size);
  if (size > unread->size - unread->at)
    size = unread->size - unread->at;
  memcpy(engine->scratch, unread->bytes + unread->at, size);
  unread->at += size;
  if (unread->at == unread->size) {
    relay->unread = NULL;
    free(unread);
  }
  return (ssize_t)size;
}

static int give_back(struct relay *relay, const char *bytes, size_t size) {
  struct chunk *rest = relay->unread, *chunk;
  if (size == 0)
    return 0;
  if (rest != NULL) { /* it came from there */
    rest->at -= size;
    return 0;
  }
  chunk = make_chunk(bytes, size);
  relay->unread = chunk;
  return chunk != NULL ? 0 : -ENOMEM;
}

/* VM_AGAIN when something came, or the step is complete. */
static enum result read_chunk(struct lane *lane, const struct step *step,
                              struct relay *relay) {
  struct engine *engine = engine_of(lane);
  struct side *in = lane_in(lane);
  int64_t left = bytes_left(lane, step);
  size_t size = left < SCRATCH_BYTES ? (size_t)left : SCRATCH_BYTES;
  if (left == 0)
    relay->is_complete = true;
  if (relay->is_complete || relay->queued >= QUEUE_AT_MOST)
    return VM_WAIT;
  ssize_t n = take(lane, relay, size);
  if (n == -EAGAIN || n == 0)
    return VM_WAIT;
  if (n < 0)
    return fail_to_read(lane);
  size_t own = step->text != NULL
                   ? match(relay, step, engine->scratch, (size_t)n)
                   : (size_t)n;
  lane->progress += (int64_t)own;
  if (give_back(relay, engine->scratch + own, (size_t)n - own) < 0 ||
      queue(lane, step, relay, engine->scratch, own) < 0)
    return vm_broken(lane, in);
  return VM_AGAIN;
}

static enum result relay_by_memory(struct lane *lane, const struct step *step,
                                   struct relay *relay) {
  struct engine *engine = engine_of(lane);
  for (int round = 0; round < ROUNDS; round++) {
    enum result result = send_queue(lane, relay);
    if (result == VM_GONE)
      return result;
    int64_t wait_ns = engine->wait_ns;
    result = read_chunk(lane, step, relay);
    engine->wait_ns = wait_ns;
    if (result == VM_GONE)
      return result;
    if (result == VM_AGAIN)
      continue;
    if (relay->first != NULL)
      return VM_WAIT;
    if (relay->is_complete)
      return complete(lane);
    if (lane_in(lane)->eof && relay->unread == NULL)
      return come_to_end(lane, step);
    return VM_WAIT;
  }
  engine->wait_ns = engine->now_ns;
  return VM_WAIT;
}

/* -- The step -------------------------------------------------------------- */

/* False: the upstream is not there yet, or not at all. */
static bool is_connected(struct connection *connection, bool *ret_gone) {
  struct side *side = &connection->peer->side;
  int error = 0;
  socklen_t size = sizeof(error);
  if (!side->connecting)
    return true;
  if (!side->writable)
    return false;
  getsockopt(side->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  side->connecting = false;
  if (error == 0)
    return true;
  log_problem(connection->server->engine->log, connection, "upstream", -error);
  connection_end(connection, END_UPSTREAM);
  *ret_gone = true;
  return false;
}

enum result vm_relay(struct lane *lane, const struct step *step) {
  struct connection *connection = lane->connection;
  bool gone = false;
  if (connection->peer != NULL && !is_connected(connection, &gone))
    return gone ? VM_GONE : VM_WAIT;
  struct relay *relay = relay_of(lane);
  if (relay == NULL || take_input(lane, relay) < 0)
    return vm_broken(lane, lane_in(lane));
  bool by_memory = lane->work->delay_ns > 0 || lane->work->jitter_ns > 0 ||
                   step->text != NULL || step->flip ||
                   connection->tls != NULL || relay->first != NULL ||
                   relay->unread != NULL;
  enum result result;
  if (!by_memory && (result = relay_by_pipe(lane, step, relay)) != VM_AGAIN)
    return result;
  /* Of what is in the pipe the step knows nothing: it began later. */
  if (by_memory && (result = pour_out(lane, relay)) != VM_NEXT)
    return result;
  return relay_by_memory(lane, step, relay);
}
