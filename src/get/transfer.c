/*
 * transfer.c: what comes next for one item.
 *
 * Everything that happens to a transfer ends in one of five decisions: go on,
 * start over, try again later, fail, hand over.  Invariant: bytes of a version
 * other than the one that the store's validator names are never written to the
 * part; starting over waits for the store's word.
 */
#include "transfer.h"

#include <belay/cancel.h>
#include <belay/loop.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enqueue.h"
#include "resume.h"
#include "retry.h"
#include "store.h"

/* A server whose answers contradict each other so often is given up. */
#define RESTARTS_AT_MOST 3

/* Sooner, the database may not say yet that there may be a part. */
#define NAMED_AFTER_NS INT64_C(100000000)

static void attempt(struct transfer *transfer);

/* -- The state ------------------------------------------------------------- */

static const bool may_become[5][5] = {
    [TRANSFER_NEW] = {[TRANSFER_RUNNING] = true,
                      [TRANSFER_RESETTING] = true,
                      [TRANSFER_FINISHING] = true},
    [TRANSFER_RUNNING] = {[TRANSFER_RESETTING] = true,
                          [TRANSFER_WAITING] = true,
                          [TRANSFER_FINISHING] = true},
    [TRANSFER_RESETTING] =
        {[TRANSFER_RUNNING] = true, [TRANSFER_FINISHING] = true},
    [TRANSFER_WAITING] =
        {[TRANSFER_RUNNING] = true, [TRANSFER_FINISHING] = true},
};

static bool is_active(enum transfer_state state) {
  return state == TRANSFER_RUNNING || state == TRANSFER_RESETTING;
}

static void become(struct transfer *transfer, enum transfer_state state) {
  assert(may_become[transfer->state][state]);
  transfer->context->active += is_active(state);
  transfer->context->active -= is_active(transfer->state);
  transfer->state = state;
}

/* -- Handing over to the store --------------------------------------------- */

/* Ends what is under way, and says what the part is.  While it is being reset
 * the file still holds what the store is forgetting: that is nothing. */
static struct store_part finish(struct transfer *transfer) {
  bool is_reset = transfer->state == TRANSFER_RESETTING;
  become(transfer, TRANSFER_FINISHING);
  belay_source_remove(transfer->timer);
  transfer->timer = NULL;
  if (transfer->http != NULL)
    http_cancel(transfer->http);
  transfer->http = NULL;
  sink_flush(&transfer->sink); /* what it could not keep, it does not count */
  return (struct store_part){
      .fd = sink_release(&transfer->sink),
      .bytes = is_reset ? 0 : transfer->sink.length_bytes,
      .size_bytes = transfer->size_bytes,
      .validator = is_reset ? NULL : transfer->item.validator,
      .is_unnamed = transfer->sink.is_unnamed,
      .memory = sink_release_memory(&transfer->sink),
  };
}

/* What is worth keeping of a part that is not complete gets its name; the rest
 * goes. */
static void keep_part(struct transfer *transfer) {
  struct sink *sink = &transfer->sink;
  if (sink_is_open(sink) &&
      (sink->length_bytes == 0 || sink_name(sink, &transfer->item) < 0))
    sink_discard(sink, &transfer->item);
}

static void fail(struct transfer *transfer) {
  keep_part(transfer);
  struct store_part part = finish(transfer);
  store_fail(transfer->context->store, transfer->item.id, &part,
             transfer->attempts, transfer->problem);
}

static void complete(struct transfer *transfer) {
  int error = sink_flush(&transfer->sink);
  if (error < 0) {
    snprintf(transfer->problem, sizeof(transfer->problem), "%s",
             strerror(-error));
    fail(transfer);
    return;
  }
  transfer->size_bytes = transfer->sink.length_bytes;
  struct store_part part = finish(transfer);
  store_complete(transfer->context->store, &transfer->item, &part,
                 transfer->attempts);
}

void transfer_interrupt(struct transfer *transfer) {
  if (transfer->state == TRANSFER_FINISHING)
    return;
  keep_part(transfer);
  struct store_part part = finish(transfer);
  store_interrupt(transfer->context->store, transfer->item.id, &part,
                  transfer->attempts);
}

