/* input.c: a buffer that grows with what comes, and goes with the last byte. */
#include "input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool input_is_there(const struct lane *lane) {
  return lane->input != NULL && lane->input->used > lane->input->head;
}

int input_make_room(struct lane *lane) {
  struct input *input = lane->input;
  size_t room = input == NULL ? 1024 : input->room * 4;
  if (input != NULL && input->used < input->room)
    return 0;
  if (room > HEAD_AT_MOST)
    return -ENOBUFS;
  input = realloc(input, sizeof(*input) + room);
  if (input == NULL)
    return -ENOMEM;
  if (lane->input == NULL)
    input->used = input->head = 0;
  input->room = room;
  lane->input = input;
  return 0;
}

void input_consume(struct lane *lane, size_t size) {
  struct input *input = lane->input;
  if (input == NULL)
    return;
  input->used -= size;
  input->head = 0;
  memmove(input->bytes, input->bytes + size, input->used);
  if (input->used == 0)
    input_free(lane);
}

void input_drop_head(struct lane *lane) {
  if (lane->input != NULL && lane->input->head > 0)
    input_consume(lane, lane->input->head);
}

void input_free(struct lane *lane) {
  free(lane->input);
  lane->input = NULL;
}
