/* loop_source.c: fds, cancellations and channels, where they hurt. */
#include <belay/belay.h>
#include <sys/socket.h>

#include "unit/signal_help.h"

static struct belay_loop *new_loop(void) {
  struct belay_loop *loop = NULL;
  CHECK_OK(belay_loop_new(&loop));
  return loop;
}

static struct belay_event next_event(struct belay_loop *loop) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, LONG, &event), 1);
  return event;
}

static void expect_none(struct belay_loop *loop) {
  struct belay_event event;
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
}

/* -- Fds ------------------------------------------------------------------- */

TEST(an_event_that_is_due_tells_nothing_of_no_interest) {
  struct belay_loop *loop = new_loop();
  struct belay_source *sources[2];
  int pairs[2][2];
  for (int i = 0; i < 2; i++) {
    CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]));
    CHECK_OK(belay_loop_add_fd(loop, pairs[i][0], BELAY_FD_WRITE, NULL,
                               &sources[i]));
  }
  struct belay_event event = next_event(loop);
  struct belay_source *other = sources[event.source == sources[0]];
  CHECK_EQ(event.ready, BELAY_FD_WRITE);
  CHECK_OK(belay_source_set_interest(event.source, 0));
  CHECK_OK(belay_source_set_interest(other, BELAY_FD_READ)); /* it was due */
  expect_none(loop);
  CHECK_OK(belay_source_set_interest(other, BELAY_FD_READ | BELAY_FD_WRITE));
  CHECK(next_event(loop).source == other);
  belay_loop_free(loop);
  for (int i = 0; i < 4; i++)
    close(pairs[i / 2][i % 2]);
}

TEST(hang_ups_are_told_unasked) {
  struct belay_loop *loop = new_loop();
  int fds[2];
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_loop_add_fd(loop, fds[0], 0, NULL, NULL));
  CHECK_EQ(write(fds[1], "x", 1), 1);
  expect_none(loop);
  close(fds[1]);
  CHECK_EQ(next_event(loop).ready & BELAY_FD_HANGUP, BELAY_FD_HANGUP);
  belay_loop_free(loop);
  close(fds[0]);

  loop = new_loop();
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_loop_add_fd(loop, fds[1], 0, NULL, NULL));
  close(fds[0]);
  CHECK_EQ(next_event(loop).ready & BELAY_FD_ERROR, BELAY_FD_ERROR);
  belay_loop_free(loop);
  close(fds[1]);
}

TEST(an_fd_that_is_closed_while_it_is_watched_does_no_harm) {
  struct belay_loop *loop = new_loop();
  struct belay_source *source;
  int fds[2];
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, NULL, &source));
  close(fds[0]);
  struct belay_event event;
  CHECK_OK(belay_loop_next(loop, 0, &event));
  belay_source_remove(source);
  expect_none(loop);
  belay_loop_free(loop);
  close(fds[1]);
}

TEST(a_source_that_was_removed_can_be_added_again) {
  struct belay_loop *loop = new_loop();
  int fds[2];
  CHECK_OK(pipe(fds));
  CHECK_EQ(write(fds[1], "x", 1), 1);
  for (int i = 0; i < 100; i++) {
    struct belay_source *source, *untouched = (void *)fds;
    CHECK_OK(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, NULL, &source));
    CHECK_ERR(belay_loop_add_fd(loop, fds[0], 0, NULL, &untouched), -EEXIST);
    CHECK(untouched == (void *)fds);
    CHECK(next_event(loop).source == source);
    belay_source_remove(source);
    expect_none(loop);
  }
  belay_loop_free(loop);
  close(fds[0]);
  close(fds[1]);
}

