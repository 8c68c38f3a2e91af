/*
 * api_message.h: one request to the API in the bytes that have come so far.
 */
#ifndef FAULT_API_MESSAGE_H
#define FAULT_API_MESSAGE_H

#include "request.h"

#define API_HEAD_AT_MOST 16384
#define API_BODY_AT_MOST 1048576
/* Chunked bodies are longer than what is in them. */
#define API_MESSAGE_AT_MOST (API_HEAD_AT_MOST + 2 * API_BODY_AT_MOST)

struct api_message {
  struct request request; /* path, method: belong to this struct */
  char *head;
  char *body; /* with a 0 behind it */
  size_t body_size;
  size_t size;         /* of all of it in the input */
  bool wants_continue; /* it waits for our 100 before it sends the body */
};

/*
 * 1: there is one; 0: more has to come, of which nothing but wants_continue is
 * set; -ENOMEM.  A request that cannot be understood is one, with its
 * `request.problem`: then nothing behind it can be.
 */
int api_message_parse(const char *input, size_t used,
                      struct api_message *ret_message);
void api_message_clear(struct api_message *message);

#endif
