/* loop_wake.c: waking a loop, its timeouts, and its fd. */
#include <belay/belay.h>

#include "loop/source.h"
#include "unit/signal_help.h"

#ifdef __linux__
#include <sys/epoll.h>
#endif

static struct belay_loop *new_loop(void) {
  struct belay_loop *loop = NULL;
  CHECK_OK(belay_loop_new(&loop));
  return loop;
}

static int64_t cpu_ns(void) {
  struct timespec used;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return (int64_t)used.tv_sec * SECOND + used.tv_nsec;
}

/* A thread in belay_loop_wake() may lose the processor between setting the
 * flag and setting the fd; what happens then is done here by hand. */
TEST(a_wake_whose_fd_comes_late_does_not_make_the_loop_spin) {
  struct belay_loop *loop = new_loop();
  struct belay_event event;
  atomic_store(&loop->woken, true);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 0);
  belay__wakeup_set(&loop->wakeup);
  int64_t start = now_ns(), cpu = cpu_ns();
  CHECK_EQ(belay_loop_next(loop, 300 * MS, &event), 0);
  CHECK(now_ns() - start >= 300 * MS);
  CHECK(cpu_ns() - cpu < 100 * MS);
  belay_loop_free(loop);
}

TEST(a_wake_before_waiting_counts_once) {
  struct belay_loop *loop = new_loop();
  struct belay_event event;
  belay_loop_wake(loop);
  belay_loop_wake(loop);
  CHECK_EQ(belay_loop_next(loop, -1, &event), 0);
  int64_t start = now_ns();
  CHECK_EQ(belay_loop_next(loop, 10 * MS, &event), 0);
  CHECK(now_ns() - start >= 10 * MS);
  belay_loop_free(loop);
}

struct turns {
  struct belay_loop *loops[2];
  atomic_int turn;
};

static void *answer(void *argument) {
  struct turns *turns = argument;
  struct belay_event event;
  int rounds = test_scale(20000);
  for (int i = 0; i < rounds; i++) {
    do {
      CHECK_EQ(belay_loop_next(turns->loops[1], -1, &event), 0);
    } while (atomic_load(&turns->turn) != 2 * i + 1);
    atomic_store(&turns->turn, 2 * i + 2);
    belay_loop_wake(turns->loops[0]);
  }
  return NULL;
}

TEST(no_wake_between_threads_is_missed) {
  struct turns turns = {.loops = {new_loop(), new_loop()}};
  struct belay_event event;
  int rounds = test_scale(20000);
  pthread_t thread = start_thread(answer, &turns);
  for (int i = 0; i < rounds; i++) {
    atomic_store(&turns.turn, 2 * i + 1);
    belay_loop_wake(turns.loops[1]);
    do {
      CHECK_EQ(belay_loop_next(turns.loops[0], -1, &event), 0);
    } while (atomic_load(&turns.turn) != 2 * i + 2);
  }
  join_thread(thread);
  belay_loop_free(turns.loops[0]);
  belay_loop_free(turns.loops[1]);
}

static struct belay_loop *woken_by_handler;

static void wake_it(int signo) {
  (void)signo;
  belay_loop_wake(woken_by_handler);
}

TEST(a_handler_wakes_a_loop) {
  struct belay_event event;
  woken_by_handler = new_loop();
  set_handler(SIGALRM, wake_it);
  for (int i = 0; i < 20; i++) {
    ualarm(1000, 0);
    CHECK_EQ(belay_loop_next(woken_by_handler, -1, &event), 0);
  }
  set_handler(SIGALRM, SIG_DFL);
  belay_loop_free(woken_by_handler);
}

/* -- Timeouts -------------------------------------------------------------- */

static void ignore_it(int signo) {
  (void)signo;
}

TEST(handlers_do_not_end_a_wait_early) {
  const int64_t timeouts[] = {1, 999, 100001, 3 * MS + 1, 40 * MS};
  struct belay_loop *loop = new_loop();
  struct belay_event event;
  set_handler(SIGALRM, ignore_it);
  ualarm(2000, 2000);
  for (size_t i = 0; i < sizeof timeouts / sizeof *timeouts; i++) {
    int64_t start = now_ns();
    CHECK_EQ(belay_loop_next(loop, timeouts[i], &event), 0);
    CHECK(now_ns() - start >= timeouts[i]);
  }
  ualarm(0, 0);
  set_handler(SIGALRM, SIG_DFL);
  belay_loop_free(loop);
}

/* -- The loop's own fd ----------------------------------------------------- */

#if defined(__linux__) && !defined(BELAY_TEST_PORTABLE)

/* As whoever nests a loop is told to. */
static int drain_loop(struct belay_loop *loop) {
  struct belay_event event;
  int events = 0;
  while (belay_loop_next(loop, 0, &event) > 0)
    events++;
  return events;
}

