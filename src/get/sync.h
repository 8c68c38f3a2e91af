/*
 * sync.h: what waits for the disk, and the workers that do the waiting.
 *
 * Syncing files one after the other takes ten times as long as syncing several
 * at once, since the file system commits them together.  So finished files go
 * to a few workers, and the store's thread goes on meanwhile.
 */
#ifndef GET_SYNC_H
#define GET_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "mailbox.h"

/* More files than this are synced by one call for their whole file system. */
#define SYNC_MAX_SINGLE 32

/* More workers gain nothing: measured. */
#define SYNC_WORKERS 4

/* Makes the file's bytes durable.  A file that cannot be synced at all (of a
 * kind or a file system that does not know it) counts as synced. */
int sync_file(int fd);

/* The same for a directory, or whatever else `path` is. */
int sync_path(const char *path);

/*
 * Makes many files durable: one by one up to SYNC_MAX_SINGLE, else by syncing
 * each file system that they are on.  ret_errors[i] is 0 or the -errno of
 * fds[i].
 */
void sync_many(const int *fds, size_t count, int *ret_errors);

/* A piece of work: run() is called by a worker, then the work is posted to the
 * mailbox of those that are done. */
struct work {
  struct mail mail;
  void (*run)(struct work *work);
};

struct workers {
  pthread_mutex_t lock;
  pthread_cond_t wanted;
  struct mail_list todo;
  struct mailbox *done;
  pthread_t threads[SYNC_WORKERS];
  size_t count, idle, waiting; /* threads; of them idle; work not begun */
  bool closing;
};

void workers_init(struct workers *workers, struct mailbox *done);

/* Hands work over.  Threads are started when there is first need of them; when
 * none can be started at all, the work is done before this returns. */
void workers_do(struct workers *workers, struct work *work);

/* Ends the threads after all work that was handed over. */
void workers_close(struct workers *workers);

#endif
