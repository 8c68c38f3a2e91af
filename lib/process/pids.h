/* pids.h: a list of process numbers that grows. */
#ifndef PROCESS_PIDS_H
#define PROCESS_PIDS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All 0 is an empty one.  Whoever fills it frees it. */
struct belay__pids {
  pid_t *items;
  size_t count, capacity;
};

/* 0 or -ENOMEM. */
int belay__pids_add(struct belay__pids *pids, pid_t pid);
void belay__pids_free(struct belay__pids *pids);

/* For belay__pids_have(), which takes a sorted one. */
void belay__pids_sort(struct belay__pids *pids);
bool belay__pids_have(const struct belay__pids *pids, pid_t pid);

/* Takes away those that `keep` says no to; the others stay in order. */
void belay__pids_filter(struct belay__pids *pids,
                        bool (*keep)(pid_t pid, const void *data),
                        const void *data);

#endif
