/*
 * session.c: the run: one loop, one switch.
 *
 * Signals, cancellations, timers, the network and the store's replies arrive
 * as events of one loop in one thread; each is handed to whom it concerns.
 * Invariant: every item that was claimed gets one of the store's last words
 * (completed, failed, interrupted) before the run ends.
 */
#include "session.h"

#include <belay/belay.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "force.h"
#include "report.h"
#include "transfer.h"
#include "transfers.h"
#include "writer.h"

#define MS INT64_C(1000000)
#define TICK_NS (100 * MS)
#define GAP_NS (1000 * MS)    /* between ticks: we were not running */
#define CHECKPOINT_TICKS 3    /* a validator is recorded so soon */
#define SYNC_TICKS 50         /* and bytes made durable so often */
#define AHEAD 256             /* items claimed before they are needed */
#define FINISHING_AT_MOST 128 /* each holds an fd until its reply */

struct session {
  const struct session_options *options;
  struct transfer_context context;
  struct report *report;
  struct belay_loop *loop;
  struct belay_cancel *cancel;
  struct http *http;
  struct store *store;
  struct belay_channel *replies;
  struct force *force;

  struct transfers transfers;
  struct item *ahead; /* claimed, not begun */
  size_t ahead_count, ahead_next;
  bool claiming, queue_is_empty;
  struct enqueue *queue;
  bool feeding; /* the rest of it is being fed to the store */

  size_t count; /* of the run */
  size_t ticks;
  int64_t begun_ns, last_tick_ns;
  struct session_result result;
};

/* -- Claiming and beginning ------------------------------------------------ */

static bool is_stopping(const struct session *session) {
  return belay_cancel_level(session->cancel) != BELAY_CANCEL_NONE;
}

static size_t ahead_left(const struct session *session) {
  return session->ahead_count - session->ahead_next;
}

/* The store may be busy with a batch for some milliseconds: what is ahead has
 * to last as long. */
static void claim_more(struct session *session) {
  size_t left = ahead_left(session);
  if (session->claiming || session->queue_is_empty || is_stopping(session) ||
      left > AHEAD / 2)
    return;
  session->claiming = store_claim(session->store, AHEAD - left) == 0;
}

static void begin_more(struct session *session) {
  size_t jobs = (size_t)session->options->jobs;
  while (!is_stopping(session) && ahead_left(session) > 0 &&
         session->context.active < jobs &&
         session->transfers.count < jobs + FINISHING_AT_MOST) {
    struct item *item = &session->ahead[session->ahead_next++];
    struct transfer *transfer = transfer_begin(&session->context, item);
    if (transfer == NULL) {
      store_fail(session->store, item->id, &(struct store_part){.fd = -1}, 0,
                 strerror(ENOMEM));
      session->result.failed++;
      item_clear(item);
      continue;
    }
    transfers_add(&session->transfers, transfer);
  }
  claim_more(session);
}

static void take_claimed(struct session *session, struct store_reply *reply) {
  session->claiming = false;
  session->queue_is_empty = reply->item_count == 0;
  if (session->queue_is_empty)
    store_hurry(session->store); /* nobody gathers for the last ones */
  size_t left = ahead_left(session);
  struct item *all = calloc(left + reply->item_count + 1, sizeof(*all));
  if (all == NULL)
    abort(); /* a few kilobytes; the database is safe as it is */
  if (left > 0)
    memcpy(all, session->ahead + session->ahead_next, left * sizeof(*all));
  if (reply->item_count > 0)
    memcpy(all + left, reply->items, reply->item_count * sizeof(*all));
  free(session->ahead);
  free(reply->items);
  session->ahead = all;
  session->ahead_next = 0;
  session->ahead_count = left + reply->item_count;
}

/* Items that were claimed and not begun go back as they are. */
static void interrupt_ahead(struct session *session) {
  for (; session->ahead_next < session->ahead_count; session->ahead_next++) {
    struct item *item = &session->ahead[session->ahead_next];
    struct store_part part = {
        .fd = -1,
        .bytes = item->part_bytes,
        .size_bytes = item->size_bytes,
        .validator = item->validator,
    };
    store_interrupt(session->store, item->id, &part, 0);
    session->transfers.unbegun++;
    item_clear(item);
  }
}