/* -- Starting over --------------------------------------------------------- */

/* The store forgets what the part was; its answer is transfer_was_reset(). */
static void reset(struct transfer *transfer) {
  become(transfer, TRANSFER_RESETTING);
  free(transfer->item.validator);
  transfer->item.validator = NULL;
  transfer->recorded = false;
  transfer->recorded_bytes = 0;
  transfer->best_bytes = 0;
  store_reset(transfer->context->store, transfer->item.id);
}

static void start_over(struct transfer *transfer) {
  if (++transfer->restarts > RESTARTS_AT_MOST) {
    snprintf(transfer->problem, sizeof(transfer->problem),
             "the server's answers contradict each other");
    fail(transfer);
    return;
  }
  reset(transfer);
}

void transfer_was_reset(struct transfer *transfer) {
  if (transfer->state != TRANSFER_RESETTING)
    return; /* interrupted meanwhile */
  int error = sink_restart(&transfer->sink);
  if (error == 0)
    error = sink_spill(&transfer->sink, &transfer->item); /* of another size */
  if (error < 0) {
    snprintf(transfer->problem, sizeof(transfer->problem), "%s",
             strerror(-error));
    fail(transfer);
  } else if (transfer->http != NULL) {
    become(transfer, TRANSFER_RUNNING);
    http_resume(transfer->http);
  } else {
    attempt(transfer);
  }
}

/* -- While the response comes ---------------------------------------------- */

static void progressed(struct transfer *transfer) {
  transfer->last_progress_ns = belay_loop_now(transfer->context->loop);
}

static int stop_with(struct transfer *transfer, bool transient,
                     const char *problem) {
  transfer->stop = STOP_FAIL;
  transfer->stop_transient = transient;
  snprintf(transfer->problem, sizeof(transfer->problem), "%s", problem);
  return -ECANCELED;
}

static int stop_to_start_over(struct transfer *transfer) {
  transfer->stop = STOP_START_OVER;
  return -ECANCELED;
}

/* The validator of the version that this response brings. */
static int remember_version(struct transfer *transfer,
                            const struct http_head *head, int64_t size_bytes) {
  transfer->size_bytes = size_bytes;
  free(transfer->item.validator);
  transfer->item.validator = NULL;
  if (head->validator[0] != '\0') {
    transfer->item.validator = strdup(head->validator);
    if (transfer->item.validator == NULL)
      return stop_with(transfer, false, strerror(ENOMEM));
  }
  return 0;
}

/* Whether a whole file's body may be compared with what the part holds. */
static bool is_same_version(const struct transfer *transfer,
                            const struct http_head *head) {
  const char *known = transfer->item.validator;
  return transfer->sink.length_bytes == 0 ||
         (known != NULL && strcmp(known, head->validator) == 0);
}

/* The body replaces the part: not a byte before the store has forgotten. */
static int pause_to_reset(struct transfer *transfer,
                          const struct http_head *head, int64_t size_bytes) {
  reset(transfer);
  int error = remember_version(transfer, head, size_bytes);
  return error < 0 ? error : 1;
}

static int take_whole(struct transfer *transfer, const struct http_head *head,
                      int64_t size_bytes) {
  if (!is_same_version(transfer, head))
    return pause_to_reset(transfer, head, size_bytes);
  int error = 0;
  if (!sink_is_open(&transfer->sink))
    error = sink_create(&transfer->sink, &transfer->item, size_bytes);
  else if (size_bytes != transfer->size_bytes)
    error = sink_spill(&transfer->sink, &transfer->item);
  if (error < 0)
    return stop_with(transfer, false, sink_problem(error));
  transfer->sink.writer = transfer->context->writer;
  sink_seek(&transfer->sink, 0);
  return remember_version(transfer, head, size_bytes);
}

