/*
 * api_route.h: what a request to the API does, and the answer to it.
 */
#ifndef FAULT_API_ROUTE_H
#define FAULT_API_ROUTE_H

#include "api_message.h"
#include "api_reply.h"
#include "control.h"

/* Answers a request that could be understood; reply->file is open. */
void api_route(struct control *control, const struct api_message *message,
               struct api_reply *reply);

#endif