TEST(all_that_is_due_is_removed_by_the_first_of_it) {
  struct belay_loop *loop = new_loop();
  struct belay_source *sources[6];
  struct belay_cancel *cancel;
  struct belay_channel *channel;
  int fds[2], message = 0;
  CHECK_OK(pipe(fds));
  CHECK_EQ(write(fds[1], "x", 1), 1);
  CHECK_OK(belay_cancel_new(NULL, &cancel));
  CHECK_OK(belay_channel_new(1, sizeof message, &channel));
  CHECK_OK(belay_channel_send(channel, &message, 0));
  belay_cancel_request(cancel, BELAY_CANCEL_FORCED);
  CHECK_OK(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, 0, &sources[0]));
  CHECK_OK(belay_loop_add_timer(loop, 0, 0, NULL, &sources[1]));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, &sources[2]));
  CHECK_OK(belay_loop_add_channel(loop, channel, NULL, &sources[3]));
  CHECK_OK(
      belay_loop_add_signals(loop, SIGNALS(SIGUSR2), 0, NULL, &sources[4]));
  CHECK_OK(
      belay_loop_add_signals(loop, SIGNALS(SIGUSR1), 0, NULL, &sources[5]));
  raise(SIGUSR1);
  /* What was known before the wait comes first: the cancellation. */
  CHECK_EQ(next_event(loop).type, BELAY_EVENT_CANCEL);
  CHECK_EQ(next_event(loop).type, BELAY_EVENT_SIGNAL);
  for (int i = 0; i < 6; i++)
    belay_source_remove(sources[i]);
  expect_none(loop);
  belay_loop_free(loop);
  belay_cancel_free(cancel);
  belay_channel_free(channel);
  close(fds[0]);
  close(fds[1]);
}

/* -- Cancellations --------------------------------------------------------- */

TEST(levels_only_rise) {
  struct belay_cancel *parent, *child;
  CHECK_OK(belay_cancel_new(NULL, &parent));
  CHECK_OK(belay_cancel_new(parent, &child));
  CHECK_EQ(belay_cancel_request(child, BELAY_CANCEL_ASKED), 1);
  CHECK_EQ(belay_cancel_request(child, BELAY_CANCEL_ASKED), 0);
  CHECK_EQ(belay_cancel_level(child), BELAY_CANCEL_ASKED);
  CHECK_EQ(belay_cancel_level(parent), BELAY_CANCEL_NONE);
  CHECK_EQ(belay_cancel_request(parent, BELAY_CANCEL_FORCED), 1);
  CHECK_EQ(belay_cancel_request(parent, BELAY_CANCEL_ASKED), 0);
  CHECK_EQ(belay_cancel_level(child), BELAY_CANCEL_FORCED);
  CHECK_ERR(belay_cancel_request(child, BELAY_CANCEL_NONE), -EINVAL);
  CHECK_ERR(belay_cancel_request(child, (enum belay_cancel_level)3), -EINVAL);
  belay_cancel_free(parent); /* the child keeps it */
  CHECK_EQ(belay_cancel_level(child), BELAY_CANCEL_FORCED);
  belay_cancel_free(child);
  belay_cancel_free(NULL);
}

TEST(a_deep_tree_is_freed_from_its_top) {
  enum { DEPTH = 20000 };
  struct belay_cancel *last = NULL;
  for (int i = 0; i < DEPTH; i++) {
    struct belay_cancel *next;
    CHECK_OK(belay_cancel_new(last, &next));
    belay_cancel_free(last);
    last = next;
  }
  belay_cancel_free(last);
}

TEST(a_source_outlives_what_it_listens_to) {
  struct belay_loop *loop = new_loop();
  struct belay_cancel *parent, *child;
  CHECK_OK(belay_cancel_new(NULL, &parent));
  CHECK_OK(belay_cancel_new(parent, &child));
  CHECK_OK(belay_loop_add_cancel(loop, child, NULL, NULL));
  CHECK_OK(belay_loop_add_cancel(loop, child, NULL, NULL));
  belay_cancel_free(child);
  CHECK_EQ(belay_cancel_request(parent, BELAY_CANCEL_ASKED), 1);
  CHECK_EQ(next_event(loop).level, BELAY_CANCEL_ASKED);
  CHECK_EQ(next_event(loop).level, BELAY_CANCEL_ASKED);
  expect_none(loop);
  CHECK_EQ(belay_cancel_request(parent, BELAY_CANCEL_FORCED), 1);
  belay_cancel_free(parent);
  CHECK_EQ(next_event(loop).level, BELAY_CANCEL_FORCED);
  belay_loop_free(loop);
}

