/*
 * writer.h: threads that write to files, so that the one which receives need
 * not wait for the disk.
 *
 * A file's blocks are written in the order in which they were given.  There are
 * few blocks: who wants one while all are under way has to write by himself.
 */
#ifndef GET_WRITER_H
#define GET_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#define WRITER_BLOCK_BYTES (256 * 1024)

struct writer;

/* What is under way to one file.  All zero at first; the writer's while
 * anything is. */
struct writer_file {
  size_t under_way; /* blocks */
  bool is_busy;     /* one of them is being written */
  int error; /* -errno of the first that failed: none was written after */
};

struct writer_block {
  struct writer_block *next; /* the writer's */
  struct writer_file *file;
  int fd;
  size_t size;
  char bytes[WRITER_BLOCK_BYTES];
};

/* -ENOMEM, or -errno of starting the threads. */
int writer_open(struct writer **ret_writer);

/* An empty block to be filled, and given; NULL: none is left. */
struct writer_block *writer_take(struct writer *writer);

/* Has the block appended to its fd: the file's error so far. */
int writer_give(struct writer *writer, struct writer_block *block);

/* Whether nothing is under way to the file. */
bool writer_is_idle(struct writer *writer, const struct writer_file *file);

/* Waits until nothing is under way to the file: its error, which is forgotten
 * then, or 0. */
int writer_wait(struct writer *writer, struct writer_file *file);

/* After every file was waited for.  NULL is allowed. */
void writer_close(struct writer *writer);

#endif
