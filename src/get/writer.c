/*
 * writer.c: a queue of blocks under a lock that is held for a few instructions,
 * and threads that each take the first whose file no other one is writing to.
 *
 * Invariant: after an error nothing more is written to that file until it was
 * waited for, so that its length is what it holds.
 */
#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "cli/write.h"

#define BLOCKS_AT_MOST 64
#define THREADS 2 /* to fresh memory or a fast disk, one is no faster than us */

struct writer {
  pthread_t threads[THREADS];
  size_t thread_count;
  pthread_mutex_t lock;
  pthread_cond_t given;   /* something to write, or the end */
  pthread_cond_t written; /* something was */
  struct writer_block *first, **last;
  struct writer_block *free;
  size_t made; /* blocks, however they are used */
  bool closing;
};

/* -- The threads ----------------------------------------------------------- */

static struct writer_block *take_given(struct writer *writer) {
  struct writer_block **link = &writer->first;
  while (*link != NULL && (*link)->file->is_busy)
    link = &(*link)->next;
  struct writer_block *block = *link;
  if (block == NULL)
    return NULL;
  *link = block->next;
  if (block->next == NULL)
    writer->last = link;
  return block;
}

/* Under the lock, which it gives back while it writes. */
static void write_block(struct writer *writer, struct writer_block *block) {
  struct writer_file *file = block->file;
  int error = file->error;
  file->is_busy = true;
  pthread_mutex_unlock(&writer->lock);
  if (error == 0)
    error = write_all(block->fd, block->bytes, block->size);
  pthread_mutex_lock(&writer->lock);
  file->is_busy = false;
  file->error = error;
  file->under_way--;
  block->next = writer->free;
  writer->free = block;
  pthread_cond_broadcast(&writer->written);
}

static void *write_blocks(void *data) {
  struct writer *writer = data;
  pthread_mutex_lock(&writer->lock);
  while (!writer->closing || writer->first != NULL) {
    struct writer_block *block = take_given(writer);
    if (block != NULL)
      write_block(writer, block);
    else
      pthread_cond_wait(&writer->given, &writer->lock);
  }
  pthread_mutex_unlock(&writer->lock);
  return NULL;
}

/* -- Blocks ---------------------------------------------------------------- */

struct writer_block *writer_take(struct writer *writer) {
  pthread_mutex_lock(&writer->lock);
  struct writer_block *block = writer->free;
  if (block != NULL)
    writer->free = block->next;
  bool may_make = block == NULL && writer->made < BLOCKS_AT_MOST;
  pthread_mutex_unlock(&writer->lock);
  if (may_make && (block = malloc(sizeof(*block))) != NULL)
    writer->made++; /* by the thread that takes, alone */
  if (block != NULL)
    block->size = 0;
  return block;
}

int writer_give(struct writer *writer, struct writer_block *block) {
  pthread_mutex_lock(&writer->lock);
  int error = block->file->error;
  block->file->under_way++;
  block->next = NULL;
  *writer->last = block;
  writer->last = &block->next;
  pthread_mutex_unlock(&writer->lock);
  pthread_cond_signal(&writer->given);
  return error;
}

bool writer_is_idle(struct writer *writer, const struct writer_file *file) {
  pthread_mutex_lock(&writer->lock);
  bool is_idle = file->under_way == 0;
  pthread_mutex_unlock(&writer->lock);
  return is_idle;
}

int writer_wait(struct writer *writer, struct writer_file *file) {
  pthread_mutex_lock(&writer->lock);
  while (file->under_way > 0)
    pthread_cond_wait(&writer->written, &writer->lock);
  int error = file->error;
  file->error = 0;
  pthread_mutex_unlock(&writer->lock);
  return error;
}

/* -- Opening and closing --------------------------------------------------- */

int writer_open(struct writer **ret_writer) {
  struct writer *writer = malloc(sizeof(*writer));
  if (writer == NULL)
    return -ENOMEM;
  *writer = (struct writer){
      .lock = PTHREAD_MUTEX_INITIALIZER,
      .given = PTHREAD_COND_INITIALIZER,
      .written = PTHREAD_COND_INITIALIZER,
      .last = &writer->first,
  };
  int error = 0;
  while (error == 0 && writer->thread_count < THREADS) {
    pthread_t *thread = &writer->threads[writer->thread_count];
    error = pthread_create(thread, NULL, write_blocks, writer);
    writer->thread_count += error == 0;
  }
  if (writer->thread_count == 0) {
    writer_close(writer);
    return -error;
  }
  *ret_writer = writer;
  return 0;
}

void writer_close(struct writer *writer) {
  if (writer == NULL)
    return;
  pthread_mutex_lock(&writer->lock);
  writer->closing = true;
  pthread_mutex_unlock(&writer->lock);
  pthread_cond_broadcast(&writer->given);
  for (size_t i = 0; i < writer->thread_count; i++)
    pthread_join(writer->threads[i], NULL);
  while (writer->free != NULL) {
    struct writer_block *block = writer->free;
    writer->free = block->next;
    free(block);
  }
  pthread_mutex_destroy(&writer->lock);
  pthread_cond_destroy(&writer->given);
  pthread_cond_destroy(&writer->written);
  free(writer);
}
