/* retry.h: when to try again.  Pure: time and chance are the caller's. */
#ifndef GET_RETRY_H
#define GET_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct retry_policy {
  int retries;           /* attempts after the first */
  int64_t first_wait_ns; /* an hour at the most */
  uint64_t seed;         /* of the jitter */
};

/*
 * After the `failures`th failure in a row (1 or more): true, with the time to
 * wait, or false: give up.  The first wait is doubled after each failure, up to
 * a minute or to itself if it is longer than that; jitter adds or takes up to
 * a quarter.  What the server asked for (`retry_after_ns`, -1 nothing) is
 * waited at the least; if that is more than an hour, it is for another run.
 */
bool retry_next(const struct retry_policy *policy, int failures,
                int64_t retry_after_ns, int64_t *ret_wait_ns);

#endif
