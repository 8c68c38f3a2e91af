/*
 * store_internal.h: what the files of the store share.
 *
 * Requests and replies: a request is a job, posted to the inbox, which never
 * waits; replies go through a bounded channel, for which the store's thread
 * may wait.  So the network's thread always comes round to reading them, and
 * the two cannot block each other.  When the store is closed, the channel is
 * closed first, and replies that find it so are dropped.
 */
#ifndef GET_STORE_INTERNAL_H
#define GET_STORE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "boot.h"
#include "db.h"
#include "ids.h"
#include "lease.h"
#include "mailbox.h"
#include "place.h"
#include "publish.h"
#include "store.h"
#include "sync.h"

struct belay_loop;
struct belay_source;

enum job_kind {
  JOB_CLAIM,
  JOB_CHECKPOINT,
  JOB_RESET,
  JOB_COMPLETE,
  JOB_FAIL,
  JOB_INTERRUPT,
  JOB_HURRY,
  JOB_CLOSE,
};

/* How a part that was handed over as complete turned out. */
enum job_verdict {
  JOB_RIGHT,
  JOB_WRONG,   /* `text` says why; `start_over`: its part is of no use */
  JOB_STOPPED, /* it was not verified to its end */
};

/* A request, until it is answered. */
struct job {
  struct work work; /* first */
  struct store *store;
  enum job_kind kind;
  size_t max_items;            /* CLAIM */
  struct db_progress progress; /* the validator is the job's own */
  int fd;                      /* -1: none; the job's own */
  bool is_unnamed;             /* COMPLETE: the part has no name */
  void *memory;                /* COMPLETE: it is still here; or NULL */
  char *target, *dir, *part;   /* COMPLETE: paths */
  char sha256[65];
  int64_t expected_bytes;
  char *text; /* FAIL, or why a COMPLETE is wrong; or NULL */

  enum job_verdict verdict;
  bool start_over;
  int sync_error;              /* CHECKPOINT, INTERRUPT */
  struct stat status;          /* COMPLETE: of the part */
  int directory;               /* of `directories` */
  struct job *also;            /* more jobs, synced together with this */
  struct job *next_checkpoint; /* in the list of those being synced */
  bool stale;                  /* CHECKPOINT: overtaken by a later request */
};

struct store {
  struct db *db;
  struct lease lease;
  struct place place; /* of what was added last */
  bool durable, overwrite;

  /* Between the threads. */
  struct mailbox inbox, results;
  struct workers workers;
  struct belay_channel *replies;
  atomic_bool stop_verifying;

  /* The store's thread's own. */
  struct belay_loop *loop;
  struct belay_source *timer;
  pthread_t thread;
  bool is_running;
  struct job last_job;      /* CLOSE: a request that needs no memory */
  struct mail_list unsaved; /* interrupted, to be synced together */
  struct mail_list ready;   /* to be recorded */
  size_t unsaved_count, ready_count;
  size_t working, saving;  /* with the workers; of them interrupted ones */
  struct job *checkpoints; /* being synced */
  struct directories directories;
  /* Ids of this run's downloads, in the order in which they are claimed, and
   * how many of them are: marked in the database if they are not over yet;
   * claimed when the last batch was recorded; claimed. */
  struct ids queue;
  size_t marked, claimed_before, claimed;
  bool has_renamed;       /* some row was; as of store_begin() */
  struct store_feed feed; /* its portion NULL: at its end */
  size_t held_claim;      /* that waits for the feed; 0: none */
  bool timer_armed;
  bool due;    /* the timer says so */
  bool urgent; /* somebody waits for what is ready */
  bool hurry, closing;
  const char *broken; /* why, or NULL */
  char *broken_text;  /* the same, to be freed */
  bool db_failed;     /* nothing more is recorded */
  bool distrust_disk; /* data that were written may be lost */
};

struct store_settings {
  const char *db_path;
  enum store_durability durability;
  bool overwrite;
  int busy_ms;
};

/* store_open() with its settings. */
int store_open_with(const struct store_settings *settings,
                    struct store **ret_store, char **ret_error);

/* Sets *ret_error to the line for an error of the database; `error`. */
int store_db_error(const struct store *store, int error, char **ret_error);

/* The thread: answers jobs until a JOB_CLOSE, and all before it, are done. */
void *store_main(void *argument);

/* Sends a reply, or drops what it owns. */
void store_reply(struct store *store, struct store_reply reply);

/* Says once why the store cannot go on; takes `text`, NULL: no memory. */
void store_break(struct store *store, char *text);

/* The same, in the words of the database, which is not used any more. */
void store_break_db(struct store *store);

/* Publishes, records and answers all that is ready. */
void store_finish_batch(struct store *store);

/* store_job.c: making and ending jobs, and what workers do with them. */
struct job *job_new(struct store *store, enum job_kind kind, int64_t id);
/* Copies what is known of a part and takes its fd; -ENOMEM takes nothing. */
int job_set_part(struct job *job, const struct store_part *part);
void job_free(struct job *job);
void job_close_fd(struct job *job);
void job_finish(struct work *work); /* COMPLETE: checks, verifies, syncs */
void job_save(struct work *work);   /* CHECKPOINT, INTERRUPT: syncs */

/* Sets the text of a job that turned out wrong. */
__attribute__((format(printf, 3, 4))) void job_set_wrong(struct job *job,
                                                         bool start_over,
                                                         const char *format,
                                                         ...);

/* The time at which the file was changed. */
int64_t mtime_ns(const struct stat *status);

/* The jobs of a list, in order. */
static inline struct job *first_job(const struct mail_list *list) {
  return (struct job *)list->first;
}

static inline struct job *next_job(const struct job *job) {
  return (struct job *)job->work.mail.next;
}

#endif
