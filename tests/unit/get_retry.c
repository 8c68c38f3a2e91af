/* get_retry.c: how long to wait before trying again, and when not to. */
#include "get/retry.h"

#include "harness/harness.h"

#define SECOND INT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

static int64_t wait_of(int64_t first_ns, uint64_t seed, int failures) {
  struct retry_policy policy = {
      .retries = 1000000, .first_wait_ns = first_ns, .seed = seed};
  int64_t wait = -1;
  CHECK(retry_next(&policy, failures, -1, &wait));
  return wait;
}

static void check_around(int64_t first_ns, int failures, int64_t middle) {
  for (uint64_t seed = 0; seed < 200; seed++) {
    int64_t wait = wait_of(first_ns, seed, failures);
    CHECK(wait >= middle - middle / 4);
    CHECK(wait <= middle + middle / 4);
  }
}

TEST(so_many_retries_and_no_more) {
  struct retry_policy policy = {.retries = 2, .first_wait_ns = SECOND};
  int64_t wait = -1;
  CHECK(retry_next(&policy, 1, -1, &wait));
  CHECK(retry_next(&policy, 2, -1, &wait));
  wait = -5;
  CHECK(!retry_next(&policy, 3, -1, &wait));
  CHECK_EQ(wait, -5); /* untouched */
  policy.retries = 0;
  CHECK(!retry_next(&policy, 1, -1, &wait));
}

TEST(waits_double_up_to_a_minute) {
  check_around(SECOND, 1, SECOND);
  check_around(SECOND, 2, 2 * SECOND);
  check_around(SECOND, 3, 4 * SECOND);
  check_around(SECOND, 6, 32 * SECOND);
  check_around(SECOND, 7, MINUTE);
  check_around(SECOND, 1000000, MINUTE);
}

TEST(a_first_wait_of_more_than_a_minute_stays) {
  check_around(5 * MINUTE, 1, 5 * MINUTE);
  check_around(5 * MINUTE, 9, 5 * MINUTE);
  check_around(HOUR, 1, HOUR);
  check_around(2 * HOUR, 1, HOUR);
  check_around(INT64_MAX, 3, HOUR);
}

TEST(no_wait_stays_none) {
  check_around(0, 1, 0);
  check_around(0, 1000000, 0);
  CHECK_EQ(wait_of(1, 1, 1) <= 1, true);
}

TEST(jitter_follows_from_the_seed_and_spreads) {
  CHECK_EQ(wait_of(SECOND, 7, 1), wait_of(SECOND, 7, 1));
  CHECK(wait_of(SECOND, 7, 1) != wait_of(SECOND, 8, 1));
  int early = 0, late = 0;
  for (uint64_t seed = 0; seed < 1000; seed++) {
    int64_t wait = wait_of(SECOND, seed, 1);
    early += wait < SECOND - SECOND / 8;
    late += wait > SECOND + SECOND / 8;
  }
  CHECK(early > 200 && early < 300);
  CHECK(late > 200 && late < 300);
}

TEST(what_the_server_asks_for_is_waited_at_the_least) {
  struct retry_policy policy = {.retries = 4, .first_wait_ns = SECOND};
  int64_t wait = -1;
  CHECK(retry_next(&policy, 1, 3 * SECOND, &wait));
  CHECK_EQ(wait, 3 * SECOND);
  CHECK(retry_next(&policy, 1, 0, &wait));
  CHECK(wait >= SECOND / 2);
  CHECK(retry_next(&policy, 4, SECOND, &wait));
  CHECK(wait >= 6 * SECOND);
}

TEST(more_than_an_hour_is_for_another_run) {
  struct retry_policy policy = {.retries = 4, .first_wait_ns = SECOND};
  int64_t wait = -1;
  CHECK(retry_next(&policy, 1, HOUR, &wait));
  CHECK_EQ(wait, HOUR);
  CHECK(!retry_next(&policy, 1, HOUR + 1, &wait));
  CHECK(!retry_next(&policy, 1, INT64_MAX, &wait));
}
