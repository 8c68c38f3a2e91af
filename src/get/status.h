/* status.h: `belay get status` and `belay get forget`. */
#ifndef GET_STATUS_H
#define GET_STATUS_H

#include "options.h"

/* Exit statuses. */
int status_run(const struct get_options *options, const char *db_path);
int forget_run(const struct get_options *options, const char *db_path);

#endif
