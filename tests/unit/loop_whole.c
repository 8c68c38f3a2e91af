/* loop_whole.c: waiting for whichever comes first, fairly and on time. */
#include <belay/belay.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <time.h>

#include "harness/harness.h"

#define LIST(...) ((const int[]){__VA_ARGS__, 0})
#define MS INT64_C(1000000)

static struct belay_loop *new_loop(void) {
  struct belay_loop *loop;
  CHECK_OK(belay_loop_new(&loop));
  return loop;
}

static int64_t now(void) {
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1000 * MS + ts.tv_nsec;
}

TEST(an_empty_loop_waits_for_its_time_or_a_wake) {
  struct belay_loop *loop = new_loop();
  struct belay_event event;
  int64_t begun = now();
  CHECK_EQ(belay_loop_next(loop, 5 * MS, &event), 0);
  CHECK(now() - begun >= 5 * MS);
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  belay_loop_wake(loop);
  belay_loop_wake(loop);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 0);
  begun = now();
  CHECK_EQ(belay_loop_next(loop, 5 * MS, &event), 0);
  CHECK(now() - begun >= 5 * MS);
  belay_loop_free(loop);
  belay_loop_free(NULL);
}

TEST(all_kinds_of_sources_in_their_order) {
  struct belay_loop *loop = new_loop();
  struct belay_cancel *cancel;
  struct belay_channel *channel;
  struct belay_event event;
  int fd = eventfd(1, EFD_CLOEXEC), a, b, c, d, e;
  CHECK_OK(belay_cancel_new(NULL, &cancel));
  CHECK_OK(belay_channel_new(1, 1, &channel));
  CHECK_OK(belay_loop_add_fd(loop, fd, BELAY_FD_READ, &a, NULL));
  CHECK_OK(belay_loop_add_channel(loop, channel, &b, NULL));
  CHECK_OK(belay_loop_add_timer(loop, 0, 0, &c, NULL));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, &d, NULL));
  CHECK_OK(belay_loop_add_signals(loop, LIST(SIGUSR1), 0, &e, NULL));
  CHECK_OK(belay_channel_send(channel, "x", 0));
  belay_cancel_request(cancel, BELAY_CANCEL_ASKED);
  raise(SIGUSR1);

  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_SIGNAL);
  CHECK(event.data == &e && event.signal.signo == SIGUSR1);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.type == BELAY_EVENT_CANCEL && event.data == &d);
  CHECK_EQ(event.level, BELAY_CANCEL_ASKED);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.type == BELAY_EVENT_TIMER && event.data == &c);
  CHECK_EQ(event.expirations, 1);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.type == BELAY_EVENT_FD && event.data == &a);
  CHECK(event.fd == fd && event.ready == BELAY_FD_READ);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.type == BELAY_EVENT_CHANNEL && event.data == &b);
  belay_loop_free(loop);
  belay_cancel_free(cancel);
  belay_channel_free(channel);
  close(fd);
}

TEST(nobody_starves) {
  struct belay_loop *loop = new_loop();
  int fds[3], turns[5] = {0};
  CHECK_OK(belay_loop_add_signals(loop, LIST(SIGUSR1), 0, &turns[3], NULL));
  CHECK_OK(belay_loop_add_timer(loop, 0, MS / 100, &turns[4], NULL));
  for (int i = 0; i < 3; i++) {
    fds[i] = eventfd(1, EFD_CLOEXEC);
    CHECK_OK(belay_loop_add_fd(loop, fds[i], BELAY_FD_READ, &turns[i], NULL));
  }
  for (int i = 0; i < 3000; i++) {
    struct belay_event event;
    raise(SIGUSR1);
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    ++*(int *)event.data;
  }
  for (int i = 0; i < 5; i++)
    CHECK(turns[i] >= 300);
  belay_loop_free(loop);
  for (int i = 0; i < 3; i++)
    close(fds[i]);
}

TEST(a_source_removed_while_it_is_due_is_never_told) {
  struct belay_loop *loop = new_loop();
  struct belay_source *sources[3];
  struct belay_event event;
  int fds[3];
  for (int i = 0; i < 3; i++) {
    fds[i] = eventfd(1, EFD_CLOEXEC);
    CHECK_OK(belay_loop_add_fd(loop, fds[i], BELAY_FD_READ, NULL, &sources[i]));
  }
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  for (int i = 0; i < 3; i++)
    if (sources[i] != event.source)
      belay_source_remove(sources[i]);
  struct belay_source *left = event.source;
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.source == left);
  belay_source_remove(left);
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  belay_source_remove(NULL);
  belay_loop_free(loop);
  for (int i = 0; i < 3; i++)
    close(fds[i]);
}

