/*
 * vm.c: a connection is a tiny machine that executes steps.
 *
 * A step runs until it is done, or has to wait for its socket or for a time;
 * then it is run again whenever anything happened, and looks for itself.  The
 * work that is done in one go is bounded, so that nobody waits long for
 * somebody else's flood.
 */
#include "vm.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "chance.h"
#include "engine.h"
#include "input.h"
#include "side.h"
#include "work.h"

#define STEPS_AT_ONCE 256

/* -- Lanes ----------------------------------------------------------------- */

struct work *lane_work(struct lane *lane) {
  if (lane->work == NULL) {
    lane->work = calloc(1, sizeof(*lane->work));
    if (lane->work != NULL)
      lane->work->alarm.due_ns = INT64_MAX;
  }
  return lane->work;
}

/* Begins a program; takes the reference. */
static void vm_begin(struct lane *lane, struct program *program) {
  program_release(lane->program);
  lane->program = program;
  lane->pc = 0;
  lane->progress = 0;
}

static int push(struct lane *lane, struct program *program, uint32_t resume_at,
                bool keeps_pace) {
  struct work *work = lane_work(lane);
  if (work == NULL || work->depth == FRAMES) {
    program_release(program);
    return -1;
  }
  work->frames[work->depth++] = (struct frame){
      .program = lane->program,
      .pc = resume_at,
      .progress = resume_at == lane->pc ? lane->progress : 0,
      .pace = work->pace,
      .alarm = work->alarm,
      .keeps_pace = keeps_pace,
  };
  if (!keeps_pace) {
    work->pace = (struct pace){0};
    work->alarm.due_ns = INT64_MAX;
  }
  lane->program = program;
  lane->pc = 0;
  lane->progress = 0;
  return 0;
}

/* Whether there was something to go back to. */
static bool pop(struct lane *lane) {
  struct work *work = lane->work;
  if (work == NULL || work->depth == 0)
    return false;
  struct frame *frame = &work->frames[--work->depth];
  program_release(lane->program);
  lane->program = frame->program;
  lane->pc = frame->pc;
  lane->progress = frame->progress;
  if (!frame->keeps_pace) {
    work->pace = frame->pace;
    work->alarm = frame->alarm;
  }
  return true;
}

/* Executes `program` now, and then what was going on; takes the reference. */
static int vm_call(struct lane *lane, struct program *program) {
  return push(lane, program, lane->pc, true);
}

int vm_answer_with(struct lane *lane, struct program *program) {
  return push(lane, program, lane->pc + 1, false);
}

static void free_work(struct lane *lane) {
  struct work *work = lane->work;
  if (work == NULL)
    return;
  relay_free(lane);
  while (work->depth > 0)
    program_release(work->frames[--work->depth].program);
  free(work);
  lane->work = NULL;
}

/* An idle connection keeps nothing that it does not need. */
static void drop_idle_work(struct lane *lane) {
  struct work *work = lane->work;
  if (work != NULL && work->depth == 0 && work->pace.period_ns == 0 &&
      work->alarm.due_ns == INT64_MAX && work->relay == NULL &&
      work->again_count == 0 && work->delay_ns == 0 && work->jitter_ns == 0 &&
      work->unacknowledged == 0)
    free_work(lane);
}

void vm_replan(struct lane *lane, struct program *program) {
  struct work *work = lane->work;
  while (work != NULL && work->depth > 0)
    program_release(work->frames[--work->depth].program);
  if (work != NULL) {
    work->pace = (struct pace){0};
    work->alarm.due_ns = INT64_MAX;
    work->delay_ns = work->jitter_ns = work->again_count = 0;
  }
  relay_replan(lane);
  vm_begin(lane, program);
}

const struct program *vm_plan(const struct lane *lane) {
  const struct work *work = lane->work;
  return work != NULL && work->depth > 0 ? work->frames[0].program
                                         : lane->program;
}

void vm_clear(struct lane *lane) {
  if (lane->connection == NULL)
    return;
  heap_remove(&engine_of(lane)->heap, lane);
  free_work(lane);
  input_free(lane);
  program_release(lane->program);
  lane->program = NULL;
}

/* -- Pace ------------------------------------------------------------------ */

/* What may have gone in so many periods.  Each portion is as much more or less
 * as the two sums at its ends are, and no error adds up. */
static int64_t portions(const struct lane *lane, int64_t periods) {
  const struct pace *pace = &lane->work->pace;
  const struct connection *connection = lane->connection;
  uint64_t place = connection->server->hash + lane->is_up;
  if (pace->spread == 0)
    return periods * pace->bytes;
  uint64_t dice = chance_mix(engine_of(lane)->seed, place,
                             (connection->number << 24) + (uint64_t)periods);
  return periods * pace->bytes + chance_spread(dice, pace->spread / 2);
}

