/*
 * sink.h: the part file that a download's bytes go to.
 *
 * Data only ever extends the file, so that its length is what it holds.  A
 * resumed download asks again for the last SINK_OVERLAP_BYTES and compares
 * them with what is there: another file's bytes are never appended.
 */
#ifndef GET_SINK_H
#define GET_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "item.h"

#define SINK_OVERLAP_BYTES 16384

struct sink {
  int fd;               /* -1: not open */
  int64_t length_bytes; /* of the file: what may be trusted */
  int64_t offset_bytes; /* where the next byte of the body belongs */
};

/*
 * Opens or creates the item's part file beside the target, refuses to follow
 * a link, takes a lock on it (-EBUSY: another process is downloading it), and
 * cuts it to what may be trusted: nothing without a validator; all of it when
 * it was written since boot, else what was synced.  -errno of the system.
 * Directories on the way are made.
 */
int sink_open(struct sink *sink, const struct item *item);

/* Where to ask from when resuming: the trusted length less the overlap; 0 to
 * start at the beginning. */
int64_t sink_resume_offset(const struct sink *sink);

/* The next body byte belongs at `offset`, at most the file's length. */
void sink_seek(struct sink *sink, int64_t offset_bytes);

/* Empties the file.  Only after the store has acknowledged a reset. */
int sink_restart(struct sink *sink);

/* Takes body bytes: compares within what is there, then appends.  -ESTALE:
 * they differ; -ENOSPC and other errors of the system. */
int sink_write(struct sink *sink, const void *data, size_t size_bytes);

/* Gives the fd away; -1 if there is none. */
int sink_release(struct sink *sink);

/* Closes it; an empty part is nothing to keep, and removed. */
void sink_discard_empty(struct sink *sink, const struct item *item);
void sink_close(struct sink *sink);

#endif