TEST(the_fd_tells_of_every_kind_of_source) {
  struct belay_loop *loop = new_loop();
  struct belay_cancel *cancel;
  struct belay_source *timer;
  int fd = belay_loop_fd(loop);
  CHECK_OK(fd);
  CHECK_OK(belay_cancel_new(NULL, &cancel));
  CHECK_OK(belay_loop_add_signals(loop, SIGNALS(SIGUSR1), 0, NULL, NULL));
  CHECK_OK(belay_loop_add_cancel(loop, cancel, NULL, NULL));
  CHECK_OK(belay_loop_add_timer(loop, -1, 0, NULL, &timer));
  CHECK_EQ(drain_loop(loop), 0);
  for (int i = 0; i < 3; i++) {
    CHECK(!is_readable(fd, 0));
    raise(SIGUSR1);
    CHECK(is_readable(fd, 5000));
    CHECK_EQ(drain_loop(loop), 1);
    CHECK(!is_readable(fd, 0));

    CHECK_OK(belay_source_set_timer(timer, 200 * MS, 0)); /* not yet due */
    CHECK_EQ(drain_loop(loop), 0);
    CHECK(is_readable(fd, 5000));
    CHECK_EQ(drain_loop(loop), 1);
    CHECK(!is_readable(fd, 0));

    belay_loop_wake(loop);
    CHECK(is_readable(fd, 5000));
    CHECK_EQ(drain_loop(loop), 0);
  }
  CHECK_EQ(belay_cancel_request(cancel, BELAY_CANCEL_FORCED), 1);
  CHECK(is_readable(fd, 5000));
  CHECK_EQ(drain_loop(loop), 1);
  CHECK(!is_readable(fd, 0));
  belay_loop_free(loop);
  belay_cancel_free(cancel);
}

TEST(a_paused_loops_fd_is_silent_and_resumes) {
  struct belay_loop *loop = new_loop();
  int fd = belay_loop_fd(loop);
  CHECK_OK(belay_loop_add_timer(loop, 200 * MS, 0, NULL, NULL));
  CHECK_EQ(drain_loop(loop), 0);
  belay_loop_pause(loop);
  belay_loop_pause(loop); /* twice is once */
  CHECK_EQ(drain_loop(loop), 0);
  CHECK(!is_readable(fd, 250));
  belay_loop_resume(loop);
  belay_loop_resume(loop);
  CHECK_EQ(drain_loop(loop), 0);
  CHECK(is_readable(fd, 5000));
  CHECK_EQ(drain_loop(loop), 1);
  belay_loop_free(loop);
}

TEST(a_pause_that_nobody_saw_moves_the_fds_time_too) {
  struct belay_loop *loop = new_loop();
  int fd = belay_loop_fd(loop);
  CHECK_OK(belay_loop_add_timer(loop, 300 * MS, 0, NULL, NULL));
  CHECK_EQ(drain_loop(loop), 0);
  belay_loop_pause(loop);
  poll(NULL, 0, 350);
  belay_loop_resume(loop);
  CHECK_EQ(drain_loop(loop), 0);
  CHECK(!is_readable(fd, 0));
  CHECK(is_readable(fd, 5000));
  CHECK_EQ(drain_loop(loop), 1);
  belay_loop_free(loop);
}

TEST(a_loop_in_an_edge_triggered_epoll) {
  struct belay_loop *loop = new_loop();
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  CHECK_OK(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, belay_loop_fd(loop), &event));
  CHECK_OK(belay_loop_add_signals(loop, SIGNALS(SIGALRM), 0, NULL, NULL));
  CHECK_OK(belay_loop_add_timer(loop, 0, 2 * MS, NULL, NULL));
  drain_loop(loop);
  for (int i = 0; i < 50; i++) {
    int n;
    ualarm(500, 0);
    do {
      n = epoll_wait(epoll_fd, &event, 1, 5000);
    } while (n < 0 && errno == EINTR);
    CHECK_EQ(n, 1);
    drain_loop(loop);
  }
  ualarm(0, 0);
  close(epoll_fd);
  belay_loop_free(loop);
}

#else

TEST(without_epoll_a_loop_has_no_fd) {
  struct belay_loop *loop = new_loop();
  CHECK_ERR(belay_loop_fd(loop), -ENOSYS);
  belay_loop_free(loop);
}

#endif

/* -- A signal together with something else ---------------------------------- */

struct both {
  pthread_t thread;
  struct test_gate gate;
  int fd, count;
};

static void *send_both(void *data) {
  const struct both *both = data;
  for (int i = 0; i < both->count; i++) {
    CHECK_EQ(write(both->fd, "x", 1), 1);
    CHECK_OK(-pthread_kill(both->thread, SIGUSR1));
    test_gate_pass(&both->gate);
  }
  return NULL;
}

/* The call may return with the one when the other's handler runs. */
TEST_SLOW(a_signal_that_comes_with_another_event_is_told_as_well, 60) {
  struct belay_loop *loop = new_loop();
  int fds[2];
  CHECK_OK(pipe(fds));
  CHECK_OK(belay_loop_add_signals(loop, SIGNALS(SIGUSR1), 0, NULL, NULL));
  CHECK_OK(belay_loop_add_fd(loop, fds[0], BELAY_FD_READ, NULL, NULL));
  struct both both = {.thread = pthread_self(),
                      .gate = test_gate_make(),
                      .fd = fds[1],
                      .count = test_scale(5000)};
  pthread_t thread = start_thread(send_both, &both);
  for (int i = 0; i < both.count; i++) {
    bool signalled = false, readable = false;
    while (!signalled || !readable) {
      struct belay_event event;
      char byte;
      CHECK_EQ(belay_loop_next(loop, LONG, &event), 1);
      signalled |= event.type == BELAY_EVENT_SIGNAL;
      if (event.type == BELAY_EVENT_FD)
        CHECK_EQ(read(fds[0], &byte, 1), 1);
      readable |= event.type == BELAY_EVENT_FD;
    }
    test_gate_open(&both.gate);
  }
  join_thread(thread);
  belay_loop_free(loop);
  test_gate_free(&both.gate);
  close(fds[0]);
  close(fds[1]);
}
