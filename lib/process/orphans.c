/*
 * orphans.c: children that nobody has a handle for, and what they started.
 *
 * Invariant: a child that has a handle, or is about to have one, is neither
 * waited for nor killed here.  So the handles are locked meanwhile, and are
 * asked about a child only after it was seen to have ended (or to exist): by
 * then its number is in its handle.
 */
#include <belay/orphans.h>

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "process/handles.h"
#include "process/tree.h"
#include "signal/registry.h"

int belay_orphans_receive(int on) {
  return belay__tree_receive(on != 0);
}

/* -- Waiting for those that have ended ------------------------------------- */

/* The first child that has ended, of all or this one: 0 if there is none. */
static pid_t ended(idtype_t type, pid_t pid, int options) {
  siginfo_t info = {.si_pid = 0};
  int n = waitid(type, (id_t)pid, &info, WEXITED | WNOHANG | options);
  return n == 0 ? info.si_pid : 0;
}

static bool has_ended(pid_t pid, const void *data) {
  (void)data;
  return ended(P_PID, pid, WNOWAIT) != 0;
}

static bool has_not_ended(pid_t pid, const void *data) {
  return !has_ended(pid, data);
}

static bool has_no_handle(pid_t pid, const void *handles) {
  return !belay__pids_have(handles, pid);
}

/* Those of a list that have ended and have no handle. */
static int reap_listed(struct belay__pids *pids) {
  struct belay__pids handles = {.count = 0};
  int count = 0;
  belay__pids_filter(pids, has_ended, NULL);
  if (belay__handles_list(&handles) == 0) {
    belay__pids_filter(pids, has_no_handle, &handles);
    for (size_t i = 0; i < pids->count; i++)
      count += ended(P_PID, pids->items[i], 0) != 0;
  }
  belay__pids_free(&handles);
  return count;
}

static int reap_all_listed(void) {
  struct belay__pids pids = {.count = 0};
  int count = belay__tree_children(&pids) == 0 ? reap_listed(&pids) : 0;
  belay__pids_free(&pids);
  return count;
}

/* The kernel is asked for any that has ended, as long as this is cheap: those
 * that come first hide the others if they have handles, and are looked through
 * each time if they run.  Then all are listed. */
#define CHEAP 64

static int reap_locked(void) {
  int count = 0;
  for (int asked = 1;; asked++) {
    pid_t pid = ended(P_ALL, 0, WNOWAIT);
    if (pid == 0)
      return count;
    bool is_hidden = belay__handles_have(pid);
    if (!is_hidden)
      count += ended(P_PID, pid, 0) != 0;
    if (!is_hidden && asked % CHEAP != 0)
      continue;
    int listed = reap_all_listed();
    count += listed;
    if (is_hidden && listed == 0)
      return count;
  }
}

int belay_orphans_reap(void) {
  unsigned generation;
  int saved_errno = errno;
  int count = 0;
  if (belay__registry_generation(&generation) == 0) {
    int cancel_state = belay__handles_lock();
    count = reap_locked();
    belay__handles_unlock(cancel_state);
  }
  errno = saved_errno;
  return count;
}

/* -- Those that are alive -------------------------------------------------- */

/* The kernel tells at once whether there is any child at all.  A list that
 * changes while it is read may lack one that has just become ours. */
static bool have_children(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 ||
         errno != ECHILD;
}

/* So often a list that lacks what is there is read again: /proc may be that of
 * another namespace. */
#define MOST_LOOKS 20

/* Our children without a handle; -EAGAIN while one is just being made, of which
 * it cannot be told; -EBUSY: there are some, and none is listed.  Locked. */
static int list_children(struct belay__pids *pids) {
  struct belay__pids handles = {.count = 0};
  int error = belay__tree_children(pids);
  if (error == 0)
    error = belay__handles_list(&handles);
  if (error == 0 && belay__pids_have(&handles, 0))
    error = -EAGAIN;
  if (error == 0)
    belay__pids_filter(pids, has_no_handle, &handles);
  if (error == 0 && pids->count == 0 && handles.count == 0 && have_children())
    error = -EBUSY;
  belay__pids_free(&handles);
  return error;
}

static bool is_alive(pid_t pid, const void *data) {
  (void)data;
  return belay__tree_is_alive(pid);
}

static void nap(int64_t ns) {
  struct timespec time = belay__clock_timespec(ns);
  nanosleep(&time, NULL);
}

/* -EAGAIN, -EBUSY: as above; the latter also if all of them have ended: the
 * children of the last may be ours by now.  Thousands that have ended may wait
 * for us, and would be more if we looked for the children of each. */
static int list_once(struct belay__pids *pids) {
  int cancel_state = belay__handles_lock();
  pids->count = 0;
  int error = list_children(pids);
  belay__handles_unlock(cancel_state);
  if (error < 0 || pids->count == 0)
    return error;
  belay__pids_filter(pids, has_not_ended, NULL);
  error = belay__tree_walk(pids, NULL, NULL);
  if (error < 0)
    return error;
  belay__pids_filter(pids, is_alive, NULL);
  return pids->count > 0 ? 0 : -EBUSY;
}

/* One that is just being made is so for some microseconds. */
static int list_all(struct belay__pids *pids) {
  int error, looks = 0;
  while ((error = list_once(pids)) == -EAGAIN ||
         (error == -EBUSY && ++looks < MOST_LOOKS))
    nap(10 * 1000);
  return error == -EBUSY ? 0 : error;
}

