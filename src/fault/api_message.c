/*
 * api_message.c: from bytes to a request with its body.
 *
 * The bytes are looked at again from their beginning whenever more of them have
 * come: they are few, and there is nothing to get out of step with.
 */
#include "api_message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int refuse(struct api_message *message, int status) {
  message->request.problem = status;
  return 1;
}

/* -- Bodies ---------------------------------------------------------------- */

static int take_sized(struct api_message *message, const char *rest,
                      size_t left) {
  int64_t size = message->request.has_body ? message->request.body_size : 0;
  if (size < 0)
    return refuse(message, 400);
  if (size > API_BODY_AT_MOST)
    return refuse(message, 413);
  if (left < (size_t)size)
    return 0;
  char *body = malloc((size_t)size + 1);
  if (body == NULL)
    return -ENOMEM;
  memcpy(body, rest, (size_t)size);
  body[size] = '\0';
  message->body = body;
  message->body_size = (size_t)size;
  message->size += (size_t)size;
  return 1;
}

/* The line at *at, which is moved behind it; its end, or NULL: it is not all
 * there. */
static const char *take_line(const char *rest, size_t left, size_t *at) {
  const char *end = memchr(rest + *at, '\n', left - *at);
  if (end != NULL)
    *at = (size_t)(end - rest) + 1;
  return end;
}

/* The size at the beginning of a chunk; -1: it is none. */
static int64_t chunk_size(const char *line) {
  size_t digits = strspn(line, "0123456789abcdefABCDEF");
  if (digits == 0 || digits > 8)
    return -1;
  return strtoll(line, NULL, 16);
}

/* Goes through the chunks; into message->body, which has room for all. */
static int walk_chunks(struct api_message *message, const char *rest,
                       size_t left) {
  size_t at = 0;
  for (;;) {
    const char *line = rest + at;
    if (take_line(rest, left, &at) == NULL)
      return 0;
    int64_t size = chunk_size(line);
    if (size < 0)
      return refuse(message, 400);
    if (size > API_BODY_AT_MOST - (int64_t)message->body_size)
      return refuse(message, 413);
    if (size == 0)
      break;
    if (left - at < (size_t)size)
      return 0;
    memcpy(message->body + message->body_size, rest + at, (size_t)size);
    message->body_size += (size_t)size;
    at += (size_t)size;
    if (take_line(rest, left, &at) == NULL)
      return 0;
  }
  /* Trailers, up to an empty line. */
  for (;;) {
    const char *line = rest + at;
    const char *end = take_line(rest, left, &at);
    if (end == NULL)
      return 0;
    if (end - line <= 1 && (end == line || *line == '\r'))
      break;
  }
  message->body[message->body_size] = '\0';
  message->size += at;
  return 1;
}

static int take_chunked(struct api_message *message, const char *rest,
                        size_t left) {
  message->body = malloc(left + 1);
  return message->body != NULL ? walk_chunks(message, rest, left) : -ENOMEM;
}

/* -- The whole ------------------------------------------------------------- */

static int parse_head(struct api_message *message, const char *input,
                      size_t size) {
  message->head = malloc(size + 1);
  if (message->head == NULL)
    return -ENOMEM;
  memcpy(message->head, input, size);
  request_parse_any(message->head, size, &message->request);
  message->size = size;
  return 0;
}

static int parse(const char *input, size_t used, struct api_message *message) {
  size_t most = used < API_HEAD_AT_MOST ? used : API_HEAD_AT_MOST;
  size_t size = request_head_size(input, most, 0);
  if (size == 0)
    return used < API_HEAD_AT_MOST ? 0 : refuse(message, 431);
  int error = parse_head(message, input, size);
  if (error < 0)
    return error;
  if (message->request.problem != 0)
    return 1;
  int result = message->request.is_chunked
                   ? take_chunked(message, input + size, used - size)
                   : take_sized(message, input + size, used - size);
  message->wants_continue =
      result == 0 && used == size && message->request.expects_continue;
  return result;
}

int api_message_parse(const char *input, size_t used,
                      struct api_message *ret_message) {
  struct api_message message = {.request = {.method = "", .target = ""}};
  int result = parse(input, used, &message);
  if (result == 1) {
    *ret_message = message;
    return 1;
  }
  api_message_clear(&message);
  ret_message->wants_continue = message.wants_continue;
  return result;
}

void api_message_clear(struct api_message *message) {
  free(message->request.path);
  free(message->head);
  free(message->body);
  message->request.path = NULL;
  message->head = message->body = NULL;
}