static bool is_done(const struct session *session) {
  bool nothing_to_come = !session->claiming && !session->feeding &&
                         (is_stopping(session) || session->queue_is_empty);
  return session->result.store_broken ||
         (nothing_to_come && ahead_left(session) == 0 &&
          session->transfers.count == 0 && session->transfers.unbegun == 0);
}

/* -- The store's replies --------------------------------------------------- */

static void end_transfer(struct session *session, struct transfer *transfer,
                         const struct store_reply *reply) {
  struct session_result *result = &session->result;
  int64_t elapsed_ns = belay_loop_now(session->loop) - transfer->begun_ns;
  const struct item *item = &transfer->item;
  switch (reply->kind) {
    case STORE_COMPLETED:
      result->completed++;
      report_completed(session->report, item, transfer->size_bytes,
                       transfer->received_bytes, elapsed_ns);
      break;
    case STORE_FAILED:
      result->failed++;
      report_failed(session->report, item, reply->text);
      break;
    default:
      report_interrupted(session->report, item);
      break;
  }
  result->bytes += transfer->received_bytes;
  transfers_remove(&session->transfers, transfer);
  transfer_free(transfer);
}

/* What could not be queued has failed; what was complete is. */
static void take_queue(struct session *session) {
  const struct enqueue *queue = session->queue;
  struct session_result *result = &session->result;
  session->feeding = false;
  session->count = enqueue_count(queue);
  result->completed += queue->complete;
  result->failed += queue->refused_count;
  for (size_t i = 0; i < queue->refused_count; i++)
    report_failed(session->report, &queue->refused[i].item,
                  queue->refused[i].problem);
}

static void take_reply(struct session *session, struct store_reply *reply) {
  struct transfer *transfer = NULL;
  switch (reply->kind) {
    case STORE_CLAIMED:
      take_claimed(session, reply);
      if (is_stopping(session))
        interrupt_ahead(session);
      return;
    case STORE_FED:
      take_queue(session);
      return;
    case STORE_BROKEN:
      session->result.store_broken = true;
      report_broken(session->report, reply->text);
      return;
    case STORE_RESET:
      transfer = transfers_find(&session->transfers, reply->id);
      if (transfer != NULL)
        transfer_was_reset(transfer);
      return;
    case STORE_COMPLETED:
    case STORE_FAILED:
    case STORE_INTERRUPTED:
      transfer = transfers_find(&session->transfers, reply->id);
      if (transfer != NULL)
        end_transfer(session, transfer, reply);
      else if (session->transfers.unbegun > 0)
        session->transfers.unbegun--;
      return;
  }
}

static void take_replies(struct session *session) {
  struct store_reply reply;
  while (belay_channel_receive(session->replies, &reply) > 0) {
    take_reply(session, &reply);
    free(reply.text);
  }
}

/* -- The network ----------------------------------------------------------- */

static void take_ends(struct session *session) {
  struct http_end end;
  while (http_next_end(session->http, &end)) {
    struct transfer *transfer = end.owner;
    transfer_ended(transfer, &end);
    if (transfer->state == TRANSFER_WAITING)
      report_retry(session->report, &transfer->item, transfer->problem,
                   transfer->wait_ns);
  }
}

/* -- Signals --------------------------------------------------------------- */

/* Asks everything to stop; each transfer hears of it as an event of its own. */
static void interrupt(struct session *session, int signo) {
  if (is_stopping(session))
    return;
  session->result.signo = signo;
  report_signal(session->report, signo, session->transfers.count);
  belay_cancel_request(session->cancel, BELAY_CANCEL_ASKED);
  interrupt_ahead(session);
  store_stop_verifying(session->store);
}

/* A stop of which we were not told (SIGSTOP, a suspended machine) took time
 * that is nobody's fault. */
