/*
 * A batch: what is ready is published, its directories synced, all of it
 * recorded in one transaction, and only then answered.
 *
 * Death at any point leaves files that are whole under their names, and rows
 * that say less than was done, never more.
 */
#include <belay/channel.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_internal.h"

/* -- Replies --------------------------------------------------------------- */

static void drop(struct store_reply *reply) {
  while (reply->item_count > 0)
    item_clear(&reply->items[--reply->item_count]);
  free(reply->items);
  free(reply->text);
}

/* Waits while the channel is full; when it is closed nobody reads any more. */
static void send_all(struct store *store, struct store_reply *replies,
                     size_t count) {
  int sent = belay_channel_send_many(store->replies, replies, count, -1);
  for (size_t i = sent > 0 ? (size_t)sent : 0; i < count; i++)
    drop(&replies[i]);
}

void store_reply(struct store *store, struct store_reply reply) {
  send_all(store, &reply, 1);
}

void store_break(struct store *store, char *text) {
  if (store->broken) {
    free(text);
    return;
  }
  store->broken = text ? text : "out of memory";
  store->broken_text = text;
  store_reply(store, (struct store_reply){.kind = STORE_BROKEN,
                                          .text = strdup(store->broken)});
}

void store_break_db(struct store *store) {
  store->db_failed = true;
  store_break(store, db_problem(store->db));
}

static enum store_reply_kind answer_to(const struct job *job, bool is_broken) {
  switch (job->kind) {
    case JOB_COMPLETE:
      if (job->verdict == JOB_STOPPED)
        return STORE_INTERRUPTED;
      return job->verdict == JOB_RIGHT ? STORE_COMPLETED : STORE_FAILED;
    case JOB_INTERRUPT:
      return STORE_INTERRUPTED;
    case JOB_RESET:
      /* What was not forgotten must not be overwritten. */
      return is_broken ? STORE_FAILED : STORE_RESET;
    default:
      return STORE_FAILED;
  }
}

/* Ends a job; true: with a reply. */
static bool answer(struct store *store, struct job *job,
                   struct store_reply *ret_reply) {
  bool has_reply = job->kind != JOB_CHECKPOINT;
  if (has_reply) {
    *ret_reply = (struct store_reply){
        .kind = answer_to(job, store->broken),
        .id = job->progress.id,
    };
    if (ret_reply->kind == STORE_FAILED) {
      if (!job->text && store->broken)
        job->text = strdup(store->broken);
      ret_reply->text = job->text;
      job->text = NULL;
    }
  }
  job_free(job); /* its fd, which has the lock on the part, before the reply */
  return has_reply;
}

/* So many replies at once wake their reader once. */
#define REPLIES_TOGETHER 64

static void answer_all(struct store *store, struct mail_list *batch) {
  struct store_reply replies[REPLIES_TOGETHER];
  size_t count = 0;
  struct mail *mail;
  while ((mail = mail_take(batch))) {
    count += answer(store, (struct job *)mail, &replies[count]);
    if (count == REPLIES_TOGETHER) {
      send_all(store, replies, count);
      count = 0;
    }
  }
  send_all(store, replies, count);
}

/* -- Publishing ------------------------------------------------------------ */

/* Something has the target's name.  It may be replaced if it is what we made
 * before, or what we are about to make: then an earlier run was ended between
 * renaming and recording. */
static bool may_replace(struct store *store, const struct job *job) {
  struct stat status;
  struct db_file made;
  if (lstat(job->target, &status) == 0 &&
      db_find_file(store->db, job->progress.id, &made) == 1 &&
      made.bytes == status.st_size && made.mtime_ns == mtime_ns(&status))
    return true;
  return publish_same_content(job->fd, job->target);
}

static int publish_named(struct store *store, struct job *job) {
  int r = publish_rename(job->part, job->target, store->overwrite);
  if (r == -EEXIST && may_replace(store, job))
    r = publish_rename(job->part, job->target, true);
  return r;
}

/* Linking replaces nothing: what may be replaced is by way of the part's
 * name. */
static int publish_unnamed(struct store *store, struct job *job) {
  int r = publish_link(job->fd, job->target);
  if (r != -EEXIST || !(store->overwrite || may_replace(store, job)))
    return r;
  r = publish_link(job->fd, job->part);
  return r < 0 ? r : publish_rename(job->part, job->target, true);
}

static void publish(struct store *store, struct job *job) {
  if (store->broken) {
    job_set_wrong(job, false, "%s", store->broken);
    return;
  }
  if (!job->is_unnamed && !publish_is_file(job->part, &job->status)) {
    job_set_wrong(job, false, "its part file was moved or replaced");
    return;
  }
  int r =
      job->is_unnamed ? publish_unnamed(store, job) : publish_named(store, job);
  if (r == -EEXIST)
    job_set_wrong(job, false, "file exists; --force replaces it");
  else if (r < 0)
    job_set_wrong(job, false, "cannot be renamed: %s", strerror(-r));
}

