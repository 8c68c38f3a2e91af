/*
 * api_reply.h: the answer to one request to the API.
 */
#ifndef FAULT_API_REPLY_H
#define FAULT_API_REPLY_H

#include <stdio.h>

struct api_reply {
  int status;
  const char *type; /* of the body */
  FILE *file;       /* to write the body to; borrowed */
};

/* {"error": ..., "status": ...}; `error` is printed. */
__attribute__((format(printf, 3, 4))) void api_refuse(struct api_reply *reply,
                                                      int status,
                                                      const char *error, ...);

#endif
