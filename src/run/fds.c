/*
 * fds.c: a command costs us some fds while it runs, a hundred of them easily
 * what a shell gives us at first; programs that use select() need that little.
 */
#include "fds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* Its pidfd, two of its output, and two for a moment while it is started. */
#define FDS_OF_COMMAND 5
#define FDS_OF_OURS 64

static uint64_t number(rlim_t limit) {
  return limit == RLIM_INFINITY ? UINT64_MAX : limit;
}

static int add_limit(const struct rlimit *before,
                     struct belay_process_options *start,
                     struct belay_process_limit **ret_limits) {
  struct belay_process_limit *limits =
      calloc(start->limit_count + 1, sizeof(*limits));
  if (limits == NULL)
    return -ENOMEM;
  limits[0] = (struct belay_process_limit){.resource = RLIMIT_NOFILE,
                                           .soft = number(before->rlim_cur),
                                           .hard = number(before->rlim_max)};
  if (start->limit_count > 0)
    memcpy(limits + 1, start->limits, start->limit_count * sizeof(*limits));
  start->limits = *ret_limits = limits;
  start->limit_count++;
  return 0;
}

int fds_make_room(int commands, struct belay_process_options *start,
                  struct belay_process_limit **ret_limits) {
  struct rlimit before, wanted;
  rlim_t needed = (rlim_t)commands * FDS_OF_COMMAND + FDS_OF_OURS;
  *ret_limits = NULL;
  if (getrlimit(RLIMIT_NOFILE, &before) != 0 || before.rlim_cur >= needed ||
      before.rlim_cur == before.rlim_max)
    return 0;
  wanted = before;
  wanted.rlim_cur = needed < before.rlim_max ? needed : before.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &wanted) != 0)
    return 0;
  return add_limit(&before, start, ret_limits);
}