static int take_head(void *owner, const struct http_head *head) {
  struct transfer *transfer = owner;
  progressed(transfer);
  struct resume_asked asked = {
      .url = transfer->item.url,
      .offset = transfer->asked_offset,
      .size_bytes = transfer->size_bytes,
      .validator = transfer->item.validator,
      .expected_bytes = transfer->item.expected_bytes,
  };
  struct resume_answer answer;
  resume_decide(&asked, head, &answer);
  transfer->retry_after_ns = head->retry_after_ns;
  switch (answer.verdict) {
    case RESUME_TAKE:
      if (transfer->asked_offset == 0)
        return take_whole(transfer, head, answer.size_bytes);
      sink_seek(&transfer->sink, transfer->asked_offset);
      transfer->size_bytes = answer.size_bytes;
      return 0;
    case RESUME_REPLACE:
      return pause_to_reset(transfer, head, answer.size_bytes);
    case RESUME_START_OVER:
      return stop_to_start_over(transfer);
    case RESUME_FAIL:
      break;
  }
  return stop_with(transfer, answer.transient, answer.text);
}

/* How long to wait until so many more bytes are within the limited rate. */
static int64_t too_early_ns(const struct transfer *transfer, size_t more) {
  int64_t rate = transfer->context->max_rate;
  if (rate == 0)
    return 0;
  int64_t now = belay_loop_now(transfer->context->loop);
  double bytes = (double)transfer->received_bytes + (double)more;
  return (int64_t)(bytes * 1e9 / (double)rate) - (now - transfer->begun_ns);
}

static int take_data(void *owner, const void *bytes, size_t size_bytes) {
  struct transfer *transfer = owner;
  int64_t wait_ns = too_early_ns(transfer, size_bytes);
  if (wait_ns > 0 && transfer->timer == NULL &&
      belay_loop_add_timer(transfer->context->loop, wait_ns, 0, transfer,
                           &transfer->timer) == 0)
    return 1;
  int error = sink_write(&transfer->sink, bytes, size_bytes);
  if (error == -ESTALE)
    return stop_to_start_over(transfer);
  if (error < 0)
    return stop_with(transfer, false, strerror(-error));
  transfer->received_bytes += (int64_t)size_bytes;
  progressed(transfer);
  return 0;
}

/* -- After an attempt ------------------------------------------------------ */

/* An attempt that brought the file further than ever was no failure. */
static void count_failure(struct transfer *transfer) {
  int64_t bytes = transfer->sink.length_bytes;
  if (transfer->item.validator != NULL && bytes > transfer->best_bytes) {
    transfer->best_bytes = bytes;
    transfer->failures = 0;
  }
  transfer->failures++;
}

static void try_again_or_fail(struct transfer *transfer) {
  struct transfer_context *context = transfer->context;
  struct retry_policy policy = {
      .retries = context->retries,
      .first_wait_ns = context->retry_wait_ns,
      .seed = context->jitter_seed ^ (uint64_t)transfer->item.id,
  };
  count_failure(transfer);
  if (!retry_next(&policy, transfer->failures, transfer->retry_after_ns,
                  &transfer->wait_ns) ||
      belay_loop_add_timer(context->loop, transfer->wait_ns, 0, transfer,
                           &transfer->timer) < 0) {
    fail(transfer);
    return;
  }
  become(transfer, TRANSFER_WAITING);
}

/* The wait is over: for the next attempt, or for the limited rate. */
void transfer_due(struct transfer *transfer) {
  belay_source_remove(transfer->timer);
  transfer->timer = NULL;
  progressed(transfer);
  if (transfer->state == TRANSFER_WAITING)
    attempt(transfer);
  else if (transfer->state == TRANSFER_RUNNING)
    http_resume(transfer->http);
}

/* The response was whole: so is the file, unless the response was not what
 * was announced. */
static void received_all(struct transfer *transfer) {
  const struct sink *sink = &transfer->sink;
  if (transfer->size_bytes >= 0 && sink->offset_bytes < transfer->size_bytes) {
    snprintf(transfer->problem, sizeof(transfer->problem),
             "the server sent less than it announced");
    try_again_or_fail(transfer);
  } else if (sink->length_bytes > sink->offset_bytes) {
    start_over(transfer); /* the part was longer than the file is */
  } else {
    complete(transfer);
  }
}

