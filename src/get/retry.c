/*
 * retry.c: exponential backoff with jitter, so that many clients of one server
 * that failed together do not come back together.
 */
#include "retry.h"

#define LONGEST_WAIT_NS INT64_C(60000000000)
#define LONGEST_ASKED_NS INT64_C(3600000000000)

/* A number from 0 to 1 that follows from seed and turn (splitmix64). */
static double chance(uint64_t seed, int turn) {
  uint64_t x = seed + (uint64_t)turn * UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((x ^ (x >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

bool retry_next(const struct retry_policy *policy, int failures,
                int64_t retry_after_ns, int64_t *ret_wait_ns) {
  if (failures > policy->retries || retry_after_ns > LONGEST_ASKED_NS)
    return false;
  int64_t wait = policy->first_wait_ns;
  for (int i = 1; i < failures && wait < LONGEST_WAIT_NS; i++)
    wait *= 2;
  if (wait > LONGEST_WAIT_NS)
    wait = LONGEST_WAIT_NS;
  wait = (int64_t)((double)wait * (0.75 + 0.5 * chance(policy->seed, failures)));
  *ret_wait_ns = wait > retry_after_ns ? wait : retry_after_ns;
  return true;
}
