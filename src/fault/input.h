/*
 * input.h: what a lane has read and no step has consumed yet.  The buffer is
 * there while bytes are, and no longer.
 */
#ifndef FAULT_INPUT_H
#define FAULT_INPUT_H

#include "connection.h"

#define HEAD_AT_MOST 65536

struct input {
  size_t room, used;
  size_t head; /* bytes of a head, or line, that was read and not answered */
  char bytes[];
};

/* Any beyond the head that was read. */
bool input_is_there(const struct lane *lane);
/* Room for more of it: 0; -ENOBUFS, when there are HEAD_AT_MOST; -ENOMEM. */
int input_make_room(struct lane *lane);
/* Drops the first `size` bytes, which are there. */
void input_consume(struct lane *lane, size_t size);
/* The head, or line, that was read is done with. */
void input_drop_head(struct lane *lane);
void input_free(struct lane *lane);

#endif
