/*
 * Opening and closing the store, and its requests.  Those only make a job and
 * post it; everything else happens in the store's thread.
 */
#include "store.h"

#include <belay/channel.h>
#include <belay/loop.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/xdg.h"
#include "store_internal.h"

#define BUSY_MS 5000
#define REPLIES_AHEAD 1024

/* -- Opening --------------------------------------------------------------- */

static int take_lease(struct store *store, const char *db_path,
                      char **ret_error) {
  char *path;
  if (asprintf(&path, "%s-lock", db_path) < 0)
    return -ENOMEM;
  int r = lease_take(&store->lease, path);
  if (r < 0 &&
      asprintf(ret_error, "%s: cannot be used: %s", path, strerror(-r)) < 0)
    *ret_error = NULL;
  free(path);
  return r;
}

int store_db_error(const struct store *store, int error, char **ret_error) {
  *ret_error =
      error == -ENOMEM ? strdup(strerror(ENOMEM)) : db_problem(store->db);
  return error;
}

int store_open_with(const struct store_settings *settings,
                    struct store **ret_store, char **ret_error) {
  *ret_error = NULL;
  struct store *store = calloc(1, sizeof *store);
  if (!store)
    return -ENOMEM;
  store->lease = (struct lease)LEASE_INIT;
  store->durable = settings->durability == STORE_DURABLE;
  store->overwrite = settings->overwrite;
  struct db_options options = {
      .path = settings->db_path,
      .mode = store->durable ? DB_CREATE_SYNC : DB_CREATE,
      .busy_ms = settings->busy_ms,
  };
  boot_id(options.boot);
  xdg_make_parents(settings->db_path); /* if not, the database will tell */
  int r = db_open(&options, &store->db, ret_error);
  if (r == 0)
    r = take_lease(store, settings->db_path, ret_error);
  if (r < 0) {
    store_close(store);
    return r;
  }
  *ret_store = store;
  return 0;
}

int store_open(const char *db_path, enum store_durability durability,
               bool overwrite, struct store **ret_store, char **ret_error) {
  struct store_settings settings = {
      .db_path = db_path,
      .durability = durability,
      .overwrite = overwrite,
      .busy_ms = BUSY_MS,
  };
  return store_open_with(&settings, ret_store, ret_error);
}

/* -- The thread ------------------------------------------------------------ */

static int open_loop(struct store *store) {
  int r = belay_loop_new(&store->loop);
  if (r == 0)
    r = belay_loop_add_channel(store->loop, store->inbox.bell, NULL, NULL);
  if (r == 0)
    r = belay_loop_add_channel(store->loop, store->results.bell, NULL, NULL);
  if (r == 0)
    r = belay_loop_add_timer(store->loop, -1, 0, NULL, &store->timer);
  return r;
}

static int open_messages(struct store *store) {
  int r = mailbox_open(&store->inbox);
  if (r == 0)
    r = mailbox_open(&store->results);
  if (r == 0)
    r = belay_channel_new(REPLIES_AHEAD, sizeof(struct store_reply),
                          &store->replies);
  return r == 0 ? open_loop(store) : r;
}

static void close_messages(struct store *store) {
  belay_loop_free(store->loop);
  store->loop = NULL;
  belay_channel_free(store->replies);
  store->replies = NULL;
  mailbox_close(&store->results);
  mailbox_close(&store->inbox);
}

int store_start(struct store *store, const struct store_feed *feed,
                struct belay_channel **ret_replies) {
  int r = open_messages(store);
  if (feed)
    store->feed = *feed;
  if (r == 0)
    r = -pthread_create(&store->thread, NULL, store_main, store);
  if (r < 0) {
    close_messages(store);
    return r;
  }
  store->is_running = true;
  *ret_replies = store->replies;
  return 0;
}

/* Replies that nobody took. */
static void drop_replies(struct store *store) {
  struct store_reply reply;
  while (belay_channel_receive(store->replies, &reply) > 0) {
    while (reply.item_count > 0)
      item_clear(&reply.items[--reply.item_count]);
    free(reply.items);
    free(reply.text);
  }
}

/* A part that needs nothing but its new name can wait for the others of its
 * batch; waking the store for each would cost more than naming it. */