int64_t pace_allowance(struct lane *lane) {
  struct engine *engine = engine_of(lane);
  struct pace *pace = lane->work != NULL ? &lane->work->pace : NULL;
  if (pace == NULL || pace->period_ns == 0)
    return INT64_MAX;
  if (pace->begun_ns < 0) {
    pace->begun_ns = engine->now_ns;
    pace->done = 0;
  }
  int64_t periods = (engine->now_ns - pace->begun_ns) / pace->period_ns + 1;
  int64_t allowed = portions(lane, periods) - pace->done;
  if (allowed <= 0)
    engine->wait_ns = pace->begun_ns + periods * pace->period_ns;
  return allowed > 0 ? allowed : 0;
}

void pace_count(struct lane *lane, int64_t bytes) {
  if (lane->work != NULL)
    lane->work->pace.done += bytes;
}

void pace_restart(struct lane *lane) {
  if (lane->work != NULL)
    lane->work->pace.begun_ns = -1;
}

static enum result set_pace(struct lane *lane, int64_t bytes,
                            int64_t period_ns) {
  struct work *work = lane_work(lane);
  if (work != NULL)
    work->pace =
        (struct pace){.period_ns = period_ns, .bytes = bytes, .begun_ns = -1};
  return VM_NEXT;
}

/* A hundred portions a second, of a byte at least. */
static enum result vm_rate(struct lane *lane, const struct step *step) {
  int64_t bytes = step->a < 100 ? 1 : step->a / 100;
  if (step->a == 0)
    return set_pace(lane, 0, 0);
  return set_pace(lane, bytes,
                  (int64_t)((double)bytes * 1e9 / (double)step->a));
}

static enum result vm_drip(struct lane *lane, const struct step *step) {
  return set_pace(lane, 1, step->a);
}

static enum result vm_slice(struct lane *lane, const struct step *step) {
  set_pace(lane, step->a, step->b);
  if (lane->work != NULL)
    lane->work->pace.spread = step->spread;
  return VM_NEXT;
}

static enum result vm_latency(struct lane *lane, const struct step *step) {
  struct work *work = lane_work(lane);
  if (work != NULL) {
    work->delay_ns = step->a;
    work->jitter_ns = step->b;
  }
  return VM_NEXT;
}

/* -- Time ------------------------------------------------------------------ */

static enum result vm_wait(struct lane *lane, const struct step *step) {
  struct engine *engine = engine_of(lane);
  const struct connection *connection = lane->connection;
  if (lane->progress == 0) {
    uint64_t dice = chance_mix(
        engine->seed, connection->server->hash + lane->pc, connection->number);
    int64_t delay = step->a + chance_spread(dice, step->b);
    lane->progress = engine->now_ns + (delay > 0 ? delay : 0);
  }
  if (engine->now_ns >= lane->progress)
    return VM_NEXT;
  engine->wait_ns = lane->progress;
  return VM_WAIT;
}

/* Who shuts down its side has gone, as far as one can tell. */
static enum result vm_hold(struct lane *lane, const struct step *step) {
  (void)step;
  struct connection *connection = lane->connection;
  if (!connection->client.hangup)
    return VM_WAIT;
  connection_end(connection, END_CLIENT);
  return VM_GONE;
}

static enum result vm_alarm(struct lane *lane, const struct step *step) {
  struct work *work = lane_work(lane);
  int64_t begun = work != NULL && work->depth > 0 ? engine_of(lane)->now_ns
                                                  : lane->connection->begun_ns;
  if (work != NULL && work->alarm.due_ns == INT64_MAX)
    work->alarm =
        (struct alarm){begun + step->position, lane->pc + 1, lane->program};
  lane->pc += 2;
  return VM_AGAIN;
}

/* The first that is due, of what is executed and of what it interrupts. */
static struct alarm *first_alarm(struct work *work) {
  struct alarm *first = &work->alarm;
  for (unsigned i = 0; i < work->depth; i++) {
    struct frame *frame = &work->frames[i];
    if (!frame->keeps_pace && frame->alarm.due_ns < first->due_ns)
      first = &frame->alarm;
  }
  return first;
}

/* Of too many steps that interrupt each other, the last one is over. */
static void make_room(struct lane *lane) {
  struct work *work = lane->work;
  if (work->depth == FRAMES && work->frames[FRAMES - 1].keeps_pace)
    pop(lane);
}

/* Runs the alarm's step now.  The next alarm stands behind it. */
static void fire(struct lane *lane, struct alarm *alarm) {
  const struct step *step = &alarm->program->steps[alarm->pc];
  const struct step *next = step + 1;
  int64_t begun = alarm->due_ns - step[-1].position;
  alarm->due_ns = next->op == OP_ALARM ? begun + next->position : INT64_MAX;
  alarm->pc += 2;
  struct program *program = program_new();
  struct step copy = *step;
  if (program == NULL || program_add(program, &copy) < 0) {
    program_release(program);
    return;
  }
  if (step->text != NULL && program_text(program, step->text, step->length,
                                         &program->steps[0].text) < 0) {
    program_release(program);
    return;
  }
  make_room(lane);
  vm_call(lane, program);
}

