/*
 * api.h: control at run time over HTTP, as toxiproxy's clients know it.
 */
#ifndef FAULT_API_H
#define FAULT_API_H

#include <belay/loop.h>

#include "control.h"

struct api;

/* Listens at an address as `--listen` takes it.  0, or -errno with *ret_error
 * one line, to be freed, or NULL.  Loop and control are borrowed. */
int api_open(struct belay_loop *loop, struct control *control,
             const char *address, struct api **ret_api, char **ret_error);
/* For each event of the loop whose data is the API. */
void api_handle(struct api *api, const struct belay_event *event);
/* NULL is allowed. */
void api_close(struct api *api);

const struct address *api_address(const struct api *api);

#endif
