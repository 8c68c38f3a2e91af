/*
 * The store's thread.  Jobs come in, go to the workers when they have to wait
 * for the disk, and gather in `ready` until a batch is due: a moment after its
 * first job, or when it is big, or when nothing more will come, or at once
 * when somebody waits for it (a reset).  Between jobs it takes what is fed to
 * it, so that the first downloads run while the last are still being added.
 *
 * When the database or the disk fails, the store is broken for good: it
 * publishes and claims nothing more, and answers all the same.
 */
#include <belay/channel.h>
#include <belay/loop.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_internal.h"

#define GATHER_NS INT64_C(25000000)
#define BATCH_JOBS 32
#define CLAIM_MOST 4096

/* -- Claiming -------------------------------------------------------------- */

/* Reads the next of the queue; how many. */
static size_t read_claimed(struct store *store, size_t max,
                           struct item *ret_items) {
  size_t count = 0;
  int r = db_begin_reading(store->db);
  while (count < max && r >= 0 && store->claimed < store->queue.count) {
    int64_t id = store->queue.list[store->claimed];
    r = db_read(store->db, store->lease.run, id, &ret_items[count]);
    if (r == 1)
      ret_items[count++].state = ITEM_DOWNLOADING;
    if (r >= 0)
      store->claimed++;
  }
  if (r >= 0)
    r = db_commit(store->db);
  if (r < 0)
    store_break_db(store);
  return count;
}

static void claim(struct store *store, size_t max) {
  if (max > CLAIM_MOST)
    max = CLAIM_MOST;
  struct item *items = calloc(max + 1, sizeof *items);
  size_t count = 0;
  if (!items)
    store_break(store, NULL);
  if (items && !store->broken)
    count = read_claimed(store, max, items);
  if (count == 0) {
    free(items);
    items = NULL;
    if (store->feed.portion && max > 0) {
      store->held_claim = max;
      return;
    }
  }
  store_reply(store,
              (struct store_reply){
                  .kind = STORE_CLAIMED, .items = items, .item_count = count});
}

/* -- Feeding --------------------------------------------------------------- */

static void claim_held(struct store *store) {
  size_t held = store->held_claim;
  store->held_claim = 0;
  if (held > 0)
    claim(store, held);
}

/* Takes one portion; a broken store takes no more. */
static void feed(struct store *store) {
  char *error = NULL;
  int r = store->broken ? 0 : store->feed.portion(store->feed.data, &error);
  if (r < 0) {
    store->db_failed = true;
    db_rollback(store->db);
    store_break(store, error);
  }
  if (r <= 0) {
    store->feed.portion = NULL;
    store_reply(store, (struct store_reply){.kind = STORE_FED});
  }
  claim_held(store);
}

/* -- Work for the workers -------------------------------------------------- */

static void make_ready(struct store *store, struct job *job) {
  mail_append(&store->ready, &job->work.mail);
  store->ready_count++;
}

static void hand_over(struct store *store, struct job *job,
                      void (*run)(struct work *)) {
  job->work.run = run;
  store->working++;
  workers_do(&store->workers, &job->work);
}

static void sync_checkpoint(struct store *store, struct job *job) {
  job->next_checkpoint = store->checkpoints;
  store->checkpoints = job;
  hand_over(store, job, job_save);
}

/* What a request says of a download that starts over or ends overrides a
 * checkpoint that is still being synced. */
static void overtake_checkpoints(struct store *store, int64_t id) {
  for (struct job *job = store->checkpoints; job; job = job->next_checkpoint) {
    if (job->progress.id == id)
      job->stale = true;
  }
}

static void forget_checkpoint(struct store *store, const struct job *job) {
  struct job **link = &store->checkpoints;
  while (*link != job)
    link = &(*link)->next_checkpoint;
  *link = job->next_checkpoint;
}

/* Those that were interrupted are synced together; few of them apart, so that
 * the workers share them. */
static void save_interrupted(struct store *store) {
  bool together = store->unsaved_count > SYNC_MAX_SINGLE;
  struct job *group = NULL;
  struct mail *mail;
  while ((mail = mail_take(&store->unsaved))) {
    struct job *job = (struct job *)mail;
    store->saving++;
    if (together) {
      job->also = group;
      group = job;
    } else {
      hand_over(store, job, job_save);
    }
  }
  store->unsaved_count = 0;
  if (group)
    hand_over(store, group, job_save);
}

/* Going on after a failed sync would build on bytes that may be gone, and the
 * next sync would not tell. */