TEST(fds_that_cannot_be_watched_are_refused) {
  struct belay_loop *loop = new_loop();
  struct belay_source *source;
  int fds[2], file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
  CHECK_ERR(belay_loop_add_fd(loop, -1, BELAY_FD_READ, NULL, NULL), -EBADF);
  CHECK_ERR(belay_loop_add_fd(loop, file, BELAY_FD_READ, NULL, NULL), -EPERM);
  CHECK_OK(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, NULL, &source));
  CHECK_ERR(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, NULL, NULL),
            -EEXIST);
  CHECK_ERR(belay_source_set_timer(source, 0, 0), -EINVAL);
  close(fds[1]);
  struct belay_event event;
  CHECK_OK(belay_source_set_interest(source, 0));
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.ready & BELAY_FD_HANGUP);
  belay_loop_free(loop);
  close(fds[0]);
  close(file);
}

TEST(thousands_of_fds) {
  enum { COUNT = 400 };
  struct belay_loop *loop = new_loop();
  int fds[COUNT];
  bool seen[COUNT] = {false};
  for (intptr_t i = 0; i < COUNT; i++) {
    fds[i] = eventfd(1, EFD_CLOEXEC);
    CHECK(fds[i] >= 0);
    CHECK_OK(belay_loop_add_fd(loop, fds[i], BELAY_FD_READ, (void *)i, NULL));
  }
  for (int i = 0; i < COUNT; i++) {
    struct belay_event event;
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    CHECK(!seen[(intptr_t)event.data]);
    seen[(intptr_t)event.data] = true;
  }
  belay_loop_free(loop);
  for (int i = 0; i < COUNT; i++)
    close(fds[i]);
}

/* -- Timers ------------------------------------------------------------------------ */

TEST(timers_are_told_in_the_order_of_their_times) {
  struct belay_loop *loop = new_loop();
  const int order[] = {5, 1, 4, 2, 3, 0};
  int64_t begun = now();
  belay_loop_pause(loop); /* all are added at one moment, however slow we are */
  for (int i = 0; i < 6; i++)
    CHECK_OK(belay_loop_add_timer(loop, (order[i] + 1) * MS, 0,
                                  (void *)(intptr_t)order[i], NULL));
  belay_loop_resume(loop);
  for (intptr_t i = 0; i < 6; i++) {
    struct belay_event event;
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    CHECK_EQ((intptr_t)event.data, i);
    CHECK(now() - begun >= (i + 1) * MS);
  }
  belay_loop_free(loop);
}

TEST(an_interval_does_not_drift_and_tells_what_was_missed) {
  struct belay_loop *loop = new_loop();
  struct belay_event event;
  uint64_t told = 0;
  int64_t begun = now();
  CHECK_OK(belay_loop_add_timer(loop, MS, MS, NULL, NULL));
  while (told < 50) {
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    CHECK(event.expirations >= 1);
    told += event.expirations;
    CHECK(now() - begun >= (int64_t)told * MS);
    while (now() - begun < (int64_t)told * MS + MS / 2)
      continue; /* slow work: later times must not be later for it */
  }
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK((now() - begun) / MS >= (int64_t)(told + event.expirations));
  belay_loop_free(loop);
}

TEST(a_timer_is_set_anew_and_disarmed) {
  struct belay_loop *loop = new_loop();
  struct belay_source *timer;
  struct belay_event event;
  CHECK_OK(belay_loop_add_timer(loop, -1, 0, NULL, &timer));
  CHECK_EQ(belay_loop_next(loop, MS, &event), 0);
  CHECK_OK(belay_source_set_timer(timer, 0, 0));
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK_OK(belay_source_set_timer(timer, 0, 0));
  CHECK_OK(belay_source_set_timer(timer, -1, 0));
  CHECK_EQ(belay_loop_next(loop, MS, &event), 0);
  CHECK_ERR(belay_source_set_timer(timer, 0, -1), -EINVAL);
  CHECK_ERR(belay_loop_add_timer(loop, 0, -1, NULL, NULL), -EINVAL);
  belay_loop_free(loop);
}

