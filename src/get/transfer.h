/*
 * transfer.h: one item on its way, from the claim to the store's last word.
 *
 * It joins an item, its part file and its HTTP transfer, and decides after
 * each attempt what comes next.  The session owns all transfers and tells each
 * what has happened; a transfer tells the store.
 */
#ifndef GET_TRANSFER_H
#define GET_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http.h"
#include "item.h"
#include "place.h"
#include "sink.h"

struct belay_cancel;
struct belay_loop;
struct belay_source;
struct enqueue;
struct store;

/*
 *   NEW ---> RUNNING <---> RESETTING     the part is of no use
 *    |          ^------->  WAITING       another attempt, later
 *    '---> RESETTING                     it is less than the store knows
 *
 *   and from each to FINISHING: the store has it, and the last word.
 */
enum transfer_state {
  TRANSFER_NEW,
  TRANSFER_RUNNING,   /* an HTTP transfer is under way */
  TRANSFER_RESETTING, /* the store is forgetting what the part was */
  TRANSFER_WAITING,   /* for its next attempt */
  TRANSFER_FINISHING, /* the store has it */
};

/* What all transfers of a session share. */
struct transfer_context {
  struct belay_loop *loop;
  struct belay_cancel *cancel; /* parent of every transfer's own */
  struct http *http;
  struct store *store;
  struct writer *writer;
  const struct enqueue *queue; /* has headers of single items */
  int retries;                 /* attempts after the first that gain nothing */
  int64_t retry_wait_ns;       /* before the first of them */
  int64_t stall_ns;            /* 0: never given up */
  int64_t max_rate;            /* bytes per second and transfer; 0: no limit */
  uint64_t jitter_seed;
  struct place place; /* where the last one's file is */
  size_t active; /* transfers that use the network: RUNNING and RESETTING */
};

struct transfer {
  struct transfer_context *context;
  struct transfer *next_in_bucket; /* the session's */
  struct transfer *prev, *next;    /* the session's */

  struct item item;
  enum transfer_state state;
  struct sink sink;
  struct http_transfer *http; /* while RUNNING, or paused in RESETTING */
  struct belay_cancel *cancel;
  struct belay_source *cancel_source; /* its events carry the transfer */
  struct belay_source *timer;         /* the same; see transfer_due() */

  int64_t size_bytes;     /* of the file, as announced; -1 unknown */
  int64_t asked_offset;   /* by the attempt under way */
  bool recorded;          /* the store knows the validator */
  int64_t recorded_bytes; /* the last synced checkpoint */
  int attempts, failures; /* failures: in a row, without gaining a byte */
  int restarts;
  int64_t best_bytes; /* the most that the part ever held */

  /* How the attempt came to its end, when we ended it ourselves. */
  enum { STOP_NONE, STOP_START_OVER, STOP_FAIL } stop;
  bool stop_transient;
  int64_t retry_after_ns; /* -1: the server did not say */
  int64_t wait_ns;        /* before the next attempt, while WAITING */
  char problem[256];

  int64_t begun_ns;         /* loop time */
  int64_t last_progress_ns; /* loop time */
  int64_t received_bytes;   /* from the network, in this run */
  int64_t rate_mark_bytes;  /* received when the rate was last taken */
  double rate;              /* bytes per second, smoothed; -1 not known */
};

/* Takes the item over and begins; the transfer may be FINISHING at once (its
 * file cannot be opened).  NULL: out of memory, and the item is untouched. */
struct transfer *transfer_begin(struct transfer_context *context,
                                struct item *item);

/* What happened to it. */
void transfer_ended(struct transfer *transfer, const struct http_end *end);
void transfer_was_reset(struct transfer *transfer);
void transfer_due(struct transfer *transfer); /* its timer */
void transfer_interrupt(struct transfer *transfer);

/* From time to time: gives up an attempt that stalls; takes the rate over the
 * last `elapsed_ns`; names the part and records what there is, synced if
 * `sync`. */
void transfer_check_stall(struct transfer *transfer, int64_t now_ns);
void transfer_take_rate(struct transfer *transfer, int64_t elapsed_ns);
void transfer_checkpoint(struct transfer *transfer, bool sync);

/* Bytes of the file that are there. */
int64_t transfer_bytes(const struct transfer *transfer);

void transfer_free(struct transfer *transfer);

#endif