static void take_checkpoint(struct store *store, struct job *job) {
  forget_checkpoint(store, job);
  if (job->sync_error == 0)
    return;
  char *text;
  if (asprintf(&text, "a part file cannot be synced to disk: %s",
               strerror(-job->sync_error)) < 0)
    text = NULL;
  store->distrust_disk = true;
  store_break(store, text);
}

static void take_result(struct store *store, struct job *job) {
  store->working--;
  if (job->kind == JOB_CHECKPOINT)
    take_checkpoint(store, job);
  while (job) {
    struct job *also = job->also;
    job->also = NULL;
    if (job->kind == JOB_INTERRUPT)
      store->saving--;
    make_ready(store, job);
    job = also;
  }
}

/* -- Requests -------------------------------------------------------------- */

/* With nothing to write, to verify or to sync there is nothing to wait for. */
static void take_complete(struct store *store, struct job *job) {
  if (store->durable || *job->sha256 || job->memory) {
    hand_over(store, job, job_finish);
  } else {
    job_finish(&job->work);
    make_ready(store, job);
  }
}

static void take_interrupt(struct store *store, struct job *job) {
  if (job->fd < 0 || !store->durable) {
    make_ready(store, job);
    return;
  }
  mail_append(&store->unsaved, &job->work.mail);
  store->unsaved_count++;
}

static void take_request(struct store *store, struct job *job) {
  if (job->kind != JOB_CHECKPOINT)
    overtake_checkpoints(store, job->progress.id);
  switch (job->kind) {
    case JOB_CLAIM:
      claim(store, job->max_items);
      job_free(job);
      break;
    case JOB_CHECKPOINT:
      if (job->fd >= 0) /* to be synced */
        sync_checkpoint(store, job);
      else
        make_ready(store, job);
      break;
    case JOB_RESET:
      store->urgent = true;
      make_ready(store, job);
      break;
    case JOB_COMPLETE:
      take_complete(store, job);
      break;
    case JOB_FAIL:
      make_ready(store, job);
      break;
    case JOB_INTERRUPT:
      take_interrupt(store, job);
      break;
    case JOB_HURRY:
      store->hurry = true;
      job_free(job);
      break;
    case JOB_CLOSE: /* the store's own: not freed */
      store->hurry = store->closing = true;
      break;
  }
}

/* -- When ------------------------------------------------------------------ */

static bool has_unmarked(const struct store *store) {
  return store->marked < store->claimed;
}

static bool is_batch_due(const struct store *store) {
  if (store->ready_count == 0 && !has_unmarked(store))
    return false;
  return store->due || store->urgent || store->ready_count >= BATCH_JOBS ||
         (store->hurry && store->working == 0);
}

static bool has_pending(const struct store *store) {
  return store->unsaved_count > 0 || store->ready_count > 0 ||
         (has_unmarked(store) && !store->broken);
}

static void set_timer(struct store *store, bool armed) {
  if (store->timer_armed == armed)
    return;
  store->timer_armed = armed;
  belay_source_set_timer(store->timer, armed ? GATHER_NS : -1, 0);
}

/* In a hurry one group is saved while the next one gathers. */
static void go_on(struct store *store) {
  if (store->unsaved_count > 0 &&
      (store->due || (store->hurry && store->saving == 0)))
    save_interrupted(store);
  if (is_batch_due(store)) {
    store_finish_batch(store);
    set_timer(store, false);
  }
  store->due = store->urgent = false;
  set_timer(store, has_pending(store));
}

static void take_mail(struct store *store) {
  struct mail_list results = mailbox_take_all(&store->results);
  struct mail_list requests = mailbox_take_all(&store->inbox);
  struct mail *mail;
  while ((mail = mail_take(&results)))
    take_result(store, (struct job *)mail);
  while ((mail = mail_take(&requests)))
    take_request(store, (struct job *)mail);
}

void *store_main(void *argument) {
  struct store *store = argument;
  bool look_again = false;
  workers_init(&store->workers, &store->results);
  while (!store->closing || store->working > 0 || has_pending(store)) {
    struct belay_event event;
    bool waits = !look_again && !store->feed.portion;
    int r = belay_loop_next(store->loop, waits ? -1 : 0, &event);
    if (r < 0)
      store_break(store, strdup(strerror(-r)));
    if (r > 0 && event.type == BELAY_EVENT_TIMER) {
      store->due = true;
      store->timer_armed = false;
    }
    take_mail(store);
    if (store->feed.portion)
      feed(store);
    go_on(store);
    bool is_patient = store->timer_armed && !store->hurry;
    look_again = mailbox_set_patient(&store->inbox, is_patient) && !is_patient;
  }
  workers_close(&store->workers);
  return NULL;
}