ssize_t belay_orphans_list(pid_t *ret_pids, size_t capacity) {
  struct belay__pids pids = {.count = 0};
  unsigned generation;
  int saved_errno = errno;
  int cancel_state = belay__cancel_disable();
  ssize_t result = belay__registry_generation(&generation);
  if (result == 0 && have_children())
    result = list_all(&pids);
  for (size_t i = 0; result == 0 && i < pids.count && i < capacity; i++)
    ret_pids[i] = pids.items[i];
  if (result == 0)
    result = (ssize_t)pids.count;
  belay__pids_free(&pids);
  belay__cancel_restore(cancel_state);
  errno = saved_errno;
  return result;
}

/* -- Killing --------------------------------------------------------------- */

/* What we may not kill is not counted. */
struct kill_count {
  int left;
};

static void kill_one(pid_t pid, void *data) {
  struct kill_count *count = data;
  count->left += kill(pid, SIGKILL) == 0 || errno != EPERM;
}

/*
 * All of them, each before its children are even listed: what has a parent that
 * was killed is waited for by nobody but us, if all orphans become our
 * children, and so keeps its number.  If they do not, they are listed first, or
 * they would be gone with their parents.
 *
 * How many there are, those too that have ended.  Locked.
 */
static int kill_once(struct belay__pids *pids, bool received) {
  struct kill_count count = {.left = 0};
  pids->count = 0;
  int error = list_children(pids);
  if (error == 0)
    error = belay__tree_walk(pids, received ? kill_one : NULL, &count);
  for (size_t i = 0; error == 0 && !received && i < pids->count; i++)
    kill_one(pids->items[i], &count);
  return error < 0 ? error : count.left;
}

/* -- Freezing -------------------------------------------------------------- */

/* From so many on, those that are killed are replaced faster than one can go
 * round: who is stopped is not, and keeps his place where these are few. */
#define MANY 16
#define MOST_ROUNDS 100

static void stop_one(pid_t pid, void *data) {
  (void)data;
  kill(pid, SIGSTOP);
}

static bool is_new(pid_t pid, const void *known) {
  return !belay__pids_have(known, pid);
}

/* Whether there were any that are not in `known`, which all are then. */
static bool freeze_once(struct belay__pids *pids, struct belay__pids *known) {
  pids->count = 0;
  int cancel_state = belay__handles_lock();
  int error = list_children(pids);
  if (error == 0)
    error = belay__tree_walk(pids, stop_one, NULL);
  belay__handles_unlock(cancel_state);
  belay__pids_filter(pids, is_new, known);
  for (size_t i = 0; i < pids->count && error == 0; i++)
    error = belay__pids_add(known, pids->items[i]);
  belay__pids_sort(known);
  return error == -EAGAIN || error == -EBUSY || (error == 0 && pids->count > 0);
}

static void freeze(struct belay__pids *pids, int64_t deadline) {
  struct belay__pids known = {.count = 0};
  for (int round = 0; round < MOST_ROUNDS && freeze_once(pids, &known); round++)
    if (deadline >= 0 && belay__clock_now() >= deadline)
      break;
  belay__pids_free(&known);
}

/* -- Until none is left ---------------------------------------------------- */

/* While nothing comes of it, which the kernel needs its time for, the pauses
 * get longer; and there is none after a success, or who forks gets away. */
struct pace {
  int64_t pause_ns;
};

static void keep_pace(struct pace *pace, bool success) {
  const int64_t longest = 10 * BELAY__NS_PER_MS;
  if (success) {
    pace->pause_ns = 0;
    return;
  }
  if (pace->pause_ns > 0)
    nap(pace->pause_ns);
  pace->pause_ns = pace->pause_ns == 0 ? 1000 : 2 * pace->pause_ns;
  if (pace->pause_ns > longest)
    pace->pause_ns = longest;
}

/* Until none is left, or none that we may kill, or the time is over: 0.  None
 * is left if there was none twice: one may be made while they are listed.  What
 * was frozen is killed before the time is looked at. */
static int kill_all(struct belay__pids *pids, int64_t deadline) {
  bool received = belay__tree_receives();
  struct pace pace = {.pause_ns = 0};
  belay_orphans_reap(); /* there may be thousands, who need not be looked at */
  for (int none = 0, looks = 0;;) {
    int cancel_state = belay__handles_lock();
    int count = kill_once(pids, received);
    int reaped = reap_locked();
    belay__handles_unlock(cancel_state);
    looks = count == -EBUSY ? looks + 1 : 0;
    if (looks == MOST_LOOKS)
      return 0;
    if (count < 0 && count != -EAGAIN && count != -EBUSY)
      return count;
    none = count == 0 && reaped == 0 ? none + 1 : 0;
    if (none == 2 || (deadline >= 0 && belay__clock_now() >= deadline))
      return 0;
    if (count > MANY)
      freeze(pids, deadline);
    if (none == 0)
      keep_pace(&pace, reaped > 0);
  }
}

ssize_t belay_orphans_kill(int64_t timeout_ns) {
  struct belay__pids pids = {.count = 0};
  unsigned generation;
  int saved_errno = errno;
  int64_t deadline =
      timeout_ns < 0 ? -1 : belay__clock_add(belay__clock_now(), timeout_ns);
  int cancel_state = belay__cancel_disable();
  ssize_t result = belay__registry_generation(&generation);
  int priority = belay__tree_hurry();
  if (result == 0)
    result = kill_all(&pids, deadline);
  belay__tree_calm(priority);
  belay__pids_free(&pids);
  belay__cancel_restore(cancel_state);
  errno = saved_errno;
  return result < 0 ? result : belay_orphans_list(NULL, 0);
}