static void continue_after_stop(struct session *session) {
  int64_t now = belay_loop_now(session->loop);
  for (struct transfer *t = session->transfers.first; t != NULL; t = t->next)
    t->last_progress_ns = now;
  session->last_tick_ns = now;
  display_resized(report_display(session->report));
}

static void stop(struct session *session) {
  display_clear(report_display(session->report));
  belay_loop_pause(session->loop);
  belay_signal_default(SIGTSTP);
  belay_loop_resume(session->loop);
}

static void take_signal(struct session *session, int signo) {
  switch (signo) {
    case SIGTSTP:
      stop(session);
      break;
    case SIGCONT:
      continue_after_stop(session);
      break;
    case SIGWINCH:
      display_resized(report_display(session->report));
      break;
    default:
      interrupt(session, signo);
      break;
  }
}

/* -- Ticks ----------------------------------------------------------------- */

static const char *note_of(const struct transfer *transfer) {
  switch (transfer->state) {
    case TRANSFER_WAITING:
      return "waiting to try again";
    case TRANSFER_RESETTING:
      return "starting over";
    case TRANSFER_FINISHING:
      return "finishing";
    case TRANSFER_NEW:
    case TRANSFER_RUNNING:
      return transfer->received_bytes == 0 ? "connecting" : NULL;
  }
  return NULL;
}

static struct display_row row_of(const struct transfer *transfer) {
  return (struct display_row){
      .name = item_name(&transfer->item),
      .bytes = transfer_bytes(transfer),
      .size_bytes = transfer->size_bytes,
      .rate = transfer->rate < 0 ? -1 : (int64_t)transfer->rate,
      .note = note_of(transfer),
  };
}

static void add_to_total(struct display_total *total,
                         const struct display_row *row) {
  total->bytes += row->bytes;
  if (row->rate > 0)
    total->rate += row->rate;
  if (row->size_bytes < 0)
    total->size_bytes = -1;
  else if (total->size_bytes >= 0)
    total->size_bytes += row->size_bytes;
}

static void draw(struct session *session) {
  const struct session_result *result = &session->result;
  struct display_row rows[256];
  size_t count = 0;
  struct display_total total = {
      .completed = result->completed,
      .failed = result->failed,
      .active = session->transfers.count,
      .bytes = result->bytes,
      .size_bytes = result->bytes,
      .eta_ns = -1,
  };
  total.left = session->count - result->completed - result->failed -
               session->transfers.count;
  if (total.left > 0)
    total.size_bytes = -1;
  struct transfer *t = session->transfers.first;
  for (; t != NULL; t = t->next) {
    struct display_row row = row_of(t);
    add_to_total(&total, &row);
    if (count < sizeof(rows) / sizeof(rows[0]))
      rows[count++] = row;
  }
  if (total.size_bytes >= 0 && total.rate > 0)
    total.eta_ns = (int64_t)((double)(total.size_bytes - total.bytes) * 1e9 /
                             (double)total.rate);
  display_draw(report_display(session->report), rows, count, &total);
}

static void tick(struct session *session) {
  int64_t now = belay_loop_now(session->loop);
  int64_t elapsed_ns = now - session->last_tick_ns;
  if (elapsed_ns > GAP_NS) {
    continue_after_stop(session);
    elapsed_ns = 0;
  }
  session->ticks++;
  bool sync = session->ticks % SYNC_TICKS == 0;
  bool record = sync || session->ticks % CHECKPOINT_TICKS == 0;
  struct transfer *t = session->transfers.first;
  for (; t != NULL; t = t->next) {
    if (elapsed_ns > 0)
      transfer_take_rate(t, elapsed_ns);
    if (record)
      transfer_checkpoint(t, sync);
    transfer_check_stall(t, now);
  }
  session->last_tick_ns = now;
  if (session->options->live)
    draw(session);
}

/* -- The loop -------------------------------------------------------------- */

