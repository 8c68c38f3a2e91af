/*
 * A job goes from thread to thread as a whole: the network's makes it, the
 * store's hands it to a worker and gets it back, answers it and frees it.
 * Only one of them has it at a time.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink.h"
#include "store_internal.h"
#include "verify.h"

/* -- Making and ending ----------------------------------------------------- */

struct job *job_new(struct store *store, enum job_kind kind, int64_t id) {
  struct job *job = calloc(1, sizeof *job);
  if (!job)
    return NULL;
  job->store = store;
  job->kind = kind;
  job->progress.id = id;
  job->fd = -1;
  job->expected_bytes = -1;
  return job;
}

int job_set_part(struct job *job, const struct store_part *part) {
  if (!part || (part->fd < 0 && !part->memory))
    return 0;
  char *validator = NULL;
  if (part->validator && !(validator = strdup(part->validator)))
    return -ENOMEM;
  job->fd = part->fd;
  job->is_unnamed = part->is_unnamed;
  job->memory = part->memory;
  job->progress.has_part = true;
  job->progress.bytes = part->bytes;
  job->progress.size_bytes = part->size_bytes;
  job->progress.validator = validator;
  return 0;
}

void job_close_fd(struct job *job) {
  if (job->fd >= 0)
    close(job->fd);
  job->fd = -1;
}

void job_free(struct job *job) {
  job_close_fd(job);
  free((char *)(uintptr_t)job->progress.validator);
  free(job->memory);
  free(job->target);
  free(job->dir);
  free(job->part);
  free(job->text);
  free(job);
}

void job_set_wrong(struct job *job, bool start_over, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  free(job->text);
  if (vasprintf(&job->text, format, arguments) < 0)
    job->text = NULL;
  va_end(arguments);
  job->verdict = JOB_WRONG;
  job->start_over = start_over;
}

/* -- Finishing a part ------------------------------------------------------ */

/* A part that is shorter than was announced can go on; one that is longer, or
 * whole but not what the list promised, cannot. */
static bool has_right_size(struct job *job, int64_t bytes) {
  const struct db_progress *progress = &job->progress;
  if (bytes != progress->bytes) {
    job_set_wrong(job, true, "the part file was changed by somebody else");
    return false;
  }
  if (progress->size_bytes >= 0 && bytes != progress->size_bytes) {
    job_set_wrong(job, bytes > progress->size_bytes,
                  "got %lld bytes, not %lld as announced", (long long)bytes,
                  (long long)progress->size_bytes);
    return false;
  }
  if (job->expected_bytes >= 0 && bytes != job->expected_bytes) {
    job_set_wrong(job, true, "size is %lld bytes, not %lld", (long long)bytes,
                  (long long)job->expected_bytes);
    return false;
  }
  return true;
}

static bool has_right_sum(struct job *job) {
  if (!*job->sha256)
    return true;
  char sum[VERIFY_HEX_BYTES];
  int r = verify_sha256(job->fd, &job->store->stop_verifying, sum);
  if (r == -ECANCELED)
    job->verdict = JOB_STOPPED;
  else if (r < 0)
    job_set_wrong(job, false, "cannot be verified: %s", strerror(-r));
  else if (strcmp(sum, job->sha256) != 0)
    job_set_wrong(job, true, "sha256 is %s, not %s", sum, job->sha256);
  return job->verdict == JOB_RIGHT;
}

/* After an error the system may have dropped what it could not write and show
 * the old bytes later: nothing of such a part is trusted. */
static void sync_finished(struct job *job) {
  if (!job->store->durable)
    return;
  int r = sync_file(job->fd);
  if (r < 0)
    job_set_wrong(job, true, "cannot be synced to disk: %s", strerror(-r));
  job->progress.synced = r == 0;
}

int64_t mtime_ns(const struct stat *status) {
  return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* Writes a part that was in memory so far. */
static void write_out(struct job *job) {
  struct item item = {.target = job->target, .dir = job->dir};
  struct sink sink = {
      .fd = -1, .memory = job->memory, .length_bytes = job->progress.bytes};
  int r = sink_spill(&sink, &item);
  job->memory = sink.memory;
  job->is_unnamed = sink.is_unnamed;
  job->fd = sink_release(&sink);
  if (r < 0)
    job_set_wrong(job, true, "%s", sink_problem(r));
}

void job_finish(struct work *work) {
  struct job *job = (struct job *)work;
  if (job->memory)
    write_out(job);
  if (job->verdict != JOB_RIGHT)
    return;
  if (job->fd < 0) {
    job_set_wrong(job, false, "there is no part file");
    return;
  }
  if (fstat(job->fd, &job->status) < 0) {
    job_set_wrong(job, false, "part file: %s", strerror(errno));
    return;
  }
  if (has_right_size(job, job->status.st_size) && has_right_sum(job))
    sync_finished(job);
  else if (job->verdict == JOB_STOPPED && job->store->durable)
    job->progress.synced = sync_file(job->fd) == 0;
}

/* -- Saving parts ---------------------------------------------------------- */

static void set_saved(struct job *job, int error) {
  job->sync_error = error;
  job->progress.synced = error == 0;
}

static void save_together(struct job *first, size_t count) {
  int *fds = calloc(count, 2 * sizeof *fds);
  struct job *job = first;
  for (size_t i = 0; fds && i < count; i++, job = job->also)
    fds[i] = job->fd;
  if (fds)
    sync_many(fds, count, fds + count);
  job = first;
  for (size_t i = 0; i < count; i++, job = job->also)
    set_saved(job, fds ? fds[count + i] : sync_file(job->fd));
  free(fds);
}

void job_save(struct work *work) {
  struct job *job = (struct job *)work;
  size_t count = 0;
  for (const struct job *one = job; one; one = one->also)
    count++;
  if (count == 1)
    set_saved(job, sync_file(job->fd));
  else
    save_together(job, count);
}
