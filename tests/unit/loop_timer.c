/* loop_timer.c: timers at the edges of what they promise. */
#include <belay/loop.h>

#include "unit/signal_help.h"

static struct belay_loop *loop;

static struct belay_source *add_timer(int64_t delay_ns, int64_t interval_ns,
                                      int *data) {
  struct belay_source *source = NULL;
  if (loop == NULL)
    CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_timer(loop, delay_ns, interval_ns, data, &source));
  return source;
}

static struct belay_event next_within(int64_t timeout_ns) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, timeout_ns, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_TIMER);
  return event;
}

static void expect_none(int64_t timeout_ns) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, timeout_ns, &event), 0);
}

TEST(a_timer_is_never_early) {
  const int64_t delays[] = {0, 1, 999, 70001, 2 * MS + 1, 15 * MS};
  struct belay_source *timer = add_timer(-1, 0, NULL);
  for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
    int64_t start = belay_loop_now(loop);
    CHECK_OK(belay_source_set_timer(timer, delays[i], 0));
    CHECK_EQ(next_within(-1).expirations, 1);
    CHECK(belay_loop_now(loop) - start >= delays[i]);
  }
  belay_loop_free(loop);
}

TEST(the_longest_times_do_not_overflow) {
  int far, near;
  struct belay_source *timer = add_timer(INT64_MAX, INT64_MAX, &far);
  add_timer(INT64_MAX - 1, 1, &far);
  add_timer(MS, INT64_MAX, &near);
  CHECK(next_within(LONG).data == &near);
  expect_none(5 * MS);
  CHECK_OK(belay_source_pause(timer));
  CHECK_OK(belay_source_resume(timer));
  expect_none(0);
  belay_loop_free(loop);
}

TEST(what_is_refused) {
  int fds[2];
  struct belay_source *fd, *untouched = (void *)&fds;
  struct belay_source *timer = add_timer(-1, 0, NULL);
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_loop_add_fd(loop, fds[0], 0, NULL, &fd));
  CHECK_ERR(belay_loop_add_timer(loop, 1, -1, NULL, &untouched), -EINVAL);
  CHECK(untouched == (void *)&fds);
  CHECK_ERR(belay_source_set_timer(timer, 1, -1), -EINVAL);
  CHECK_ERR(belay_source_set_timer(fd, 1, 1), -EINVAL);
  CHECK_ERR(belay_source_pause(fd), -EINVAL);
  CHECK_ERR(belay_source_resume(fd), -EINVAL);
  CHECK_ERR(belay_source_set_interest(timer, 0), -EINVAL);
  expect_none(0);
  belay_loop_free(loop);
  close(fds[0]);
  close(fds[1]);
}

TEST(a_timer_that_is_due_and_disarmed_is_not_told) {
  struct belay_source *first = add_timer(0, 0, NULL);
  struct belay_source *second = add_timer(0, MS, NULL);
  CHECK(next_within(0).source == first); /* the second is due as well */
  CHECK_OK(belay_source_set_timer(second, -1, 0));
  expect_none(5 * MS);
  CHECK_OK(belay_source_set_timer(second, 0, 0));
  CHECK_EQ(next_within(LONG).expirations, 1);
  belay_loop_free(loop);
}

TEST(a_paused_timer_keeps_what_was_left) {
  struct belay_source *timer = add_timer(200 * MS, 0, NULL);
  CHECK_OK(belay_source_pause(timer));
  CHECK_OK(belay_source_pause(timer));
  expect_none(250 * MS);
  int64_t start = now_ns();
  CHECK_OK(belay_source_resume(timer));
  CHECK_OK(belay_source_resume(timer));
  next_within(LONG);
  CHECK(now_ns() - start >= 100 * MS); /* less what we took to pause it */
  belay_loop_free(loop);
}

TEST(setting_a_paused_timer_takes_effect_when_it_resumes) {
  struct belay_source *timer = add_timer(0, 0, NULL);
  CHECK_OK(belay_source_pause(timer));
  CHECK_OK(belay_source_set_timer(timer, 10 * MS, 0));
  expect_none(15 * MS);
  CHECK_OK(belay_source_resume(timer));
  next_within(LONG);
  CHECK_OK(belay_source_pause(timer));
  CHECK_OK(belay_source_set_timer(timer, -1, 0));
  CHECK_OK(belay_source_resume(timer));
  expect_none(5 * MS);
  belay_loop_free(loop);
}

TEST(both_kinds_of_pause_add_up) {
  struct belay_source *timer = add_timer(20 * MS, 0, NULL);
  belay_loop_pause(loop);
  int64_t now = belay_loop_now(loop);
  CHECK_OK(belay_source_pause(timer));
  expect_none(30 * MS);
  CHECK_EQ(belay_loop_now(loop), now);
  belay_loop_resume(loop);
  expect_none(30 * MS);
  CHECK_OK(belay_source_resume(timer));
  CHECK_EQ(next_within(LONG).expirations, 1);
  belay_loop_free(loop);
}

TEST(a_timer_added_while_the_loop_is_paused_waits_for_it) {
  add_timer(-1, 0, NULL);
  belay_loop_pause(loop);
  add_timer(0, 0, NULL);
  expect_none(10 * MS);
  belay_loop_resume(loop);
  next_within(LONG);
  belay_loop_free(loop);
}

TEST(a_late_loop_is_told_how_much_it_missed) {
  struct belay_source *timer = add_timer(-1, 0, NULL);
  int64_t before_start = belay_loop_now(loop);
  CHECK_OK(belay_source_set_timer(timer, MS, MS));
  int64_t after_start = belay_loop_now(loop);
  uint64_t sum = 0;
  int64_t before_end = 0;
  for (int i = 0; i < 4; i++) {
    poll(NULL, 0, 20);
    before_end = belay_loop_now(loop);
    sum += next_within(0).expirations;
  }
  /* Each whole interval was told once, whenever that was. */
  CHECK(sum >= (uint64_t)((before_end - after_start) / MS));
  CHECK(sum <= (uint64_t)((belay_loop_now(loop) - before_start) / MS));
  CHECK_OK(belay_source_set_timer(timer, -1, 0));
  expect_none(0);
  belay_loop_free(loop);
}

TEST(timers_that_come_and_go_at_random) {
  enum { TIMERS = 200 };
  static struct belay_source *timers[TIMERS];
  unsigned state = 7;
  for (int i = 0; i < TIMERS; i++)
    timers[i] = add_timer(-1, 0, NULL);
  for (int i = 0; i < test_scale(20000); i++) {
    state = state * 1103515245 + 12345;
    int which = (int)(state >> 16) % TIMERS;
    if (i % 7 == 0) {
      belay_source_remove(timers[which]);
      timers[which] = add_timer((state >> 8) % 100000, 0, NULL);
    } else {
      CHECK_OK(belay_source_set_timer(timers[which], (state >> 8) % 100000,
                                      i % 3 == 0 ? 50000 : 0));
    }
    struct belay_event event;
    if (i % 16 == 0)
      CHECK_OK(belay_loop_next(loop, 0, &event));
  }
  belay_loop_free(loop);
}
