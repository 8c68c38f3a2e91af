/*
 * listener.c: how often a listener has joined which bell.  The bell itself is
 * told of the first time, and of the last.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/bell.h"

struct belay__joined {
  struct belay__bell *bell;
  size_t count;
};

static struct belay__joined *find(const struct belay__listener *listener,
                                  const struct belay__bell *bell) {
  for (size_t i = 0; i < listener->joined_count; i++)
    if (listener->joined[i].bell == bell)
      return &listener->joined[i];
  return NULL;
}

static int join_first(struct belay__listener *listener,
                      struct belay__bell *bell) {
  struct belay__joined *more =
      realloc(listener->joined,
              (listener->joined_count + 1) * sizeof(listener->joined[0]));
  if (more == NULL)
    return -ENOMEM;
  listener->joined = more;
  int error = belay__bell_admit(bell, listener);
  if (error == 0)
    listener->joined[listener->joined_count++] =
        (struct belay__joined){.bell = bell, .count = 1};
  return error;
}

int belay__listener_join(struct belay__listener *listener,
                         struct belay__bell *bell) {
  struct belay__joined *joined = find(listener, bell);
  if (joined == NULL)
    return join_first(listener, bell);
  joined->count++;
  return 0;
}

void belay__listener_leave(struct belay__listener *listener,
                           struct belay__bell *bell) {
  struct belay__joined *joined = find(listener, bell);
  if (joined == NULL || --joined->count > 0)
    return;
  belay__bell_dismiss(bell, listener);
  *joined = listener->joined[--listener->joined_count];
}
