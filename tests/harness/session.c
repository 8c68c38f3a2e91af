/* session.c: the parent's side of one test.
 *
 * The runner waits for the test's process, up to its time limit, and then for
 * every descendant: as a child subreaper it becomes the parent of all orphans,
 * so when it has no child left, nothing of the test is left.  It waits for
 * blocked signals with sigtimedwait(), which loses none.  Linux only. */
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "harness/internal.h"

enum { DEFAULT_LIMIT_S = 10, GRACE_MS = 1000 };

struct session {
  pid_t pid;
  bool ended; /* the test's own process; status says how */
  int status;
  bool alone; /* no process of the test is left */
};

static sigset_t awaited;
static int interrupted_by;

void test_session_init(void) {
  static const int signals[] = {SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM};
  sigemptyset(&awaited);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    sigaddset(&awaited, signals[i]);
  test_signals_default();
  sigprocmask(SIG_SETMASK, &awaited, NULL);
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
    test_bail_out("prctl(PR_SET_CHILD_SUBREAPER): %s", strerror(errno));
}

int test_session_interrupted(void) {
  return interrupted_by;
}

/* Waits for the next signal; false if there is nothing more to wait for. */
static bool wait_until(int64_t deadline_ms) {
  int64_t left_ms = deadline_ms - test_now_ms();
  if (left_ms <= 0 || interrupted_by)
    return false;
  struct timespec left = {.tv_sec = left_ms / 1000,
                          .tv_nsec = left_ms % 1000 * 1000000};
  int signo = sigtimedwait(&awaited, NULL, &left);
  if (signo > 0 && signo != SIGCHLD)
    interrupted_by = signo;
  return true;
}

/* Orphans are reaped as they end, like by init: a test may be waiting for
 * one's pid to vanish. */
static void reap(struct session *session, int options) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, options)) > 0) {
    if (pid != session->pid)
      continue;
    session->ended = true;
    session->status = status;
  }
  session->alone = pid < 0 && errno == ECHILD;
}

/* Killing a process may bring its children to us: again until none is left. */
static void kill_everyone(struct session *session) {
  reap(session, WNOHANG);
  while (!session->alone) {
    struct test_process children[64];
    size_t count = test_children(children, 64);
    for (size_t i = 0; i < count; i++)
      kill(children[i].pid, SIGKILL);
    siginfo_t info;
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    reap(session, WNOHANG);
  }
}

static void describe_survivors(char *ret_text, size_t size) {
  struct test_process children[8];
  size_t count = test_children(children, 8);
  size_t len = 0;
  for (size_t i = 0; i < count && len < size; i++) {
    len += (size_t)snprintf(ret_text + len, size - len, "%s%d (%s)",
                            i > 0 ? ", " : "", (int)children[i].pid,
                            children[i].name);
  }
}

/* A descendant that has just been told to end may take a moment to do so;
 * only one that stays is a survivor. */
static void look_for_survivors(struct session *session,
                               struct test_outcome *outcome) {
  int64_t grace_ms = (int64_t)(GRACE_MS * test_scale_factor());
  int64_t deadline_ms = test_now_ms() + grace_ms;
  if (test_shared->check_failed ||
      (test_shared->leftovers & TEST_LEAVES_CHILDREN))
    return;
  do {
    reap(session, WNOHANG);
  } while (!session->alone && wait_until(deadline_ms));
  if (!session->alone)
    describe_survivors(outcome->survivors, sizeof outcome->survivors);
}

static int limit_of(const struct test_case *test) {
  int limit_s = test->limit_s > 0 ? test->limit_s : DEFAULT_LIMIT_S;
  return (int)(limit_s * test_scale_factor());
}

void test_session_run(const struct test_case *test, int capture_fd,
                      struct test_outcome *ret_outcome) {
  struct session session = {0};
  *ret_outcome = (struct test_outcome){.limit_s = limit_of(test)};
  int64_t deadline_ms = test_now_ms() + (int64_t)ret_outcome->limit_s * 1000;

  session.pid = fork();
  if (session.pid < 0)
    test_bail_out("fork: %s", strerror(errno));
  if (session.pid == 0)
    test_child_main(test, capture_fd);

  do {
    reap(&session, WNOHANG);
  } while (!session.ended && wait_until(deadline_ms));
  if (session.ended) {
    look_for_survivors(&session, ret_outcome);
  } else {
    ret_outcome->timed_out = !interrupted_by;
    kill(-session.pid, SIGKILL);
  }
  kill_everyone(&session);
  ret_outcome->status = session.status;
}
