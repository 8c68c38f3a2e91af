/* base_small.c: list, clock, fd, grace, waiting, bells. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/bell.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/grace.h"
#include "base/list.h"
#include "base/wakeup.h"
#include "unit/signal_help.h"

/* -- List ------------------------------------------------------------------ */

struct item {
  int number;
  struct belay__list link;
};

TEST(a_list_keeps_the_order_of_appending) {
  struct belay__list list;
  struct item items[5];
  belay__list_init(&list);
  CHECK(belay__list_is_empty(&list));
  for (int i = 0; i < 5; i++) {
    items[i].number = i;
    belay__list_append(&list, &items[i].link);
  }
  belay__list_remove(&items[2].link);
  belay__list_remove(&items[2].link); /* twice is once */
  const int expected[] = {0, 1, 3, 4};
  struct belay__list *link = list.next;
  for (int i = 0; i < 4; i++, link = link->next)
    CHECK_EQ(BELAY__CONTAINER(link, struct item, link)->number, expected[i]);
  CHECK(link == &list);
}

/* -- Clock ----------------------------------------------------------------- */

TEST(adding_times_stops_at_the_end_of_time) {
  CHECK_EQ(belay__clock_add(2, 3), 5);
  CHECK_EQ(belay__clock_add(-2, 3), 1);
  CHECK_EQ(belay__clock_add(INT64_MAX - 1, 1), INT64_MAX);
  CHECK_EQ(belay__clock_add(INT64_MAX - 1, 2), INT64_MAX);
  CHECK_EQ(belay__clock_add(1, INT64_MAX), INT64_MAX);
  CHECK_EQ(belay__clock_add(INT64_MAX, INT64_MAX), INT64_MAX);
}

TEST(the_clock_goes_forward) {
  int64_t last = belay__clock_now();
  for (int i = 0; i < 1000; i++) {
    int64_t now = belay__clock_now();
    CHECK(now >= last);
    last = now;
  }
  struct timespec ts = belay__clock_timespec(3 * BELAY__NS_PER_S + 7);
  CHECK_EQ(ts.tv_sec, 3);
  CHECK_EQ(ts.tv_nsec, 7);
}

/* -- Fds ------------------------------------------------------------------- */

TEST(a_pipe_is_closed_on_exec_and_does_not_block) {
  int fds[2];
  CHECK_OK(belay__fd_pipe(O_NONBLOCK, fds));
  for (int i = 0; i < 2; i++) {
    CHECK(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    CHECK(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
    errno = E2BIG;
    belay__fd_close(fds[i]);
    CHECK_EQ(errno, E2BIG);
  }
  errno = E2BIG;
  belay__fd_close(-1);
  belay__fd_close(fds[0]); /* an error that nobody hears of */
  CHECK_EQ(errno, E2BIG);
  CHECK_ERR(belay__fd_set_nonblocking(fds[0]), -EBADF);
}

/* -- Grace ----------------------------------------------------------------- */

struct published {
  struct belay__grace grace;
  _Atomic(int *) value;
  atomic_bool stop;
};

/* Reads what is published; under a sanitizer, what was freed is found. */
static void *read_on(void *argument) {
  struct published *published = argument;
  while (!atomic_load(&published->stop)) {
    unsigned side = belay__grace_enter(&published->grace);
    CHECK_EQ(*atomic_load(&published->value), 42);
    belay__grace_leave(&published->grace, side);
  }
  return NULL;
}

static int *new_value(void) {
  int *value = malloc(sizeof *value);
  CHECK(value != NULL);
  *value = 42;
  return value;
}

TEST(what_was_replaced_is_read_by_nobody_after_the_grace_period) {
  static struct published published;
  pthread_t readers[3];
  atomic_store(&published.value, new_value());
  for (int i = 0; i < 3; i++)
    readers[i] = start_thread(read_on, &published);
  for (int i = 0; i < test_scale(2000); i++) {
    int *old = atomic_exchange(&published.value, new_value());
    belay__grace_wait(&published.grace);
    *old = 13;
    free(old);
  }
  atomic_store(&published.stop, true);
  for (int i = 0; i < 3; i++)
    join_thread(readers[i]);
  free(atomic_load(&published.value));
}

static void *wait_for_grace(void *argument) {
  struct published *published = argument;
  belay__grace_wait(&published->grace);
  atomic_store(&published->stop, true);
  return NULL;
}

TEST(a_grace_period_waits_for_readers_on_both_sides) {
  for (unsigned turn = 0; turn < 2; turn++) {
    struct published published = {.grace = {.turn = turn}};
    unsigned side = belay__grace_enter(&published.grace);
    pthread_t thread = start_thread(wait_for_grace, &published);
    poll(NULL, 0, 20);
    CHECK(!atomic_load(&published.stop));
    belay__grace_leave(&published.grace, side);
    join_thread(thread);
  }
}

/* -- Wake-ups and bells ---------------------------------------------------- */

TEST(a_wakeup_is_readable_from_set_to_clear) {
  struct belay__wakeup wakeup;
  CHECK_OK(belay__wakeup_open(&wakeup));
  CHECK(!is_readable(wakeup.fd, 0));
  for (int i = 0; i < 70000; i++) /* more than a pipe holds */
    belay__wakeup_set(&wakeup);
  CHECK(is_readable(wakeup.fd, 0));
  belay__wakeup_clear(&wakeup);
  CHECK(!is_readable(wakeup.fd, 0));
  belay__wakeup_close(&wakeup);
}

TEST(every_listener_hears_the_bell_and_clears_for_itself) {
  struct belay__bell bell;
  struct belay__listener listeners[3];
  CHECK_OK(belay__bell_open(&bell));
  for (int i = 0; i < 3; i++) {
    CHECK_OK(belay__listener_open(&listeners[i]));
    CHECK_OK(belay__listener_join(&listeners[i], &bell));
    CHECK(!is_readable(listeners[i].fd, 0));
  }
  belay__bell_ring(&bell);
  belay__bell_ring(&bell);
  for (int i = 0; i < 3; i++)
    CHECK(is_readable(listeners[i].fd, 0));
  CHECK_EQ(belay__listener_clear(&listeners[1]), 1);
  CHECK_EQ(belay__listener_clear(&listeners[1]), 0);
  CHECK(is_readable(listeners[0].fd, 0));
  CHECK(!is_readable(listeners[1].fd, 0));
  belay__listener_leave(&listeners[1], &bell);
  belay__bell_ring(&bell);
  CHECK(!is_readable(listeners[1].fd, 0));
  CHECK(belay__listener_wait(&listeners[0], -1) > 0);
  for (int i = 0; i < 3; i++) {
    if (i != 1)
      belay__listener_leave(&listeners[i], &bell);
    belay__listener_finish(&listeners[i]);
    CHECK(is_readable(listeners[i].fd, 0));
    belay__listener_close(&listeners[i]);
  }
  belay__bell_close(&bell);
}