TEST(a_source_that_leaves_does_not_deafen_another_of_its_tree) {
  struct belay_loop *loop = new_loop();
  struct belay_source *first, *second;
  struct belay_cancel *cancel;
  CHECK_OK(belay_cancel_new(NULL, &cancel));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, &first));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, &second));
  belay_source_remove(first);
  expect_none(loop);
  belay_cancel_request(cancel, BELAY_CANCEL_ASKED);
  CHECK(next_event(loop).source == second);
  belay_loop_free(loop);
  belay_cancel_free(cancel);
}

TEST(sources_of_many_trees_and_one_listener) {
  enum { TREES = 150 }; /* more than one epoll_wait() takes */
  static struct belay_cancel *trees[TREES];
  static struct belay_source *sources[TREES];
  struct belay_loop *loop = new_loop();
  for (int i = 0; i < TREES; i++) {
    CHECK_OK(belay_cancel_new(NULL, &trees[i]));
    CHECK_OK(belay_loop_add_cancel(loop, trees[i], NULL, &sources[i]));
  }
  for (int i = 0; i < TREES; i += 2)
    belay_source_remove(sources[i]);
  for (int i = 0; i < TREES; i++)
    belay_cancel_request(trees[i], BELAY_CANCEL_ASKED);
  for (int i = 1; i < TREES; i += 2)
    CHECK(next_event(loop).source == sources[i]);
  expect_none(loop);
  belay_loop_free(loop);
  for (int i = 0; i < TREES; i++)
    belay_cancel_free(trees[i]);
}

/* Loops of several threads come to one tree, and leave it, while another asks
 * of its branches. */
static void *come_and_go(void *argument) {
  struct belay_cancel *root = argument;
  for (int i = 0; i < test_scale(500); i++) {
    struct belay_loop *loop = new_loop();
    struct belay_cancel *branch;
    CHECK_OK(belay_cancel_new(root, &branch));
    CHECK_OK(belay_loop_add_cancel(loop, branch, NULL, NULL));
    belay_cancel_request(branch, BELAY_CANCEL_ASKED);
    CHECK_EQ(next_event(loop).type, BELAY_EVENT_CANCEL);
    belay_loop_free(loop);
    belay_cancel_free(branch);
  }
  return NULL;
}

TEST_SLOW(many_loops_on_one_tree, 30) {
  struct belay_cancel *root;
  pthread_t threads[3];
  CHECK_OK(belay_cancel_new(NULL, &root));
  for (int i = 0; i < 3; i++)
    threads[i] = start_thread(come_and_go, root);
  for (int i = 0; i < 3; i++)
    join_thread(threads[i]);
  belay_cancel_free(root);
}

/* -- Channels -------------------------------------------------------------- */

TEST(what_a_channel_refuses) {
  struct belay_channel *channel, *untouched = (void *)&channel;
  CHECK_ERR(belay_channel_new(0, 1, &untouched), -EINVAL);
  CHECK_ERR(belay_channel_new(1, 0, &untouched), -EINVAL);
  if (!UNDER_TSAN) /* which ends programs that ask for too much */
    CHECK_ERR(belay_channel_new(SIZE_MAX, 2, &untouched), -ENOMEM);
  CHECK(untouched == (void *)&channel);
  belay_channel_free(NULL);
}

TEST(a_channel_of_one) {
  struct belay_channel *channel;
  CHECK_OK(belay_channel_new(1, 1, &channel));
  int fd = belay_channel_fd(channel);
  for (char sent = 'a'; sent <= 'z'; sent++) {
    char got;
    CHECK(!is_readable(fd, 0));
    CHECK_EQ(belay_channel_receive(channel, &got), 0);
    CHECK_OK(belay_channel_send(channel, &sent, 0));
    CHECK(is_readable(fd, 0));
    CHECK_ERR(belay_channel_send(channel, &sent, 0), -EAGAIN);
    int64_t start = now_ns();
    CHECK_ERR(belay_channel_send(channel, &sent, MS), -EAGAIN);
    CHECK(now_ns() - start >= MS);
    CHECK_EQ(belay_channel_receive(channel, &got), 1);
    CHECK_EQ(got, sent);
  }
  belay_channel_close(channel);
  belay_channel_close(channel);
  CHECK(is_readable(fd, 0));
  belay_channel_free(channel);
}

