/*
 * vm_close.c: the ways of ending, each exactly what it says.
 *
 * What was sent has to have arrived before a reset or before we vanish, since
 * both throw away what is under way: the kernel is asked, at short intervals,
 * until nothing is unacknowledged.  A FIN stays one only if nothing unread is
 * left when the socket is closed: our half is shut down, and what comes is read
 * until the client has closed too.
 */
#include <errno.h>

#include "engine.h"
#include "input.h"
#include "side.h"
#include "vm.h"
#include "work.h"

#define FIRST_LOOK_NS INT64_C(50000)
#define LAST_LOOK_NS INT64_C(2000000)
#define LINGER_NS INT64_C(30000000000)
#define READS_AT_ONCE 16

/* Whether the client has read nothing for so long. */
static bool is_patience_over(struct lane *lane, int bytes,
                             int64_t patience_ns) {
  const struct engine *engine = engine_of(lane);
  struct work *work = lane_work(lane);
  if (work == NULL)
    return false;
  if (work->unacknowledged != bytes) {
    work->unacknowledged = bytes;
    work->unacknowledged_ns = engine->now_ns;
  }
  return engine->now_ns - work->unacknowledged_ns >= patience_ns;
}

/* Whether everything has arrived, or never will; else when to look again is
 * set.  The step's progress is how long the last look was ago. */
static bool has_arrived(struct lane *lane, int64_t patience_ns) {
  struct engine *engine = engine_of(lane);
  int bytes = side_unacknowledged(lane_out(lane));
  if (bytes == 0)
    return true;
  if (is_patience_over(lane, bytes, patience_ns)) {
    lane->connection->is_cut_short = true; /* nobody promised the rest */
    return true;
  }
  lane->progress = lane->progress == 0 ? FIRST_LOOK_NS : lane->progress * 2;
  if (lane->progress > LAST_LOOK_NS)
    lane->progress = LAST_LOOK_NS;
  engine->wait_ns = engine->now_ns + lane->progress;
  return false;
}

enum result vm_rst(struct lane *lane, const struct step *step) {
  if (!has_arrived(lane, step->has_argument ? step->a : LINGER_NS))
    return VM_WAIT;
  /* Of the direction upwards, nothing was promised to the client. */
  if (lane->is_up && side_unacknowledged(&lane->connection->client) > 0)
    lane->connection->is_cut_short = true;
  connection_end(lane->connection, END_RST);
  return VM_GONE;
}

enum result vm_close(struct lane *lane, const struct step *step) {
  (void)step;
  connection_end(lane->connection, END_CLOSE);
  return VM_GONE;
}

enum result vm_half_close(struct lane *lane, const struct step *step) {
  (void)step;
  side_shut(lane_out(lane));
  return VM_NEXT;
}

/* The upstream's, once the client has what came before it. */
static enum result pass_reset(struct lane *lane) {
  struct connection *connection = lane->connection;
  if (!has_arrived(lane, LINGER_NS))
    return VM_WAIT;
  connection->is_cut_short = true;
  connection_end(connection, END_UPSTREAM_RST);
  return VM_GONE;
}

/* One direction of a proxy is over; with both, the connection is. */
static enum result end_lane(struct lane *lane) {
  struct connection *connection = lane->connection;
  struct engine *engine = connection->server->engine;
  if (!lane->is_up && connection->peer->has_reset)
    return pass_reset(lane);
  side_shut(lane_out(lane));
  lane->is_over = true;
  if (!connection->lane.is_over || !connection->peer->lane.is_over)
    return VM_WAIT;
  if (lane->progress == 0)
    lane->progress = engine->now_ns + LINGER_NS;
  if (side_unacknowledged(&connection->client) > 0 &&
      engine->now_ns < lane->progress) {
    lane->is_over = false; /* the client reads still: look again */
    engine->wait_ns = engine->now_ns + LAST_LOOK_NS;
    return VM_WAIT;
  }
  connection_end(connection, END_FIN);
  return VM_GONE;
}

/* The step's progress is until when the client may take its time. */
enum result vm_fin(struct lane *lane, const struct step *step) {
  struct connection *connection = lane->connection;
  struct engine *engine = connection->server->engine;
  struct side *in = &connection->client;
  (void)step;
  if (connection->peer != NULL)
    return end_lane(lane);
  if (lane->progress == 0) {
    side_shut(in);
    input_free(lane);
    lane->progress = engine->now_ns + LINGER_NS;
  }
  ssize_t n = -EAGAIN;
  for (int i = 0; i < READS_AT_ONCE; i++) {
    n = side_read(in, engine->scratch, SCRATCH_BYTES);
    if (n <= 0)
      break;
  }
  if (n > 0) {
    engine->wait_ns = engine->now_ns;
    return VM_WAIT;
  }
  bool is_late = engine->now_ns >= lane->progress;
  bool has_all = side_unacknowledged(in) == 0;
  if (n == -EAGAIN && !is_late) {
    engine->wait_ns = lane->progress;
    return VM_WAIT;
  }
  if (n == 0 && !has_all && !is_late) { /* it reads still */
    engine->wait_ns = engine->now_ns + LAST_LOOK_NS;
    return VM_WAIT;
  }
  if (n < 0 && n != -EAGAIN && !has_all)
    return vm_broken(lane, in);
  connection_end(connection, END_FIN);
  return VM_GONE;
}

/* -- On the level of packets ----------------------------------------------- */

/* The step's progress, once we are gone, is when we are back. */
enum result vm_vanish(struct lane *lane, const struct step *step) {
  struct connection *connection = lane->connection;
  struct engine *engine = connection->server->engine;
  if (!connection->is_vanished) {
    if (!has_arrived(lane, LINGER_NS))
      return VM_WAIT;
    connection->is_vanished = true;
    int error = side_lose(&connection->client, 1000000);
    if (error < 0)
      log_problem(engine->log, connection, "vanish", error);
    lane->progress = step->has_argument ? engine->now_ns + step->a : INT64_MAX;
  }
  if (engine->now_ns < lane->progress) {
    engine->wait_ns = lane->progress;
    return VM_WAIT;
  }
  connection->is_vanished = false;
  side_lose(&connection->client, 0);
  return VM_NEXT;
}

enum result vm_loss(struct lane *lane, const struct step *step) {
  struct connection *connection = lane->connection;
  int error = side_lose(&connection->client, step->a);
  if (error < 0)
    log_problem(connection->server->engine->log, connection, "loss", error);
  return VM_NEXT;
}
