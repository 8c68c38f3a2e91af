/*
 * sink.h: the part file that a download's bytes go to.
 *
 * Data only ever extends the file, so that its length is what it holds.  A
 * resumed download asks again for the last SINK_OVERLAP_BYTES and compares
 * them with what is there: another file's bytes are never appended.
 *
 * Until there is a record of a part it cannot be gone on with, so it needs no
 * name: where the file system can, a new one is a file without any
 * (O_TMPFILE), which costs less and leaves nothing behind.  A small one stays
 * in memory until it is complete, so that the store can write it.
 */
#ifndef GET_SINK_H
#define GET_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "item.h"
#include "writer.h"

#define SINK_OVERLAP_BYTES 16384
#define SINK_MEMORY_BYTES 32768

struct sink {
  int fd;                /* -1: not open */
  char *memory;          /* without an fd: the bytes, or NULL */
  size_t memory_bytes;   /* what there is room for */
  int64_t length_bytes;  /* of the file: what may be trusted */
  int64_t offset_bytes;  /* where the next byte of the body belongs */
  bool is_unnamed;       /* the file has no name */
  struct writer *writer; /* who writes to the file; NULL, as at first: we do */
  struct writer_block *block; /* bytes that were not given to it yet */
  struct writer_file behind;  /* what it has */
  int error; /* of writing to the file: nothing more is taken */
};

/*
 * Opens or creates the item's part file beside the target, refuses to follow
 * a link, takes a lock on it (-EBUSY: another process is downloading it), and
 * cuts it to what may be trusted: nothing without a validator; all of it when
 * it was written since boot, else what was synced.  -errno of the system.
 * Directories on the way are made.
 */
int sink_open(struct sink *sink, const struct item *item);

/* Makes the directories that lead to the item's file, through no link. */
int sink_make_directory(const struct item *item);

/* The same for an item of which there is no part yet, and which will have so
 * many bytes, -1 unknown: in memory, or without a name, if that can be. */
int sink_create(struct sink *sink, const struct item *item, int64_t size_bytes);

/* Writes what is in memory to a file. */
int sink_spill(struct sink *sink, const struct item *item);

/* Gives a part a file and its name, so that it is found again.  -EBUSY:
 * another process has one of that name; other errors of the system. */
int sink_name(struct sink *sink, const struct item *item);

/* Whether sink_open() or sink_create() was called. */
bool sink_is_open(const struct sink *sink);

/* Words for an error of these. */
const char *sink_problem(int error);

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

/* Does not keep any bytes back from the writer. */
void sink_push(struct sink *sink);

/* Waits until the file holds all that was taken.  If that failed, the file
 * holds less, and so says length_bytes. */
int sink_flush(struct sink *sink);

/* Gives the fd away (flush first, to know the length), or the memory; -1 or
 * NULL if there is none. */
int sink_release(struct sink *sink);
char *sink_release_memory(struct sink *sink);

/* Removes the part that a run which is over has left, if there is one.
 * -EBUSY: it is in use. */
int sink_remove_left_over(const struct item *item);

/* Closes and removes a part of which nothing is to be kept. */
void sink_discard(struct sink *sink, const struct item *item);
void sink_close(struct sink *sink);

#endif
