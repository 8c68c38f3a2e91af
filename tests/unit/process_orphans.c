/* process_orphans.c: children that nobody has a handle for. */
#include <belay/belay.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "process/tree.h"
#include "unit/process_help.h"

static void need_linux(void) {
#ifdef BELAY_TEST_PORTABLE
  CHECK_ERR(belay_orphans_receive(1), -ENOSYS);
  CHECK_EQ(belay_orphans_list(NULL, 0), 0); /* there is no child at all */
  CHECK_ERR(belay_orphans_kill(0), -ENOSYS);
  SKIP("nobody tells whose child one is");
#endif
}

/* Children that have ended, which nobody has waited for. */
static void make_ended(int count) {
  for (int i = 0; i < count; i++)
    if (test_fork() == 0)
      _exit(0);
}

/* Until so many were waited for. */
static void reap_all(int count) {
  while (count > 0) {
    int n = belay_orphans_reap();
    CHECK(n >= 0 && n <= count);
    count -= n;
    if (n == 0)
      poll(NULL, 0, 1);
  }
  CHECK_EQ(belay_orphans_reap(), 0);
}

static void kill_and_reap(pid_t pid) {
  CHECK_OK(kill(pid, SIGKILL));
  CHECK_EQ(test_wait_killed(pid), SIGKILL);
}

/* -- Waiting --------------------------------------------------------------- */

TEST(without_any_there_is_nothing_to_do) {
  CHECK_EQ(belay_orphans_reap(), 0);
  need_linux();
  CHECK_EQ(belay_orphans_list(NULL, 0), 0);
  CHECK_EQ(belay_orphans_kill(-1), 0);
}

TEST(those_that_have_ended_are_waited_for_and_no_others) {
  pid_t alive = test_fork();
  if (alive == 0)
    for (;;)
      pause();
  make_ended(100);
  reap_all(100);
  CHECK_OK(kill(alive, 0));
  kill_and_reap(alive);
}

TEST(who_has_a_handle_is_not_waited_for) {
  struct belay_process *process = start(SH("exit 3"), NULL);
  struct belay_process *adopted, *freed = start(ARGV("sleep", "1000"), NULL);
  pid_t child = test_fork();
  if (child == 0)
    _exit(4);
  CHECK_OK(belay_process_adopt(child, &adopted));
  wait_end(process);
  wait_end(adopted);
  CHECK_EQ(belay_orphans_reap(), 0);
  child = belay_process_pid(freed);
  belay_process_free(freed); /* nobody's from now on */
  CHECK_OK(kill(child, SIGKILL));
#ifdef BELAY_TEST_PORTABLE
  check_exits(process, 3); /* which hid it */
  check_exits(adopted, 4);
  reap_all(1);
#else
  reap_all(1);
  check_exits(process, 3);
  check_exits(adopted, 4);
#endif
}

TEST_SLOW(ten_thousand_are_waited_for_although_others_are_in_the_way, 60) {
  enum { HELD = 200 };
  static struct belay_process *held[HELD];
  int count = test_scale(UNDER_TSAN || UNDER_ASAN ? 1000 : 10000);
#ifdef BELAY_TEST_PORTABLE
  make_ended(count);
  reap_all(count);
#endif
  for (int i = 0; i < HELD; i++)
    held[i] = start(ARGV("true"), NULL);
  for (int i = 0; i < HELD; i++)
    wait_end(held[i]);
#ifndef BELAY_TEST_PORTABLE
  make_ended(count);
  reap_all(count);
#endif
  CHECK_EQ(belay_orphans_reap(), 0);
  for (int i = 0; i < HELD; i++)
    check_exits(held[i], 0);
}

static atomic_int over;

static void *reap_on(void *reaped) {
  while (!atomic_load(&over))
    atomic_fetch_add((atomic_int *)reaped, belay_orphans_reap());
  return NULL;
}

/* Also those that end before anybody could have said that they are his. */
TEST_SLOW(who_is_being_started_is_not_waited_for, 60) {
  atomic_int reaped = 0;
  pthread_t thread = start_thread(reap_on, &reaped);
  for (int i = 0; i < test_scale(500); i++) {
    struct belay_process *process;
    check_exits(start(ARGV("true"), NULL), 0);
    CHECK_ERR(belay_process_start(ARGV("/nowhere"), NULL, &process), -ENOENT);
  }
  make_ended(10);
  while (atomic_load(&reaped) < 10)
    poll(NULL, 0, 1);
  atomic_store(&over, 1);
  join_thread(thread);
  CHECK_EQ(reaped, 10);
}

TEST(a_forked_child_has_orphans_of_its_own) {
  struct belay_process *process = start(ARGV("true"), NULL);
  wait_end(process);
  pid_t child = test_fork();
  if (child == 0) {
    make_ended(3);
    reap_all(3);
    struct belay_process *own = start(SH("exit 5"), NULL);
    wait_end(own);
    CHECK_EQ(belay_orphans_reap(), 0);
    belay_process_free(process);
    check_exits(own, 5);
    _exit(0);
  }
  CHECK_EQ(test_wait_exit(child), 0);
  check_exits(process, 0);
}

/* -- Listing --------------------------------------------------------------- */

