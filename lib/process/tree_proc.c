/*
 * tree_proc.c (Linux 3.4, 3.5 with CONFIG_PROC_CHILDREN): children as /proc
 * lists them, for each thread of their parent.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "process/tree.h"

/* -- Receiving ------------------------------------------------------------- */

int belay__tree_receive(bool on) {
  return prctl(PR_SET_CHILD_SUBREAPER, on ? 1UL : 0UL, 0UL, 0UL, 0UL) == 0
             ? 0
             : -ENOSYS;
}

bool belay__tree_receives(void) {
  int on = 0;
  return getpid() == 1 ||
         (prctl(PR_GET_CHILD_SUBREAPER, &on, 0UL, 0UL, 0UL) == 0 && on != 0);
}

/* -- Time ------------------------------------------------------------------ */

/* On Linux a priority is the thread's own. */
int belay__tree_hurry(void) {
  int before = getpriority(PRIO_PROCESS, 0);
  setpriority(PRIO_PROCESS, 0, -20);
  return before;
}

void belay__tree_calm(int before) {
  setpriority(PRIO_PROCESS, 0, before);
}

/* -- Reading --------------------------------------------------------------- */

/* Numbers, each with a space after it, which a read may end within: the one
 * that is not whole yet. */
static int add_numbers(struct belay__pids *pids, const char *text, size_t size,
                       pid_t *part) {
  int error = 0;
  for (size_t i = 0; i < size && error == 0; i++) {
    if (text[i] >= '0' && text[i] <= '9') {
      *part = *part * 10 + (text[i] - '0');
    } else if (*part > 0) {
      error = belay__pids_add(pids, *part);
      *part = 0;
    }
  }
  return error;
}

static int read_file(struct belay__pids *pids, const char *path) {
  char text[4096];
  ssize_t n;
  pid_t part = 0;
  int error = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return -errno;
  while (error == 0 &&
         ((n = read(fd, text, sizeof(text))) > 0 || (n < 0 && errno == EINTR)))
    error = add_numbers(pids, text, n > 0 ? (size_t)n : 0, &part);
  belay__fd_close(fd);
  return error;
}

/* -ENOENT: there is no such process, or no such file. */
static int add_children(struct belay__pids *pids, pid_t parent) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
  DIR *tasks = opendir(path);
  if (tasks == NULL)
    return errno == ENOENT ? -ENOENT : -errno;
  int error = -ENOENT, last = 0;
  const struct dirent *entry;
  while (last != -ENOMEM && (entry = readdir(tasks)) != NULL) {
    if (entry->d_name[0] == '.')
      continue;
    snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)parent,
             entry->d_name);
    last = read_file(pids, path);
    if (last == 0 || last == -ENOMEM)
      error = last;
  }
  closedir(tasks);
  return error;
}

/* In another namespace's /proc our numbers are others'. */
static bool is_our_proc(void) {
  char text[24];
  ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);
  text[n > 0 ? n : 0] = '\0';
  return strtol(text, NULL, 10) == getpid();
}

int belay__tree_children(struct belay__pids *pids) {
  if (!is_our_proc())
    return -ENOSYS;
  int error = add_children(pids, getpid());
  return error == 0 || error == -ENOMEM ? error : belay__scan_children(pids);
}

int belay__tree_walk(struct belay__pids *pids,
                     void (*visit)(pid_t pid, void *data), void *data) {
  bool listed = access("/proc/thread-self/children", R_OK) == 0;
  int error = listed ? 0 : belay__scan_descendants(pids);
  for (size_t i = 0; i < pids->count && error == 0; i++) {
    if (visit != NULL)
      visit(pids->items[i], data);
    if (listed && add_children(pids, pids->items[i]) == -ENOMEM)
      error = -ENOMEM;
  }
  return error;
}

bool belay__tree_is_alive(pid_t pid) {
  char state, path[64];
  struct stat tasks;
  pid_t parent;
  if (belay__scan_stat(pid, &state, &parent) < 0 || state == 'X')
    return false;
  if (state != 'Z')
    return true;
  /* Its first thread has ended; others may go on. */
  snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
  return stat(path, &tasks) == 0 && tasks.st_nlink > 3;
}
