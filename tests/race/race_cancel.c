/*
 * race_cancel.c: requests from everywhere, for loops in several threads; and a
 * channel with more senders than room.
 */
#include <belay/belay.h>

#include "unit/signal_help.h"

enum { LOOPS = 3, BRANCHES = 4 };

static struct belay_cancel *root;

/* Sources are told of every rise, the last of which is to be told at last. */
static void *listen_until_forced(void *argument) {
  struct belay_loop *loop;
  struct belay_event event;
  struct belay_cancel *branches[BRANCHES];
  int levels[BRANCHES] = {0}, forced = 0;
  (void)argument;
  CHECK_OK(belay_loop_new(&loop));
  for (int i = 0; i < BRANCHES; i++) {
    CHECK_OK(belay_cancel_new(root, &branches[i]));
    CHECK_OK(belay_loop_add_cancel(loop, branches[i], &levels[i], NULL));
  }
  while (forced < BRANCHES) {
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    int *level = event.data;
    CHECK(event.level > *level);
    *level = event.level;
    forced += event.level == BELAY_CANCEL_FORCED;
  }
  CHECK_EQ(belay_loop_next(loop, 0, &event), 0);
  belay_loop_free(loop);
  for (int i = 0; i < BRANCHES; i++)
    belay_cancel_free(branches[i]);
  return NULL;
}

static void *ask(void *argument) {
  (void)argument;
  belay_cancel_request(root, BELAY_CANCEL_ASKED);
  sched_yield();
  belay_cancel_request(root, BELAY_CANCEL_FORCED);
  return NULL;
}

static void ask_in_handler(int signo) {
  (void)signo;
  belay_cancel_request(root, BELAY_CANCEL_ASKED);
}

TEST_SLOW(every_rise_reaches_every_loop, 60) {
  set_handler(SIGUSR1, ask_in_handler);
  for (int i = 0; i < test_scale(800); i++) {
    pthread_t listening[LOOPS], asking[2];
    CHECK_OK(belay_cancel_new(NULL, &root));
    for (int k = 0; k < LOOPS; k++)
      listening[k] = start_thread(listen_until_forced, NULL);
    raise(SIGUSR1);
    for (int k = 0; k < 2; k++)
      asking[k] = start_thread(ask, NULL);
    for (int k = 0; k < 2; k++)
      join_thread(asking[k]);
    for (int k = 0; k < LOOPS; k++)
      join_thread(listening[k]);
    belay_cancel_free(root);
  }
  set_handler(SIGUSR1, SIG_DFL);
}

/* -- A channel ------------------------------------------------------------- */

enum { SENDERS = 4 };

struct message {
  int sender, number;
};

struct sender {
  struct belay_channel *channel;
  int sender, count;
};

static void *send_all(void *argument) {
  struct sender *sender = argument;
  for (int i = 0; i < sender->count; i++) {
    struct message message = {sender->sender, i};
    int64_t timeout = i % 3 == 0 ? -1 : i % 3 == 1 ? 1000 : 0;
    int result;
    while ((result = belay_channel_send(sender->channel, &message, timeout)) ==
           -EAGAIN)
      sched_yield();
    CHECK_OK(result);
  }
  return NULL;
}

TEST_SLOW(a_channel_with_more_senders_than_room, 60) {
  struct belay_loop *loop;
  struct belay_event event;
  struct sender senders[SENDERS];
  pthread_t threads[SENDERS];
  struct belay_channel *channel;
  int next[SENDERS] = {0}, total = 0, count = test_scale(50000);
  CHECK_OK(belay_loop_new(&loop));
  CHECK_OK(belay_channel_new(3, sizeof(struct message), &channel));
  CHECK_OK(belay_loop_add_channel(loop, channel, NULL, NULL));
  for (int i = 0; i < SENDERS; i++) {
    senders[i] = (struct sender){channel, i, count};
    threads[i] = start_thread(send_all, &senders[i]);
  }
  while (total < SENDERS * count) {
    struct message message;
    CHECK_EQ(belay_loop_next(loop, -1, &event), 1);
    while (belay_channel_receive(channel, &message) == 1) {
      CHECK_EQ(message.number, next[message.sender]++);
      total++;
    }
  }
  for (int i = 0; i < SENDERS; i++)
    join_thread(threads[i]);
  CHECK(!is_readable(belay_channel_fd(channel), 0));
  belay_loop_free(loop);
  belay_channel_free(channel);
}
