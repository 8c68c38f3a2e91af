/*
 * vm_send.c: the step that sends: a text over and over, a file, generated
 * bytes, noise.  No buffer is kept: what comes next is a function of how much
 * has gone.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "chance.h"
#include "engine.h"
#include "side.h"
#include "vm.h"
#include "work.h"

#define BYTES_AT_ONCE (1024 * 1024)

/* As much as fits of a text that repeats itself. */
static size_t fill_text(const struct step *step, int64_t offset, char *into,
                        size_t size) {
  size_t done = 0;
  while (done < size) {
    size_t at = (size_t)((offset + (int64_t)done) % step->length);
    size_t part = step->length - at;
    if (part > size - done)
      part = size - done;
    memcpy(into + done, step->text + at, part);
    done += part;
  }
  return done;
}

/* The bytes from `offset` of the source on; how many, or -errno. */
static ssize_t fill(const struct lane *lane, const struct step *step,
                    int64_t offset, char *into, size_t size) {
  ssize_t n = (ssize_t)size;
  switch (step->source) {
    case SEND_TEXT:
      fill_text(step, offset, into, size);
      break;
    case SEND_FILE:
      n = pread(lane->program->fd, into, size, (off_t)offset);
      if (n <= 0)
        return n < 0 ? -errno : -EIO; /* it has become shorter */
      break;
    default:
      chance_bytes(step->seed, (uint64_t)offset, into, size);
      break;
  }
  for (ssize_t i = 0; step->flip && i < n; i++)
    into[i] = (char)~into[i];
  return n;
}

/* Whether what is sent next follows at once, so that the kernel may put both
 * into one packet. */
static bool is_followed(const struct lane *lane, const struct step *step,
                        size_t size) {
  bool is_paced = lane->work != NULL && lane->work->pace.period_ns != 0;
  return !is_paced && lane->pc + 1 < lane->program->count &&
         step[1].op == OP_SEND && step[1].a != 0 &&
         lane->progress + (int64_t)size == step->a;
}

static ssize_t send_some(struct lane *lane, const struct step *step,
                         size_t size) {
  struct connection *connection = lane->connection;
  struct engine *engine = connection->server->engine;
  struct side *out = lane_out(lane);
  int64_t offset = step->b + lane->progress;
  bool more = is_followed(lane, step, size);
  if (step->source == SEND_FILE && !step->flip && connection->tls == NULL)
    return side_send_file(out, lane->program->fd, offset, size);
  if (step->source == SEND_TEXT && !step->flip &&
      offset + (int64_t)size <= step->length)
    return side_write(out, step->text + offset, size, more);
  if (size > SCRATCH_BYTES)
    size = SCRATCH_BYTES;
  ssize_t n = fill(lane, step, offset, engine->scratch, size);
  return n < 0 ? n
               : side_write(out, engine->scratch, (size_t)n,
                            more && n == (ssize_t)size);
}

/* As much as may go now; 0 with the engine's wait_ns set: later. */
static size_t portion(struct lane *lane, const struct step *step,
                      int64_t budget) {
  int64_t size = step->a == ENDLESS ? budget : step->a - lane->progress;
  int64_t allowed = pace_allowance(lane);
  size = size < allowed ? size : allowed;
  return (size_t)(size < budget ? size : budget);
}

enum result vm_send(struct lane *lane, const struct step *step) {
  struct side *out = lane_out(lane);
  struct engine *engine = engine_of(lane);
  int64_t budget = BYTES_AT_ONCE;
  while (step->a == ENDLESS || lane->progress < step->a) {
    if (budget <= 0) {
      engine->wait_ns = engine->now_ns; /* the others first */
      return VM_WAIT;
    }
    size_t size = portion(lane, step, budget);
    if (size == 0 || !out->writable)
      return VM_WAIT;
    ssize_t n = send_some(lane, step, size);
    if (n == -EAGAIN) {
      pace_restart(lane);
      return VM_WAIT;
    }
    if (n <= 0)
      return vm_broken(lane, out);
    lane->progress += n;
    budget -= n;
    pace_count(lane, n);
  }
  return VM_NEXT;
}
