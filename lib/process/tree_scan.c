/*
 * tree_scan.c (Linux): children by the parent that each process in /proc
 * names; called by tree_proc.c alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "process/tree.h"

/* After the name, which may have anything in it. */
int belay__scan_stat(pid_t pid, char *ret_state, pid_t *ret_parent) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -1;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  belay__fd_close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char *end = strrchr(text, ')'); /* "pid (name) state parent ..." */
  if (end == NULL || strlen(end) < strlen(") S 1"))
    return -1;
  *ret_state = end[2];
  *ret_parent = (pid_t)strtol(end + 3, NULL, 10);
  return 0;
}

/* All there are, and the parent of each, in two lists of the same length. */
static int read_all(struct belay__pids *pids, struct belay__pids *parents) {
  DIR *all = opendir("/proc");
  if (all == NULL)
    return -ENOSYS;
  int error = 0;
  const struct dirent *entry;
  while (error == 0 && (entry = readdir(all)) != NULL) {
    char state;
    pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10), parent;
    if (pid <= 0 || belay__scan_stat(pid, &state, &parent) < 0)
      continue;
    error = belay__pids_add(pids, pid);
    if (error == 0)
      error = belay__pids_add(parents, parent);
  }
  closedir(all);
  return error;
}

static int add_children(const struct belay__pids *all,
                        const struct belay__pids *parents, pid_t parent,
                        struct belay__pids *pids) {
  int error = 0;
  for (size_t i = 0; i < all->count && error == 0; i++)
    if (parents->items[i] == parent)
      error = belay__pids_add(pids, all->items[i]);
  return error;
}

int belay__scan_children(struct belay__pids *pids) {
  struct belay__pids all = {.count = 0}, parents = {.count = 0};
  int error = read_all(&all, &parents);
  if (error == 0)
    error = add_children(&all, &parents, getpid(), pids);
  belay__pids_free(&all);
  belay__pids_free(&parents);
  return error;
}

int belay__scan_descendants(struct belay__pids *pids) {
  struct belay__pids all = {.count = 0}, parents = {.count = 0};
  int error = read_all(&all, &parents);
  for (size_t i = 0; i < pids->count && error == 0; i++)
    error = add_children(&all, &parents, pids->items[i], pids);
  belay__pids_free(&all);
  belay__pids_free(&parents);
  return error;
}