TEST(paused_time_does_not_count) {
  struct belay_loop *loop = new_loop();
  struct belay_source *single;
  struct belay_event event;
  int single_mark, whole_mark;
  CHECK_OK(belay_loop_add_timer(loop, 200 * MS, 0, &whole_mark, NULL));
  CHECK_OK(belay_loop_add_timer(loop, MS, 0, &single_mark, &single));
  CHECK_OK(belay_source_pause(single));
  CHECK_OK(belay_source_pause(single));
  belay_loop_pause(loop);
  belay_loop_pause(loop);
  int64_t frozen = belay_loop_now(loop);
  CHECK_EQ(belay_loop_next(loop, 250 * MS, &event), 0);
  CHECK_EQ(belay_loop_now(loop), frozen);
  belay_loop_resume(loop);
  belay_loop_resume(loop);
  int64_t begun = now();
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.data == &whole_mark);
  CHECK(now() - begun >= 100 * MS);
  CHECK_OK(belay_source_resume(single));
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK(event.data == &single_mark);
  belay_loop_free(loop);
}

/* -- Nesting --------------------------------------------------------------- */

TEST(a_loop_nests_in_another) {
  struct belay_loop *inner = new_loop(), *outer = new_loop();
  struct belay_event event;
  int fd = belay_loop_fd(inner);
  if (fd == -ENOSYS) {
    belay_loop_free(inner);
    belay_loop_free(outer);
    SKIP("the poll backend has no fd");
  }
  CHECK_OK(belay_loop_add_fd(outer, fd, BELAY_FD_READ, NULL, NULL));
  CHECK_OK(belay_loop_add_timer(inner, 200 * MS, 0, NULL, NULL));
  CHECK_OK(belay_loop_add_signals(inner, LIST(SIGUSR1), 0, NULL, NULL));
  CHECK_EQ(belay_loop_next(inner, 0, &event), 0);
  CHECK_EQ(belay_loop_next(outer, -1, &event), 1);
  CHECK_EQ(belay_loop_next(inner, 0, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_TIMER);
  CHECK_EQ(belay_loop_next(inner, 0, &event), 0);
  CHECK_EQ(belay_loop_next(outer, 0, &event), 0);
  raise(SIGUSR1);
  CHECK_EQ(belay_loop_next(outer, -1, &event), 1);
  CHECK_EQ(belay_loop_next(inner, 0, &event), 1);
  CHECK_EQ(event.type, BELAY_EVENT_SIGNAL);
  belay_loop_free(outer);
  belay_loop_free(inner);
}

/* -- Cancelling ---------------------------------------------------------------------- */

TEST(what_is_asked_of_a_parent_is_asked_of_its_children) {
  struct belay_cancel *root, *child, *grandchild;
  CHECK_OK(belay_cancel_new(NULL, &root));
  CHECK_OK(belay_cancel_new(root, &child));
  CHECK_OK(belay_cancel_new(child, &grandchild));
  CHECK_EQ(belay_cancel_request(child, BELAY_CANCEL_ASKED), 1);
  CHECK_EQ(belay_cancel_request(child, BELAY_CANCEL_ASKED), 0);
  CHECK_EQ(belay_cancel_level(root), BELAY_CANCEL_NONE);
  CHECK_EQ(belay_cancel_level(grandchild), BELAY_CANCEL_ASKED);
  CHECK_EQ(belay_cancel_request(root, BELAY_CANCEL_FORCED), 1);
  CHECK_EQ(belay_cancel_request(root, BELAY_CANCEL_ASKED), 0);
  CHECK_EQ(belay_cancel_level(grandchild), BELAY_CANCEL_FORCED);
  CHECK_ERR(belay_cancel_request(root, BELAY_CANCEL_NONE), -EINVAL);
  belay_cancel_free(root); /* its children still hold it */
  belay_cancel_free(child);
  CHECK_EQ(belay_cancel_level(grandchild), BELAY_CANCEL_FORCED);
  belay_cancel_free(grandchild);
  belay_cancel_free(NULL);
}

TEST(a_rise_is_told_once_to_each_source) {
  enum { COUNT = 100 };
  struct belay_loop *loop = new_loop();
  struct belay_cancel *root, *children[COUNT];
  struct belay_event event;
  CHECK_OK(belay_cancel_new(NULL, &root));
  for (int i = 0; i < COUNT; i++) {
    CHECK_OK(belay_cancel_new(root, &children[i]));
    CHECK_OK(belay_loop_add_cancel(loop, children[i], NULL, NULL));
  }
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  belay_cancel_request(root, BELAY_CANCEL_ASKED);
  for (int i = 0; i < COUNT; i++) {
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    CHECK_EQ(event.level, BELAY_CANCEL_ASKED);
  }
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  belay_cancel_request(children[3], BELAY_CANCEL_FORCED);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
  CHECK_EQ(event.level, BELAY_CANCEL_FORCED);
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  CHECK_OK(belay_loop_add_cancel(loop, root, NULL, NULL));
  CHECK_EQ(belay_loop_next(loop, 0, &event), 1); /* it had risen before */
  belay_loop_free(loop);
  for (int i = 0; i < COUNT; i++)
    belay_cancel_free(children[i]);
  belay_cancel_free(root);
}

static void *ask(void *cancel) {
  belay_cancel_request(cancel, BELAY_CANCEL_ASKED);
  return NULL;
}

TEST(another_thread_may_ask) {
  for (int i = 0; i < test_scale(300); i++) {
    struct belay_loop *loop = new_loop();
    struct belay_cancel *cancel;
    struct belay_event event;
    pthread_t thread;
    CHECK_OK(belay_cancel_new(NULL, &cancel));
    CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, NULL));
    pthread_create(&thread, NULL, ask, cancel);
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    pthread_join(thread, NULL);
    belay_loop_free(loop);
    belay_cancel_free(cancel);
  }
}