TEST(many_messages_are_sent_as_far_as_there_is_room) {
  static const int messages[] = {1, 2, 3, 4, 5};
  struct belay_channel *channel;
  int got;
  CHECK_OK(belay_channel_new(3, sizeof *messages, &channel));
  CHECK_EQ(belay_channel_send_many(channel, messages, 0, 0), 0);
  CHECK(!is_readable(belay_channel_fd(channel), 0));
  CHECK_EQ(belay_channel_send_many(channel, messages, 2, 0), 2);
  CHECK_EQ(belay_channel_receive(channel, &got), 1);
  CHECK_EQ(got, 1);
  CHECK_EQ(belay_channel_send_many(channel, messages + 2, 3, MS), 2);
  CHECK_ERR(belay_channel_send_many(channel, messages, 1, 0), -EAGAIN);
  for (int i = 2; i <= 4; i++) {
    CHECK(is_readable(belay_channel_fd(channel), 0));
    CHECK_EQ(belay_channel_receive(channel, &got), 1);
    CHECK_EQ(got, i);
  }
  CHECK(!is_readable(belay_channel_fd(channel), 0));
  belay_channel_close(channel);
  CHECK_ERR(belay_channel_send_many(channel, messages, 5, -1), -EPIPE);
  belay_channel_free(channel);
}

static void *send_a_thousand(void *channel) {
  int messages[1000];
  for (int i = 0; i < 1000; i++)
    messages[i] = i;
  CHECK_EQ(belay_channel_send_many(channel, messages, 1000, -1), 1000);
  return NULL;
}

TEST(many_messages_wait_for_room) {
  struct belay_channel *channel;
  int got;
  CHECK_OK(belay_channel_new(7, sizeof got, &channel));
  pthread_t thread = start_thread(send_a_thousand, channel);
  for (int i = 0; i < 1000; i++) {
    CHECK(is_readable(belay_channel_fd(channel), 10000));
    CHECK_EQ(belay_channel_receive(channel, &got), 1);
    CHECK_EQ(got, i);
  }
  join_thread(thread);
  CHECK_EQ(belay_channel_receive(channel, &got), 0);
  belay_channel_free(channel);
}

struct sending {
  struct belay_channel *channel;
  atomic_int begun, refused;
};

static void *send_until_closed(void *argument) {
  struct sending *sending = argument;
  int result, message = 0;
  atomic_fetch_add(&sending->begun, 1);
  while ((result = belay_channel_send(sending->channel, &message, -1)) == 0)
    continue;
  CHECK_ERR(result, -EPIPE);
  atomic_fetch_add(&sending->refused, 1);
  return NULL;
}

TEST(closing_wakes_every_sender_that_waits) {
  for (int i = 0; i < test_scale(100); i++) {
    struct sending sending = {0};
    pthread_t threads[3];
    int message;
    CHECK_OK(belay_channel_new(2, sizeof message, &sending.channel));
    for (int k = 0; k < 3; k++)
      threads[k] = start_thread(send_until_closed, &sending);
    while (atomic_load(&sending.begun) < 3 || i % 2 == 0) {
      if (belay_channel_receive(sending.channel, &message) == 1)
        break;
    }
    belay_channel_close(sending.channel);
    for (int k = 0; k < 3; k++)
      join_thread(threads[k]);
    CHECK_EQ(sending.refused, 3);
    while (belay_channel_receive(sending.channel, &message) == 1)
      continue;
    CHECK_ERR(belay_channel_receive(sending.channel, &message), -EPIPE);
    belay_channel_free(sending.channel);
  }
}

TEST(a_cancelled_sender_leaves_a_channel_that_works) {
  if (UNDER_TSAN || UNDER_ASAN)
    SKIP("the sanitizers do not know cancelled threads");
  struct sending sending = {0};
  int message;
  CHECK_OK(belay_channel_new(2, sizeof message, &sending.channel));
  pthread_t thread = start_thread(send_until_closed, &sending);
  while (belay_channel_send(sending.channel, &message, 0) == 0)
    continue; /* now it waits, or will */
  poll(NULL, 0, 20);
  pthread_cancel(thread);
  CHECK_EQ(belay_channel_receive(sending.channel, &message), 1);
  belay_channel_close(sending.channel);
  join_thread(thread);
  belay_channel_free(sending.channel);
}
