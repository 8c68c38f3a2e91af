/*
 * action.c: the few things that may be done inside the handler, as handles
 * that their owners remove.  Each is one step of a plan; deliver.c takes it.
 */
#include <belay/signal.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "signal/registry.h"

static int add(int signo, struct belay__step step,
               const struct belay__armed *armed, unsigned flags,
               struct belay_action **ret_action) {
  int error = belay__registry_check(signo);
  if (error < 0 ||
      (flags & ~(BELAY_SIGNAL_FORCE | BELAY_SIGNAL_INTERRUPT)) != 0)
    return -EINVAL;
  struct belay_action *action = malloc(sizeof(*action));
  if (action == NULL)
    return -ENOMEM;
  action->signo = signo;
  if (armed != NULL) {
    action->armed = *armed;
    step.as.call.data = &action->armed;
  }
  error = belay__registry_add(action, step, flags);
  if (error < 0)
    free(action);
  else if (ret_action != NULL)
    *ret_action = action;
  return error;
}

int belay_action_flag(int signo, volatile sig_atomic_t *flag, int value,
                      unsigned flags, struct belay_action **ret_action) {
  struct belay__step step = {
      .kind = BELAY__STEP_FLAG,
      .as.flag = {.flag = flag, .value = value},
  };
  return add(signo, step, NULL, flags, ret_action);
}

/* An eventfd has no file type, and takes 8 bytes at a time. */
static int examine(int fd, bool *ret_is_eventfd) {
  struct stat st;
  int mode = fcntl(fd, F_GETFL);
  if (mode < 0 || (mode & O_ACCMODE) == O_RDONLY || fstat(fd, &st) != 0)
    return -EBADF;
  *ret_is_eventfd = (st.st_mode & S_IFMT) == 0;
  return *ret_is_eventfd ? 0 : belay__fd_set_nonblocking(fd);
}

int belay_action_wake(int signo, int fd, unsigned flags,
                      struct belay_action **ret_action) {
  struct belay__step step = {.kind = BELAY__STEP_WAKE, .as.wake.fd = fd};
  int error = examine(fd, &step.as.wake.is_eventfd);
  if (error < 0)
    return error;
  return add(signo, step, NULL, flags, ret_action);
}

int belay_action_exit(int signo, const volatile sig_atomic_t *armed, int status,
                      unsigned flags, struct belay_action **ret_action) {
  struct belay__step step = {
      .kind = BELAY__STEP_CALL,
      .as.call.fn = belay__exit_if_armed,
  };
  struct belay__armed how = {.armed = armed, .status = status};
  return add(signo, step, &how, flags, ret_action);
}

int belay_action_default(int signo, const volatile sig_atomic_t *armed,
                         unsigned flags, struct belay_action **ret_action) {
  struct belay__step step = {
      .kind = BELAY__STEP_CALL,
      .as.call.fn = belay__default_if_armed,
  };
  struct belay__armed how = {.armed = armed};
  return add(signo, step, &how, flags, ret_action);
}

int belay_action_call(int signo, belay_action_fn *fn, void *data,
                      unsigned flags, struct belay_action **ret_action) {
  struct belay__step step = {
      .kind = BELAY__STEP_CALL,
      .as.call = {.fn = fn, .data = data},
  };
  return add(signo, step, NULL, flags, ret_action);
}

void belay_action_remove(struct belay_action *action) {
  if (action == NULL)
    return;
  belay__registry_remove(action);
  free(action);
}
