/*
 * ready.h: telling whoever started us that we listen: on an fd, in a file, by
 * systemd's protocol.
 */
#ifndef FAULT_READY_H
#define FAULT_READY_H

#include "engine.h"
#include "options.h"

/* `api`: where it is, or NULL.  -errno, with *ret_error a line, to be freed. */
int ready_tell(const struct engine *engine, const struct address *api,
               const struct fault_options *options, char **ret_error);

#endif
