/*
 * vm_read.c: the steps that read.
 *
 * The end of what comes ends any of them: nothing more will come.  What was
 * read beyond is kept for the next one.
 */
#include <errno.h>
#include <string.h>

#include "engine.h"
#include "input.h"
#include "request.h"
#include "side.h"
#include "vm.h"
#include "work.h"

enum result vm_broken(struct lane *lane, const struct side *side) {
  struct connection *connection = lane->connection;
  bool is_client = side == &connection->client;
  if (!is_client && lane->is_up && !connection->lane.is_over) {
    lane->is_over = connection->peer->has_reset = true;
    return VM_WAIT; /* what it sent before is read still */
  }
  connection->is_cut_short = true;
  connection_end(connection, is_client ? END_CLIENT_RST : END_UPSTREAM_RST);
  return VM_GONE;
}

/* Everything that comes goes away; up to `most` bytes. */
static enum result discard(struct lane *lane, int64_t most) {
  struct connection *connection = lane->connection;
  struct engine *engine = connection->server->engine;
  struct side *in = lane_in(lane);
  input_drop_head(lane);
  while (lane->progress < most) {
    struct input *input = lane->input;
    int64_t left = most - lane->progress;
    size_t size = left < SCRATCH_BYTES ? (size_t)left : SCRATCH_BYTES;
    if (input != NULL && input->used > 0) {
      size = size < input->used ? size : input->used;
      input_consume(lane, size);
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

/* More into the input: how much, 0 at the end, -EAGAIN, -ENOBUFS. */
static ssize_t fill(struct lane *lane) {
  struct side *in = lane_in(lane);
  /* An idle connection is not to have a buffer. */
  if (!in->readable && !in->eof)
    return -EAGAIN;
  int error = input_make_room(lane);
  if (error < 0)
    return error;
  struct input *input = lane->input;
  ssize_t n =
      side_read(in, input->bytes + input->used, input->room - input->used);
  if (n > 0)
    input->used += (size_t)n;
  else if (input->used == 0)
    input_free(lane);
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
  const struct input *input = lane->input;
  const struct program *program = lane->program;
  bool answers = lane->pc + 1 < program->count &&
                 program->steps[lane->pc + 1].op == OP_ANSWER;
  size_t size = find_line(input->bytes, input->used, 0);
  if (size < 2 || connection->owes_head || !answers ||
      memmem(input->bytes, size, "early", 5) == NULL)
    return 0;
  return answer_is_early(input->bytes, size - 1) ? size - 1 : 0;
}

/* Reads until `find` finds the end; lane->progress is how far was looked. */
static enum result read_head(struct lane *lane,
                             size_t (*find)(const char *, size_t, size_t)) {
  struct connection *connection = lane->connection;
  input_drop_head(lane);
  for (;;) {
    struct input *input = lane->input;
    if (input != NULL) {
      input->head = find(input->bytes, input->used, (size_t)lane->progress);
      if (input->head > 0 && connection->owes_head) {
        connection->owes_head = false;
        input_consume(lane, input->head);
        lane->progress = 0;
        continue;
      }
      if (input->head == 0 && find == request_head_size)
        connection->owes_head |= (input->head = find_early(lane)) > 0;
      if (input->head > 0)
        return VM_NEXT;
      lane->progress = (int64_t)input->used;
    }
    ssize_t n = fill(lane);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n == 0)
      return VM_NEXT;
    if (n == -ENOBUFS) {
      lane->input->head = lane->input->used;
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
  input_drop_head(lane);
  for (;;) {
    struct input *input = lane->input;
    char *found = input != NULL ? memmem(input->bytes, input->used, step->text,
                                         step->length)
                                : NULL;
    if (found != NULL) {
      input_consume(lane, (size_t)(found - input->bytes) + step->length);
      return VM_NEXT;
    }
    /* Only its last bytes can be the beginning of the text. */
    if (input != NULL && input->used >= step->length)
      input_consume(lane, input->used - step->length + 1);
    ssize_t n = fill(lane);
    if (n == -EAGAIN)
      return VM_WAIT;
    if (n == 0)
      return VM_NEXT;
    if (n < 0)
      return vm_broken(lane, lane_in(lane));
  }
}