static bool can_wait(struct store *store, const struct job *job) {
  return job->kind == JOB_COMPLETE && !store->durable && !*job->sha256;
}

static void post(struct store *store, struct job *job) {
  if (can_wait(store, job))
    mailbox_post_quietly(&store->inbox, &job->work.mail);
  else
    mailbox_post(&store->inbox, &job->work.mail);
}

static void end_thread(struct store *store) {
  store->last_job.kind = JOB_CLOSE;
  belay_channel_close(store->replies);
  post(store, &store->last_job);
  pthread_join(store->thread, NULL);
  drop_replies(store);
  close_messages(store);
}

void store_close(struct store *store) {
  if (!store)
    return;
  if (store->is_running)
    end_thread(store);
  if (store->db) {
    db_rollback(store->db);
    db_close(store->db);
  }
  lease_drop(&store->lease);
  directories_clear(&store->directories);
  ids_clear(&store->queue);
  place_clear(&store->place);
  free(store->broken_text);
  free(store);
}

/* -- Requests -------------------------------------------------------------- */

static int post_new(struct store *store, enum job_kind kind, int64_t id) {
  struct job *job = job_new(store, kind, id);
  if (!job)
    return -ENOMEM;
  post(store, job);
  return 0;
}

int store_claim(struct store *store, size_t max_items) {
  struct job *job = job_new(store, JOB_CLAIM, 0);
  if (!job)
    return -ENOMEM;
  job->max_items = max_items;
  post(store, job);
  return 0;
}

int store_reset(struct store *store, int64_t id) {
  return post_new(store, JOB_RESET, id);
}

int store_hurry(struct store *store) {
  return post_new(store, JOB_HURRY, 0);
}

int store_stop_verifying(struct store *store) {
  atomic_store(&store->stop_verifying, true);
  return store_hurry(store);
}

/* The bytes are synced through an fd of the store's own, which does not care
 * what becomes of the caller's. */
int store_checkpoint(struct store *store, int64_t id,
                     const struct store_part *part, bool sync) {
  struct job *job = job_new(store, JOB_CHECKPOINT, id);
  if (!job)
    return -ENOMEM;
  if (job_set_part(job, part) < 0) {
    job_free(job);
    return -ENOMEM;
  }
  job->fd = -1;
  if (sync && store->durable && part->fd >= 0)
    job->fd = fcntl(part->fd, F_DUPFD_CLOEXEC, 0);
  post(store, job);
  return 0;
}

static int set_finish(struct job *job, const struct item *item) {
  job->target = strdup(item->target);
  job->dir = item->dir ? strdup(item->dir) : NULL;
  job->part = item_part_path(item);
  job->expected_bytes = item->expected_bytes;
  memcpy(job->sha256, item->sha256, sizeof job->sha256);
  return job->target && job->part ? 0 : -ENOMEM;
}

/* The fd changes hands last, so that a failure leaves it the caller's. */
static int post_end(struct store *store, struct job *job,
                    const struct store_part *part, int attempts) {
  if (job_set_part(job, part) < 0) {
    job_free(job);
    return -ENOMEM;
  }
  job->progress.attempts = attempts;
  post(store, job);
  return 0;
}

int store_complete(struct store *store, const struct item *item,
                   const struct store_part *part, int attempts) {
  struct job *job = job_new(store, JOB_COMPLETE, item->id);
  if (!job)
    return -ENOMEM;
  if (set_finish(job, item) < 0) {
    job_free(job);
    return -ENOMEM;
  }
  return post_end(store, job, part, attempts);
}

int store_fail(struct store *store, int64_t id, const struct store_part *part,
               int attempts, const char *error) {
  struct job *job = job_new(store, JOB_FAIL, id);
  if (!job)
    return -ENOMEM;
  if (error && !(job->text = strdup(error))) {
    job_free(job);
    return -ENOMEM;
  }
  return post_end(store, job, part, attempts);
}

int store_interrupt(struct store *store, int64_t id,
                    const struct store_part *part, int attempts) {
  struct job *job = job_new(store, JOB_INTERRUPT, id);
  if (!job)
    return -ENOMEM;
  return post_end(store, job, part, attempts);
}
