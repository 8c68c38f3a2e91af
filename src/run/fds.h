/* fds.h: room for many commands at once. */
#ifndef RUN_FDS_H
#define RUN_FDS_H

#include <belay/process.h>

/*
 * Raises the soft limit of fds, as far as one may, if so many commands need it.
 * They have the one that we were started with: it is put before the limits of
 * `start`.  0, with *ret_limits to be freed (NULL: nothing was changed); or
 * -ENOMEM.
 */
int fds_make_room(int commands, struct belay_process_options *start,
                  struct belay_process_limit **ret_limits);

#endif
