/*
 * api_route.h: what a request to the API does, and the answer to it.
 */
#ifndef FAULT_API_ROUTE_H
#define FAULT_API_ROUTE_H

#include <stdio.h>

#include "api_message.h"
#include "control.h"

struct api_reply {
  int status;
  const char *type; /* of the body */
  FILE *file;       /* to write the body to */
};

/* Answers a request that could be understood; reply->file is open. */
void api_route(struct control *control, const struct api_message *message,
               struct api_reply *reply);

/* {"error": ..., "status": ...}; `error` is printed. */
__attribute__((format(printf, 3, 4))) void api_refuse(struct api_reply *reply,
                                                      int status,
                                                      const char *error, ...);

#endif