/* Takes the directory of a file that was renamed down for syncing. */
static void add_directory(struct store *store, struct job *job) {
  job->directory = directories_add(&store->directories, job->target);
  if (job->directory < 0)
    job_set_wrong(job, false, "%s", strerror(-job->directory));
}

static void check_directory(struct store *store, struct job *job) {
  int r = directories_error(&store->directories, job->directory);
  if (r < 0)
    job_set_wrong(job, false, "its directory cannot be synced to disk: %s",
                  strerror(-r));
}

/* Its part is of no use; the row, which still describes it, follows. */
static void remove_part(const struct job *job) {
  if (job->fd >= 0 && !job->is_unnamed &&
      publish_is_file(job->part, &job->status))
    unlink(job->part);
}

static bool is_right(const struct job *job) {
  return job->kind == JOB_COMPLETE && job->verdict == JOB_RIGHT;
}

static void publish_all(struct store *store, struct mail_list *batch) {
  if (store->directories.count > DIRECTORIES_MANY)
    directories_clear(&store->directories);
  for (struct job *job = first_job(batch); job; job = next_job(job)) {
    if (is_right(job))
      publish(store, job);
    if (is_right(job) && store->durable)
      add_directory(store, job);
    if (job->kind == JOB_COMPLETE && job->start_over)
      remove_part(job);
  }
  if (!store->durable)
    return;
  directories_sync(&store->directories);
  for (struct job *job = first_job(batch); job; job = next_job(job)) {
    if (is_right(job))
      check_directory(store, job);
  }
}

/* -- Recording ------------------------------------------------------------- */

static int record_complete(struct store *store, const struct job *job) {
  const struct db_progress *progress = &job->progress;
  int64_t run = store->lease.run;
  struct db_file file = {job->status.st_size, mtime_ns(&job->status)};
  switch (job->verdict) {
    case JOB_RIGHT:
      return db_record_completed(store->db, run, progress, &file);
    case JOB_STOPPED:
      return db_record_end(store->db, run, progress, ITEM_INTERRUPTED, NULL,
                           job->is_unnamed);
    default:
      return db_record_end(store->db, run, progress, ITEM_FAILED, job->text,
                           job->start_over || job->is_unnamed);
  }
}

static int record(struct store *store, struct job *job) {
  struct db_progress *progress = &job->progress;
  int64_t run = store->lease.run;
  progress->unsafe = store->distrust_disk || job->sync_error < 0;
  switch (job->kind) {
    case JOB_CHECKPOINT:
      return job->stale ? 0 : db_record_part(store->db, run, progress);
    case JOB_RESET:
      return db_record_reset(store->db, run, progress->id);
    case JOB_COMPLETE:
      return record_complete(store, job);
    case JOB_FAIL:
      return db_record_end(store->db, run, progress, ITEM_FAILED, job->text,
                           false);
    case JOB_INTERRUPT:
      return db_record_end(store->db, run, progress, ITEM_INTERRUPTED, NULL,
                           false);
    default:
      return 0;
  }
}

/* Marks what was claimed before the last batch and is still under way: most
 * small files have ended by then, and are not written twice. */
static int mark_claimed(struct store *store) {
  int r = 0;
  for (size_t i = store->marked; i < store->claimed_before && r == 0; i++)
    r = db_mark_downloading(store->db, store->lease.run, store->queue.list[i]);
  return r;
}

static void note_marked(struct store *store) {
  store->marked = store->claimed_before;
  store->claimed_before = store->claimed;
}

static int record_all(struct store *store, struct mail_list *batch) {
  int r = db_begin(store->db);
  for (struct job *job = first_job(batch); job && r == 0; job = next_job(job))
    r = record(store, job);
  if (r == 0)
    r = mark_claimed(store);
  if (r == 0)
    r = db_commit(store->db);
  if (r == 0)
    note_marked(store);
  else
    db_rollback(store->db);
  return r;
}

/* A reset is synced whatever the mode: bytes of another version may be written
 * after it, and an earlier run may have recorded durable ones. */
static int record_batch(struct store *store, struct mail_list *batch) {
  bool has_reset = false;
  for (struct job *job = first_job(batch); job; job = next_job(job))
    has_reset |= job->kind == JOB_RESET;
  int r = 0;
  if (has_reset && !store->durable)
    r = db_sync_commits(store->db, true);
  if (r == 0)
    r = record_all(store, batch);
  if (r == 0 && has_reset && !store->durable)
    r = db_sync_commits(store->db, false);
  return r;
}

static void fail_unrecorded(struct store *store, struct mail_list *batch) {
  for (struct job *job = first_job(batch); job; job = next_job(job)) {
    if (is_right(job))
      job_set_wrong(job, false, "complete, but not recorded: %s",
                    store->broken);
  }
}

void store_finish_batch(struct store *store) {
  struct mail_list batch = store->ready;
  store->ready = (struct mail_list){NULL, NULL};
  store->ready_count = 0;
  publish_all(store, &batch);
  if (!store->db_failed && record_batch(store, &batch) < 0) {
    store_break_db(store);
    fail_unrecorded(store, &batch);
  }
  answer_all(store, &batch);
}