/* A child whose child is alive, and which then waits too, or not. */
static pid_t make_family(bool ends) {
  struct test_gate ready = test_gate_make();
  pid_t child = test_fork();
  if (child == 0) {
    pid_t grandchild = test_fork();
    if (grandchild == 0)
      setsid();
    test_gate_open(&ready);
    if (grandchild != 0 && ends)
      _exit(0);
    for (;;)
      pause();
  }
  test_gate_pass(&ready);
  test_gate_pass(&ready);
  test_gate_free(&ready);
  return child;
}

TEST(they_are_listed_each_before_its_children) {
  need_linux();
  pid_t pids[4] = {0};
  struct belay_process *process = start(ARGV("sleep", "1000"), NULL);
  pid_t child = make_family(false);
  CHECK_EQ(belay_orphans_list(NULL, 0), 2);
  CHECK_EQ(belay_orphans_list(pids, 1), 2);
  CHECK_EQ(pids[0], child);
  CHECK_EQ(pids[1], 0);
  CHECK_EQ(belay_orphans_list(pids, 4), 2);
  CHECK_EQ(getsid(pids[1]), pids[1]);
  CHECK_OK(belay_process_signal(process, SIGKILL));
  check_killed(process, SIGKILL);
  CHECK_OK(kill(pids[1], SIGKILL));
  kill_and_reap(child);
}

TEST(orphans_come_to_us_as_long_as_we_want_them) {
  need_linux();
  pid_t pid;
  CHECK_OK(belay_orphans_receive(1));
  pid_t child = make_family(true);
  CHECK_EQ(test_wait_exit(child), 0);
  CHECK_EQ(belay_orphans_list(&pid, 1), 1);
  CHECK(pid != child);
  CHECK_OK(belay_orphans_receive(0));
  kill_and_reap(pid);
  CHECK_EQ(belay_orphans_list(&pid, 1), 0);
}

#ifndef BELAY_TEST_PORTABLE
TEST(without_lists_of_children_proc_is_read) {
  struct belay__pids listed = {.count = 0}, scanned = {.count = 0};
  pid_t child = make_family(false);
  CHECK_OK(belay__tree_children(&listed));
  CHECK_OK(belay__scan_children(&scanned));
  for (int i = 0; i < 2; i++) {
    CHECK_EQ(listed.count, 1 + i);
    CHECK_EQ(scanned.count, 1 + i);
    CHECK_EQ(listed.items[i], scanned.items[i]);
    CHECK_OK(belay__tree_walk(&listed, NULL, NULL));
    CHECK_OK(belay__scan_descendants(&scanned));
  }
  CHECK_OK(kill(listed.items[1], SIGKILL));
  kill_and_reap(child);
  belay__pids_free(&listed);
  belay__pids_free(&scanned);
}
#endif

/* -- Killing --------------------------------------------------------------- */

TEST(killing_spares_who_has_a_handle) {
  need_linux();
  CHECK_OK(belay_orphans_receive(1));
  struct belay_process *process = start(ARGV("sleep", "1000"), NULL);
  struct belay_process *ended = start(SH("exit 7"), NULL);
  wait_end(ended);
  make_family(true);
  make_family(false);
  CHECK_EQ(belay_orphans_kill(-1), 0);
  CHECK_OK(belay_process_signal(process, SIGTERM));
  check_killed(process, SIGTERM);
  check_exits(ended, 7);
}

TEST(families_are_killed_although_orphans_do_not_come_to_us) {
  need_linux();
  make_family(false);
  make_family(false);
  CHECK_EQ(belay_orphans_kill(-1), 0);
  CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
}

static _Noreturn void flee(void) {
  for (;;) {
    pid_t child = fork();
    if (child > 0)
      _exit(0);
    setsid();
  }
}

TEST_SLOW(those_that_flee_are_caught, 60) {
  need_linux();
  CHECK_OK(belay_orphans_receive(1));
  for (int i = 0; i < 8; i++)
    if (test_fork() == 0)
      flee();
  CHECK_EQ(belay_orphans_kill(-1), 0);
  CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
}

/* As many as a user may have, each trying for more. */
static _Noreturn void be_bomb(int count) {
  struct rlimit limit = {(rlim_t)count, (rlim_t)count};
  CHECK_OK(setrlimit(RLIMIT_NPROC, &limit));
  uid_t nobody = (uid_t)(100000 + getpid());
  CHECK_OK(setresuid(nobody, nobody, nobody));
  for (;;)
    if (fork() < 0)
      sched_yield();
}

TEST_SLOW(a_bomb_is_put_out, 60) {
  need_linux();
  if (getuid() != 0)
    SKIP("only root can limit a bomb to itself");
  int count = test_scale(500);
  CHECK_OK(belay_orphans_receive(1));
  if (test_fork() == 0)
    be_bomb(count);
  while (belay_orphans_list(NULL, 0) < count / 2)
    poll(NULL, 0, 1);
  CHECK_EQ(belay_orphans_kill(-1), 0);
  CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
}

TEST(the_time_ends_it_and_tells_who_is_left) {
  need_linux();
  CHECK_OK(belay_orphans_receive(1));
  pid_t child = make_family(false);
  ssize_t left = belay_orphans_kill(0);
  CHECK(left >= 0 && left <= 2);
  (void)child;
  CHECK_EQ(belay_orphans_kill(-1), 0);
}
