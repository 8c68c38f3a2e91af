/*
 * handles.c: the list of all handles.
 *
 * Invariant: the list has handles of the generation that it names alone; a
 * forked child, which has copies of its parent's, begins with an empty one.
 */
#include "process/handles.h"

#include <errno.h>
#include <pthread.h>

#include "base/list.h"
#include "base/lock.h"
#include "base/owner.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct belay__list handles = {&handles, &handles};
static unsigned generation; /* of the process whose handles they are */
static bool fork_handled;

/* A handler of others that interrupts its holder may fork; and so may it
 * itself, to make a child. */
static _Thread_local bool is_holder;

static void before_fork(void) {
  if (!is_holder)
    pthread_mutex_lock(&lock);
}

static void after_fork(void) {
  if (!is_holder)
    pthread_mutex_unlock(&lock);
}

int belay__handles_lock(void) {
  int cancel_state = belay__lock(&lock);
  is_holder = true;
  if (generation != belay__owner_generation()) {
    generation = belay__owner_generation();
    belay__list_init(&handles);
  }
  return cancel_state;
}

void belay__handles_unlock(int cancel_state) {
  is_holder = false;
  belay__unlock(&lock, cancel_state);
}

int belay__handles_add(struct belay_process *process) {
  int cancel_state = belay__handles_lock();
  if (!fork_handled)
    fork_handled = pthread_atfork(before_fork, after_fork, after_fork) == 0;
  if (fork_handled)
    belay__list_append(&handles, &process->link);
  belay__handles_unlock(cancel_state);
  return fork_handled ? 0 : -ENOMEM;
}

void belay__handles_remove(struct belay_process *process) {
  if (!belay__process_is_ours(process))
    return;
  int cancel_state = belay__handles_lock();
  belay__list_remove(&process->link);
  belay__handles_unlock(cancel_state);
}

static pid_t pid_of(struct belay__list *link) {
  return atomic_load(&BELAY__CONTAINER(link, struct belay_process, link)->pid);
}

bool belay__handles_have(pid_t pid) {
  for (struct belay__list *link = handles.next; link != &handles;
       link = link->next)
    if (pid_of(link) == pid)
      return true;
  return false;
}

int belay__handles_list(struct belay__pids *ret_pids) {
  int error = 0;
  for (struct belay__list *link = handles.next; link != &handles && error == 0;
       link = link->next)
    error = belay__pids_add(ret_pids, pid_of(link));
  belay__pids_sort(ret_pids);
  return error;
}
