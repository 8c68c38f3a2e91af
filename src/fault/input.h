/*
 * input.h: what a client has sent and no step has consumed yet.  The buffer is
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

bool input_is_there(const struct connection *connection);
/* Room for more of it: 0; -ENOBUFS, when there are HEAD_AT_MOST; -ENOMEM. */
int input_make_room(struct connection *connection);
/* Drops the first `size` bytes, which are there. */
void input_consume(struct connection *connection, size_t size);
void input_free(struct connection *connection);

#endif