/* -- The machine ----------------------------------------------------------- */

static enum result vm_next(struct lane *lane, const struct step *step) {
  (void)lane;
  (void)step;
  return VM_NEXT;
}

static enum result vm_again(struct lane *lane, const struct step *step) {
  const struct side *in = lane_in(lane);
  uint32_t last = lane->program->count - 1;
  bool is_enough = false;
  if (step->has_argument) {
    struct work *work = lane_work(lane);
    is_enough = work == NULL || work->again_count++ >= step->a;
  }
  bool is_dry = in->eof && !input_is_there(lane);
  lane->pc = 0;
  /* The alarms, which stand first, ring once. */
  while (lane->program->steps[lane->pc].op == OP_ALARM)
    lane->pc += 2;
  if (is_enough || is_dry)
    lane->pc = last;
  lane->progress = 0;
  return VM_AGAIN;
}

static step_run *const runs[OP_COUNT] = {
    [OP_READ] = vm_read,
    [OP_READ_HEAD] = vm_read_head,
    [OP_READ_LINE] = vm_read_line,
    [OP_READ_UNTIL] = vm_read_until,
    [OP_READ_ALL] = vm_read_all,
    [OP_SEND] = vm_send,
    [OP_WAIT] = vm_wait,
    [OP_HOLD] = vm_hold,
    [OP_RST] = vm_rst,
    [OP_FIN] = vm_fin,
    [OP_CLOSE] = vm_close,
    [OP_HALF_CLOSE] = vm_half_close,
    [OP_VANISH] = vm_vanish,
    [OP_LOSS] = vm_loss,
    [OP_ANSWER] = vm_answer,
    [OP_ECHO] = vm_relay,
    [OP_RELAY] = vm_relay,
    [OP_AGAIN] = vm_again,
    [OP_RATE] = vm_rate,
    [OP_DRIP] = vm_drip,
    [OP_SLICE] = vm_slice,
    [OP_LATENCY] = vm_latency,
    [OP_ALARM] = vm_alarm,
};

static enum result run_step(struct lane *lane) {
  const struct step *step = &lane->program->steps[lane->pc];
  step_run *run = runs[step->op] != NULL ? runs[step->op] : vm_next;
  return run(lane, step);
}

static void sleep_until(struct lane *lane, int64_t due_ns) {
  struct heap *heap = &engine_of(lane)->heap;
  if (lane->work != NULL && first_alarm(lane->work)->due_ns < due_ns)
    due_ns = first_alarm(lane->work)->due_ns;
  if (due_ns == INT64_MAX)
    heap_remove(heap, lane);
  else if (heap_set(heap, lane, due_ns) < 0)
    connection_end(lane->connection, END_STOPPED); /* out of memory */
}

/* False: the connection is gone. */
static bool run_lane(struct lane *lane) {
  struct engine *engine = engine_of(lane);
  for (int n = 0; n < STEPS_AT_ONCE; n++) {
    if (lane->work != NULL && first_alarm(lane->work)->due_ns <= engine->now_ns)
      fire(lane, first_alarm(lane->work));
    if (lane->pc >= lane->program->count) {
      if (!pop(lane)) {
        connection_end(lane->connection, END_CLOSE);
        return false;
      }
      continue;
    }
    engine->wait_ns = INT64_MAX;
    enum result result = run_step(lane);
    if (result == VM_GONE)
      return false;
    if (result == VM_WAIT) {
      drop_idle_work(lane);
      sleep_until(lane, engine->wait_ns);
      return lane->connection->ending == END_NONE;
    }
    if (result == VM_NEXT) {
      lane->pc++;
      lane->progress = 0;
    }
  }
  sleep_until(lane, engine->now_ns); /* the others first */
  return lane->connection->ending == END_NONE;
}

/* An error that the kernel has told of: the client reset, as a rule. */
static bool has_failed(struct connection *connection) {
  int error = 0;
  socklen_t size = sizeof(error);
  if (!connection->client.error || connection->is_vanished)
    return false;
  connection->client.error = false;
  getsockopt(connection->client.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error != 0;
}

void vm_run(struct connection *connection) {
  struct peer *peer = connection->peer;
  if (connection->ending != END_NONE)
    return;
  if (has_failed(connection)) {
    connection->is_cut_short = true;
    connection_end(connection, END_CLIENT_RST);
    return;
  }
  if (!connection->lane.is_over && !run_lane(&connection->lane))
    return;
  if (peer != NULL && !peer->lane.is_over && !run_lane(&peer->lane))
    return;
  if (!connection->client.watched &&
      engine_watch(connection->server->engine, &connection->client) < 0)
    connection_end(connection, END_STOPPED);
}