static void take(struct session *session, const struct belay_event *event) {
  switch (event->type) {
    case BELAY_EVENT_SIGNAL:
      take_signal(session, event->signal.signo);
      break;
    case BELAY_EVENT_CANCEL:
      transfer_interrupt(event->data);
      break;
    case BELAY_EVENT_TIMER:
      if (event->data == session)
        tick(session);
      else if (event->data == session->http)
        http_handle(session->http, event);
      else
        transfer_due(event->data);
      break;
    case BELAY_EVENT_FD:
      http_handle(session->http, event);
      break;
    case BELAY_EVENT_CHANNEL:
      take_replies(session);
      break;
    case BELAY_EVENT_PROCESS:
      break;
  }
}

static int go_round(struct session *session) {
  claim_more(session);
  while (!is_done(session)) {
    struct belay_event event;
    int result = belay_loop_next(session->loop, -1, &event);
    if (result < 0)
      return result;
    if (result == 0)
      continue;
    take(session, &event);
    take_ends(session);
    begin_more(session);
  }
  return 0;
}

/* -- Setting up and clearing away ------------------------------------------ */

static int set_up(struct session *session, char **ret_error) {
  const struct store_feed feed = {enqueue_portion, session->queue};
  static const int signals[] = {SIGINT,  SIGTERM,  SIGHUP, SIGTSTP,
                                SIGCONT, SIGWINCH, 0};
  int error = belay_loop_new(&session->loop);
  if (error == 0)
    error = belay_cancel_new(NULL, &session->cancel);
  if (error == 0)
    error = belay_loop_add_signals(session->loop, signals, 0, session, NULL);
  if (error == 0)
    error = force_new(&session->force);
  if (error == 0)
    error =
        belay_loop_add_timer(session->loop, TICK_NS, TICK_NS, session, NULL);
  if (error == 0)
    error = report_new(session->options, &session->report);
  if (error == 0)
    error = writer_open(&session->context.writer);
  if (error == 0)
    error = http_open(session->loop, &session->options->http, &session->http,
                      ret_error);
  if (error == 0)
    error = store_start(session->store, session->feeding ? &feed : NULL,
                        &session->replies);
  if (error == 0)
    error =
        belay_loop_add_channel(session->loop, session->replies, session, NULL);
  session->context = (struct transfer_context){
      .loop = session->loop,
      .cancel = session->cancel,
      .http = session->http,
      .store = session->store,
      .writer = session->context.writer,
      .queue = session->queue,
      .retries = session->options->retries,
      .retry_wait_ns = session->options->retry_wait_ns,
      .stall_ns = session->options->stall_ns,
      .max_rate = session->options->http.max_rate,
      .jitter_seed = (uint64_t)time(NULL),
  };
  return error;
}

/* An interrupted program leaves without waiting for a name server. */
static void clear_away(struct session *session) {
  transfers_free(&session->transfers);
  writer_close(session->context.writer);
  place_clear(&session->context.place);
  for (; session->ahead_next < session->ahead_count; session->ahead_next++)
    item_clear(&session->ahead[session->ahead_next]);
  free(session->ahead);
  report_free(session->report);
  if (session->result.signo == 0)
    http_close(session->http);
  force_free(session->force);
  belay_cancel_free(session->cancel);
  if (session->result.signo == 0)
    belay_loop_free(session->loop);
}

int session_run(struct store *store, struct enqueue *queue,
                const struct session_options *options,
                struct session_result *ret_result, char **ret_error) {
  struct session session = {
      .options = options,
      .store = store,
      .queue = queue,
      .feeding = enqueue_has_more(queue),
      .count = enqueue_count(queue),
  };
  int error = set_up(&session, ret_error);
  if (error == 0) {
    if (!session.feeding)
      take_queue(&session);
    session.begun_ns = session.last_tick_ns = belay_loop_now(session.loop);
    error = go_round(&session);
    struct session_result *result = &session.result;
    result->elapsed_ns = belay_loop_now(session.loop) - session.begun_ns;
    result->interrupted = session.count - result->completed - result->failed;
    display_clear(report_display(session.report));
    report_summary(session.report, result);
    *ret_result = *result;
  }
  clear_away(&session);
  return error;
}
