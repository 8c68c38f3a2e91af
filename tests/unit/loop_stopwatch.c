/* loop_stopwatch.c: time that passes, and time that does not. */
#include <belay/loop.h>
#include <belay/stopwatch.h>

#include "base/clock.h"
#include "harness/harness.h"

/* Lets at least so much time pass. */
static void pass(int64_t ns) {
  int64_t until = belay__clock_now() + ns;
  while (belay__clock_now() < until)
    continue;
}

#define MS INT64_C(1000000)

TEST(it_tells_at_least_what_passed_and_at_most_what_we_saw) {
  struct belay_stopwatch watch;
  int64_t before = belay__clock_now();
  belay_stopwatch_start(&watch, NULL);
  pass(2 * MS);
  int64_t elapsed = belay_stopwatch_elapsed(&watch);
  CHECK(elapsed >= 2 * MS);
  CHECK(elapsed <= belay__clock_now() - before);
}

TEST(a_pause_does_not_count_and_twice_is_once) {
  struct belay_stopwatch watch;
  belay_stopwatch_start(&watch, NULL);
  belay_stopwatch_pause(&watch);
  int64_t at_pause = belay_stopwatch_elapsed(&watch);
  pass(2 * MS);
  belay_stopwatch_pause(&watch);
  CHECK_EQ(belay_stopwatch_elapsed(&watch), at_pause);
  int64_t resumed = belay__clock_now();
  belay_stopwatch_resume(&watch);
  belay_stopwatch_resume(&watch);
  pass(1 * MS);
  int64_t elapsed = belay_stopwatch_elapsed(&watch);
  CHECK(elapsed >= at_pause + 1 * MS);
  CHECK(elapsed <= at_pause + belay__clock_now() - resumed);
}

TEST(with_a_loop_it_stands_still_with_the_loop) {
  struct belay_stopwatch watch;
  struct belay_loop *loop;
  CHECK_OK(belay_loop_new(&loop));
  belay_stopwatch_start(&watch, loop);
  belay_loop_pause(loop);
  int64_t at_pause = belay_stopwatch_elapsed(&watch);
  pass(2 * MS);
  CHECK_EQ(belay_stopwatch_elapsed(&watch), at_pause);
  belay_stopwatch_pause(&watch); /* and on its own account */
  belay_loop_resume(loop);
  pass(1 * MS);
  CHECK_EQ(belay_stopwatch_elapsed(&watch), at_pause);
  belay_stopwatch_resume(&watch);
  pass(1 * MS);
  CHECK(belay_stopwatch_elapsed(&watch) >= at_pause + 1 * MS);
  belay_loop_free(loop);
}
