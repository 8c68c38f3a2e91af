/* input.c: a buffer that grows with what comes, and goes with the last byte. */
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool input_is_there(const struct connection *connection) {
  return connection->input != NULL && connection->input->used > 0;
}

int input_make_room(struct connection *connection) {
  struct input *input = connection->input;
  size_t room = input == NULL ? 1024 : input->room * 4;
  if (input != NULL && input->used < input->room)
    return 0;
  if (room > HEAD_AT_MOST)
    return -ENOBUFS;
  input = realloc(input, sizeof(*input) + room);
  if (input == NULL)
    return -ENOMEM;
  if (connection->input == NULL)
    input->used = input->head = 0;
  input->room = room;
  connection->input = input;
  return 0;
}

void input_consume(struct connection *connection, size_t size) {
  struct input *input = connection->input;
  if (input == NULL)
    return;
  input->used -= size;
  input->head = 0;
  memmove(input->bytes, input->bytes + size, input->used);
  if (input->used == 0)
    input_free(connection);
}

void input_free(struct connection *connection) {
  free(connection->input);
  connection->input = NULL;
}
