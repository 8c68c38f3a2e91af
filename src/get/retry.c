/*
 * retry.c: exponential backoff with jitter, so that many clients of one server
 * that failed together do not come back together.
 */
#include "retry.h"

#define MINUTE_NS INT64_C(60000000000)
#define HOUR_NS (60 * MINUTE_NS)

/* A number from 0 to 1 that follows from seed and turn (splitmix64). */
static double chance(uint64_t seed, int turn) {
  uint64_t x = seed + (uint64_t)turn * UINT64_C(0x9e3779b97f4a7c15);
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return (double)((x ^ (x >> 31)) >> 11) / (double)(UINT64_C(1) << 53);
}

static int64_t backoff_ns(int64_t first_ns, int failures) {
  if (first_ns >= MINUTE_NS)
    return first_ns < HOUR_NS ? first_ns : HOUR_NS;
  int64_t wait = first_ns;
  for (int i = 1; i < failures && wait < MINUTE_NS && wait > 0; i++)
    wait *= 2;
  return wait < MINUTE_NS ? wait : MINUTE_NS;
}

bool retry_next(const struct retry_policy *policy, int failures,
                int64_t retry_after_ns, int64_t *ret_wait_ns) {
  if (failures > policy->retries || retry_after_ns > HOUR_NS)
    return false;
  double jitter = 0.75 + 0.5 * chance(policy->seed, failures);
  int64_t wait =
      (int64_t)((double)backoff_ns(policy->first_wait_ns, failures) * jitter);
  *ret_wait_ns = wait > retry_after_ns ? wait : retry_after_ns;
  return true;
}