/* -- Channels ------------------------------------------------------------------------ */

struct message {
  int producer, number;
};

enum { PRODUCERS = 4 };

struct producer {
  struct belay_channel *channel;
  int id, count;
};

static void *produce(void *argument) {
  const struct producer *producer = argument;
  for (int i = 0; i < producer->count; i++) {
    struct message message = {producer->id, i};
    if (belay_channel_send(producer->channel, &message, -1) < 0)
      return NULL;
  }
  return NULL;
}

TEST_SLOW(many_producers_lose_nothing_and_keep_their_order, 60) {
  struct belay_loop *loop = new_loop();
  struct belay_channel *channel;
  pthread_t threads[PRODUCERS];
  struct producer producers[PRODUCERS];
  int next[PRODUCERS] = {0}, count = test_scale(20000), left;
  CHECK_OK(belay_channel_new(16, sizeof(struct message), &channel));
  CHECK_OK(belay_loop_add_channel(loop, channel, NULL, NULL));
  for (int i = 0; i < PRODUCERS; i++) {
    producers[i] = (struct producer){channel, i, count};
    pthread_create(&threads[i], NULL, produce, &producers[i]);
  }
  for (left = PRODUCERS * count; left > 0;) {
    struct belay_event event;
    struct message message;
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    while (belay_channel_receive(channel, &message) == 1) {
      CHECK_EQ(message.number, next[message.producer]++);
      left--;
    }
  }
  for (int i = 0; i < PRODUCERS; i++)
    pthread_join(threads[i], NULL);
  belay_loop_free(loop);
  belay_channel_free(channel);
}

TEST(a_full_channel_and_a_closed_one_say_so) {
  struct belay_channel *channel;
  char got;
  CHECK_ERR(belay_channel_new(0, 1, &channel), -EINVAL);
  CHECK_OK(belay_channel_new(2, 1, &channel));
  CHECK_EQ(belay_channel_receive(channel, &got), 0);
  CHECK_OK(belay_channel_send(channel, "a", 0));
  CHECK_OK(belay_channel_send(channel, "b", 0));
  CHECK_ERR(belay_channel_send(channel, "c", 0), -EAGAIN);
  CHECK_ERR(belay_channel_send(channel, "c", MS), -EAGAIN);
  belay_channel_close(channel);
  CHECK_ERR(belay_channel_send(channel, "c", -1), -EPIPE);
  CHECK_EQ(belay_channel_receive(channel, &got), 1);
  CHECK_EQ(got, 'a');
  CHECK_EQ(belay_channel_receive(channel, &got), 1);
  CHECK_ERR(belay_channel_receive(channel, &got), -EPIPE);
  struct pollfd fd = {.fd = belay_channel_fd(channel), .events = POLLIN};
  CHECK_EQ(poll(&fd, 1, 0), 1);
  belay_channel_free(channel);
}