void transfer_ended(struct transfer *transfer, const struct http_end *end) {
  transfer->http = NULL;
  belay_source_remove(transfer->timer);
  transfer->timer = NULL;
  if (transfer->state != TRANSFER_RUNNING)
    return; /* it broke while paused for a reset, after which we ask again */
  if (end->kind == HTTP_OK) {
    received_all(transfer);
  } else if (end->kind == HTTP_STOPPED && transfer->stop == STOP_START_OVER) {
    start_over(transfer);
  } else {
    bool transient =
        end->kind == HTTP_STOPPED ? transfer->stop_transient : end->transient;
    if (end->kind != HTTP_STOPPED)
      snprintf(transfer->problem, sizeof(transfer->problem), "%s", end->text);
    if (transient)
      try_again_or_fail(transfer);
    else
      fail(transfer);
  }
}

/* -- Attempts -------------------------------------------------------------- */

/* Without a validator nothing can be gone on with; the store knows of none
 * either, so no word of its is needed. */
static int prepare_sink(struct transfer *transfer) {
  if (transfer->item.validator == NULL && transfer->sink.length_bytes > 0)
    return sink_restart(&transfer->sink);
  return 0;
}

static void attempt(struct transfer *transfer) {
  static const struct http_owner owner = {.head = take_head, .data = take_data};
  int error = prepare_sink(transfer);
  become(transfer, TRANSFER_RUNNING);
  transfer->stop = STOP_NONE;
  transfer->retry_after_ns = -1;
  transfer->attempts++;
  progressed(transfer);
  transfer->asked_offset = sink_resume_offset(&transfer->sink);
  struct http_request request = {
      .url = transfer->item.url,
      .offset = transfer->asked_offset,
      .validator = transfer->item.validator,
      .headers = enqueue_headers(transfer->context->queue, transfer->item.id),
  };
  if (error == 0)
    error = http_start(transfer->context->http, &request, &owner, transfer,
                       &transfer->http);
  if (error < 0) {
    snprintf(transfer->problem, sizeof(transfer->problem), "%s",
             strerror(-error));
    fail(transfer);
  }
}

/* Whether there may be a part already.  A new directory is made at once, so
 * that nothing is asked for that cannot be kept. */
static bool may_have_part(struct transfer *transfer, int *ret_error) {
  const struct item *item = &transfer->item;
  struct place *place = &transfer->context->place;
  *ret_error = place_look(place, item->target);
  if (*ret_error == -ENOENT) {
    place_clear(place);
    *ret_error = sink_make_directory(item);
  }
  if (item->started_ms > 0 || item->part_bytes > 0 || item->validator != NULL)
    return true;
  if (place->was_empty)
    return false;
  char *path = item_part_path(item);
  bool has_part = path == NULL || place_has(place, path);
  free(path);
  return has_part;
}

/* The file was removed or cut since the store heard of it: what the store
 * knows is nothing to go on with. */
static bool is_less_than_recorded(const struct transfer *transfer) {
  const struct item *item = &transfer->item;
  int64_t length = transfer->sink.length_bytes;
  return item->validator != NULL &&
         (length == 0 || length < item->durable_bytes);
}

struct transfer *transfer_begin(struct transfer_context *context,
                                struct item *item) {
  struct transfer *transfer = calloc(1, sizeof(*transfer));
  if (transfer == NULL)
    return NULL;
  transfer->context = context;
  transfer->sink.fd = -1;
  transfer->rate = -1;
  transfer->begun_ns = belay_loop_now(context->loop);
  int error = belay_cancel_new(context->cancel, &transfer->cancel);
  if (error == 0)
    error = belay_loop_add_cancel(context->loop, transfer->cancel, transfer,
                                  &transfer->cancel_source);
  if (error < 0) {
    transfer_free(transfer);
    return NULL;
  }
  transfer->item = *item;
  transfer->size_bytes = item->size_bytes;
  transfer->recorded = item->validator != NULL;
  *item = (struct item){.id = 0};

  if (may_have_part(transfer, &error) && error == 0)
    error = sink_open(&transfer->sink, &transfer->item);
  if (error < 0) {
    snprintf(transfer->problem, sizeof(transfer->problem), "%s",
             sink_problem(error));
    fail(transfer);
    return transfer;
  }
  transfer->sink.writer = context->writer;
  transfer->best_bytes = transfer->sink.length_bytes;
  transfer->recorded_bytes = transfer->best_bytes;
  if (is_less_than_recorded(transfer))
    reset(transfer);
  else
    attempt(transfer);
  return transfer;
}

