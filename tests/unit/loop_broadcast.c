/* loop_broadcast.c: messages that everybody gets, and who is too slow. */
#include <belay/broadcast.h>
#include <belay/loop.h>
#include <poll.h>
#include <pthread.h>

#include "harness/harness.h"

static struct belay_broadcast *new_broadcast(size_t capacity) {
  struct belay_broadcast *broadcast;
  CHECK_OK(belay_broadcast_new(capacity, sizeof(int), &broadcast));
  return broadcast;
}

static struct belay_subscriber *subscribe(struct belay_broadcast *broadcast) {
  struct belay_subscriber *subscriber;
  CHECK_OK(belay_broadcast_subscribe(broadcast, &subscriber));
  return subscriber;
}

static bool is_readable(int fd) {
  struct pollfd ready = {.fd = fd, .events = POLLIN};
  return poll(&ready, 1, 0) == 1;
}

static void send_numbers(struct belay_broadcast *broadcast, int first,
                         int last) {
  for (int n = first; n <= last; n++)
    CHECK_OK(belay_broadcast_send(broadcast, &n));
}

static void check_next(struct belay_subscriber *subscriber, int wanted,
                       uint64_t wanted_missed) {
  int got = -1;
  uint64_t missed = 99;
  CHECK(is_readable(belay_subscriber_fd(subscriber)));
  CHECK_EQ(belay_subscriber_receive(subscriber, &got, &missed), 1);
  CHECK_EQ(got, wanted);
  CHECK_EQ(missed, wanted_missed);
}

static void check_none(struct belay_subscriber *subscriber) {
  int got;
  CHECK(!is_readable(belay_subscriber_fd(subscriber)));
  CHECK_EQ(belay_subscriber_receive(subscriber, &got, NULL), 0);
}

TEST(everybody_gets_all_that_is_sent_since_they_came) {
  struct belay_broadcast *broadcast = new_broadcast(4);
  struct belay_subscriber *first = subscribe(broadcast);
  send_numbers(broadcast, 1, 2);
  struct belay_subscriber *second = subscribe(broadcast);
  check_none(second);
  send_numbers(broadcast, 3, 3);
  for (int n = 1; n <= 3; n++)
    check_next(first, n, 0);
  check_none(first);
  check_next(second, 3, 0);
  check_none(second);
  send_numbers(broadcast, 4, 4);
  check_next(second, 4, 0);
  check_next(first, 4, 0);
  belay_subscriber_free(first);
  belay_subscriber_free(second);
  belay_broadcast_free(broadcast);
}

TEST(who_is_too_slow_is_told_how_many_it_missed) {
  struct belay_broadcast *broadcast = new_broadcast(3);
  struct belay_subscriber *slow = subscribe(broadcast);
  struct belay_subscriber *quick = subscribe(broadcast);
  for (int n = 1; n <= 10; n++) {
    send_numbers(broadcast, n, n);
    check_next(quick, n, 0);
  }
  check_next(slow, 8, 7);
  check_next(slow, 9, 0);
  send_numbers(broadcast, 11, 13);
  check_next(slow, 11, 1);
  check_next(slow, 12, 0);
  check_next(slow, 13, 0);
  check_none(slow);
  belay_subscriber_free(slow);
  belay_subscriber_free(quick);
  belay_broadcast_free(broadcast);
}

TEST(what_was_sent_before_the_end_is_read_after_it) {
  struct belay_broadcast *broadcast = new_broadcast(3);
  struct belay_subscriber *subscriber = subscribe(broadcast);
  int n = 1;
  send_numbers(broadcast, n, n);
  belay_broadcast_close(broadcast);
  belay_broadcast_close(broadcast);
  CHECK_ERR(belay_broadcast_send(broadcast, &n), -EPIPE);
  struct belay_subscriber *late = subscribe(broadcast);
  belay_broadcast_free(broadcast);
  check_next(subscriber, 1, 0);
  for (int i = 0; i < 2; i++) {
    CHECK(is_readable(belay_subscriber_fd(subscriber)));
    CHECK_ERR(belay_subscriber_receive(subscriber, &n, NULL), -EPIPE);
  }
  CHECK(is_readable(belay_subscriber_fd(late)));
  CHECK_ERR(belay_subscriber_receive(late, &n, NULL), -EPIPE);
  belay_subscriber_free(subscriber);
  belay_subscriber_free(late);
  belay_subscriber_free(NULL);
  belay_broadcast_free(NULL);
}

TEST(nonsense_is_refused) {
  struct belay_broadcast *broadcast;
  CHECK_ERR(belay_broadcast_new(0, 1, &broadcast), -EINVAL);
  CHECK_ERR(belay_broadcast_new(1, 0, &broadcast), -EINVAL);
}

TEST(a_forked_child_that_frees_its_copies_harms_nobody) {
  struct belay_broadcast *broadcast = new_broadcast(3);
  struct belay_subscriber *subscriber = subscribe(broadcast);
  pid_t child = test_fork();
  if (child == 0) {
    belay_subscriber_free(subscriber);
    belay_broadcast_free(broadcast);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  check_none(subscriber);
  send_numbers(broadcast, 1, 1);
  check_next(subscriber, 1, 0);
  belay_subscriber_free(subscriber);
  belay_broadcast_free(broadcast);
}

/* -- Threads --------------------------------------------------------------- */

enum { SENDERS = 3, READERS = 4 };

struct race {
  struct belay_broadcast *broadcast;
  struct belay_subscriber *subscribers[READERS];
  int count; /* each sender's */
};

static void *send_many(void *data) {
  struct race *race = data;
  for (int n = 1; n <= race->count; n++)
    CHECK_OK(belay_broadcast_send(race->broadcast, &n));
  return NULL;
}

/* Waits in a loop; what it got and what it missed is all there was. */
static void *read_all(void *data) {
  struct belay_subscriber *subscriber = data;
  struct belay_loop *loop;
  struct belay_event event;
  intptr_t total = 0;
  int n = 0, result = 1;
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_loop_add_subscriber(loop, subscriber, data, NULL));
  while (result >= 0) {
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    CHECK_EQ(event.type, BELAY_EVENT_CHANNEL);
    CHECK(event.data == data);
    uint64_t missed;
    while ((result = belay_subscriber_receive(subscriber, &n, &missed)) > 0)
      total += 1 + (intptr_t)missed;
  }
  CHECK_EQ(result, -EPIPE);
  belay_loop_free(loop);
  return (void *)total;
}

TEST(many_senders_and_many_readers_lose_count_of_nothing) {
  pthread_t senders[SENDERS], readers[READERS];
  struct race race = {.broadcast = new_broadcast(16),
                      .count = test_scale(20000)};
  for (int i = 0; i < READERS; i++) {
    race.subscribers[i] = subscribe(race.broadcast);
    CHECK_OK(-pthread_create(&readers[i], NULL, read_all, race.subscribers[i]));
  }
  for (int i = 0; i < SENDERS; i++)
    CHECK_OK(-pthread_create(&senders[i], NULL, send_many, &race));
  for (int i = 0; i < SENDERS; i++)
    pthread_join(senders[i], NULL);
  belay_broadcast_close(race.broadcast);
  for (int i = 0; i < READERS; i++) {
    void *total;
    pthread_join(readers[i], &total);
    CHECK_EQ((intptr_t)total, SENDERS * race.count);
    belay_subscriber_free(race.subscribers[i]);
  }
  belay_broadcast_free(race.broadcast);
}
