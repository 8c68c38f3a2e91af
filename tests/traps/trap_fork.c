/* trap_fork.c: a child that was forked while another thread of its parent was
 * in our handler: that thread will never leave it there. */
#include <belay/signal.h>

#include "signal/slot.h"
#include "unit/signal_help.h"

/* More than there are places for records. */
enum { MANY = 3 * BELAY__RECORDS };

static _Noreturn void subscribe_and_end(void) {
  volatile sig_atomic_t flag = 0;
  struct belay_action *set;
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  CHECK_OK(belay_action_flag(SIGUSR1, &flag, 1, 0, &set));
  for (int i = 0; i < MANY; i++) {
    flag = 0;
    raise(SIGUSR1);
    CHECK_EQ(flag, 1);
    struct belay_siginfo info;
    CHECK(is_readable(belay_stream_fd(stream), 0));
    CHECK_EQ(belay_stream_read(stream, &info), 1); /* at once */
    CHECK_EQ(info.count, 1);
    CHECK_EQ(info.flags, BELAY_SIGINFO_SENDER); /* it has its details */
  }
  belay_action_remove(set);
  belay_stream_free(stream);
  _exit(0);
}

/* -- In an action ---------------------------------------------------------- */

static struct test_gate entered, may_leave;

static void linger(const struct belay_siginfo *info, void *context,
                   void *data) {
  (void)info, (void)context;
  if (*(bool *)data)
    return;
  test_gate_open(&entered);
  test_gate_pass(&may_leave);
}

static void *raise_once(void *argument) {
  (void)argument;
  raise(SIGUSR1);
  return NULL;
}

TEST(a_child_does_not_wait_for_actions_that_its_parents_threads_are_in) {
  if (UNDER_TSAN)
    SKIP("ThreadSanitizer calls no handler in such a child");
  static bool is_child;
  struct belay_action *action;
  entered = test_gate_make();
  may_leave = test_gate_make();
  CHECK_OK(belay_action_call(SIGUSR1, linger, &is_child, 0, &action));
  pthread_t thread = start_thread(raise_once, NULL);
  test_gate_pass(&entered);
  pid_t child = test_fork();
  if (child == 0) {
    is_child = true;
    subscribe_and_end();
  }
  CHECK_EQ(test_wait_exit(child), 0);
  test_gate_open(&may_leave);
  join_thread(thread);
  belay_action_remove(action);
  test_gate_free(&entered);
  test_gate_free(&may_leave);
}

/* -- In the middle of a record --------------------------------------------- */

/* Nothing of ours is called there, so it is done by hand: a delivery has its
 * number and, perhaps, its place, and is not whole. */
static void check_fork_while_writing(bool has_place) {
  struct belay__slot *slot = &belay__slots[SIGUSR1];
  struct belay_stream *stream = open_stream(SIGNALS(SIGUSR1));
  uint64_t n = atomic_fetch_add(&slot->claimed, 1);
  struct belay__record *record = &slot->records[n % BELAY__RECORDS];
  if (has_place)
    atomic_store(&record->state, 2 * n + 1);
  pid_t child = test_fork();
  if (child == 0)
    subscribe_and_end();
  CHECK_EQ(test_wait_exit(child), 0);
  if (has_place)
    atomic_store(&record->state, 2 * n + 2);
  atomic_fetch_add(&slot->finished, 1);
  CHECK_EQ(expect_signal(stream, SIGUSR1).count, 1);
  belay_stream_free(stream);
}

TEST(a_child_does_not_wait_for_records_that_its_parents_threads_write) {
  check_fork_while_writing(false);
  check_fork_while_writing(true);
}