/* -- From time to time ----------------------------------------------------- */

void transfer_check_stall(struct transfer *transfer, int64_t now_ns) {
  int64_t limit_ns = transfer->context->stall_ns;
  if (limit_ns == 0 || transfer->state != TRANSFER_RUNNING ||
      now_ns - transfer->last_progress_ns < limit_ns)
    return;
  http_cancel(transfer->http);
  transfer->http = NULL;
  belay_source_remove(transfer->timer);
  transfer->timer = NULL;
  snprintf(transfer->problem, sizeof(transfer->problem),
           "stalled: no byte for %.0f s", (double)limit_ns / 1e9);
  try_again_or_fail(transfer);
}

void transfer_take_rate(struct transfer *transfer, int64_t elapsed_ns) {
  int64_t gained = transfer->received_bytes - transfer->rate_mark_bytes;
  double now = (double)gained * 1e9 / (double)elapsed_ns;
  transfer->rate_mark_bytes = transfer->received_bytes;
  transfer->rate = transfer->rate < 0 ? now : transfer->rate * 0.8 + now * 0.2;
}

/* A part that has lived so long is not gone in a moment.  False: it failed. */
static bool name_part(struct transfer *transfer) {
  int64_t age_ns = belay_loop_now(transfer->context->loop) - transfer->begun_ns;
  bool has_name = transfer->sink.fd >= 0 && !transfer->sink.is_unnamed;
  if (has_name || age_ns < NAMED_AFTER_NS)
    return true;
  int error = sink_name(&transfer->sink, &transfer->item);
  if (error < 0) {
    snprintf(transfer->problem, sizeof(transfer->problem), "%s",
             sink_problem(error));
    fail(transfer);
  }
  return error == 0;
}

void transfer_checkpoint(struct transfer *transfer, bool sync) {
  const struct sink *sink = &transfer->sink;
  bool is_under_way = transfer->state == TRANSFER_RUNNING ||
                      transfer->state == TRANSFER_WAITING;
  if (!is_under_way || sink->length_bytes == 0 || !name_part(transfer))
    return;
  sink_push(&transfer->sink);
  bool gained = sink->length_bytes > transfer->recorded_bytes;
  if (sink->fd < 0 || sink->is_unnamed || transfer->item.validator == NULL ||
      (sync ? !gained : transfer->recorded) ||
      sink_flush(&transfer->sink) < 0) /* the next bytes will tell why */
    return;
  struct store_part part = {
      .fd = transfer->sink.fd,
      .bytes = transfer->sink.length_bytes,
      .size_bytes = transfer->size_bytes,
      .validator = transfer->item.validator,
  };
  if (store_checkpoint(transfer->context->store, transfer->item.id, &part,
                       sync) < 0)
    return;
  transfer->recorded = true;
  if (sync)
    transfer->recorded_bytes = part.bytes;
}

int64_t transfer_bytes(const struct transfer *transfer) {
  return transfer->sink.length_bytes;
}

void transfer_free(struct transfer *transfer) {
  if (transfer == NULL)
    return;
  if (transfer->http != NULL)
    http_cancel(transfer->http);
  belay_source_remove(transfer->timer);
  belay_source_remove(transfer->cancel_source);
  belay_cancel_free(transfer->cancel);
  sink_close(&transfer->sink);
  item_clear(&transfer->item);
  free(transfer);
}
