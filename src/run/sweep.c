/*
 * sweep.c: looking for who fled.  A process that is not yet ours to judge (its
 * command still runs, or it hides whose it is) is left until the end of all.
 */
#include "sweep.h"

#include <belay/orphans.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"

#define MOST_ORPHANS 1024
#define ENVIRONMENT_BYTES 65536

/* The number of the command that it was started for; 0: none of ours. */
static long command_of(pid_t pid, const char *run_text) {
  static char text[ENVIRONMENT_BYTES];
  char path[32];
  snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  size_t size = 0;
  ssize_t n;
  while (size < sizeof(text) - 1 &&
         (n = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
    size += (size_t)n;
  close(fd);
  text[size] = '\0';
  bool is_ours = false;
  long number = 0;
  for (const char *p = text; p < text + size; p += strlen(p) + 1) {
    is_ours |= strcmp(p, run_text) == 0;
    if (strncmp(p, "BELAY_JOB=", 10) == 0)
      number = strtol(p + 10, NULL, 10);
  }
  return is_ours ? number : 0;
}

static bool is_running(const struct crew *crew, long number) {
  for (const struct task *task = crew->tasks; task != NULL; task = task->next)
    if (task->number == number)
      return true;
  return false;
}

static struct sweep_entry *find(struct sweep *sweep, pid_t pid) {
  for (size_t i = 0; i < sweep->count; i++)
    if (sweep->asked[i].pid == pid)
      return &sweep->asked[i];
  return NULL;
}

static struct sweep_entry *add(struct sweep *sweep, pid_t pid) {
  if (sweep->count == sweep->capacity) {
    size_t capacity = sweep->capacity * 2 + 16;
    struct sweep_entry *larger =
        realloc(sweep->asked, capacity * sizeof(*larger));
    if (larger == NULL)
      return NULL;
    sweep->asked = larger;
    sweep->capacity = capacity;
  }
  struct sweep_entry *entry = &sweep->asked[sweep->count++];
  *entry = (struct sweep_entry){.pid = pid};
  return entry;
}

static void forget_gone(struct sweep *sweep) {
  size_t kept = 0;
  for (size_t i = 0; i < sweep->count; i++)
    if (sweep->asked[i].seen)
      sweep->asked[kept++] = sweep->asked[i];
  sweep->count = kept;
  for (size_t i = 0; i < kept; i++)
    sweep->asked[i].seen = false;
}

static void look_at(struct sweep *sweep, const struct crew *crew, pid_t pid) {
  struct sweep_entry *entry = find(sweep, pid);
  int64_t now = belay_loop_now(crew->loop);
  if (entry == NULL) {
    long number = command_of(pid, crew->run_text);
    if (number == 0 || is_running(crew, number) ||
        (entry = add(sweep, pid)) == NULL)
      return;
    int64_t grace = crew->options->grace_ns; /* 0 kills nobody */
    entry->kill_at_ns = grace > 0 ? now + grace : INT64_MAX;
    if (!crew->options->quiet)
      message("command %ld left process %d behind; asked to end", number,
              (int)pid);
    kill(pid, crew->options->end_signal);
    kill(pid, SIGCONT);
  } else if (now >= entry->kill_at_ns) {
    kill(pid, SIGKILL);
  }
  entry->seen = true;
}

size_t sweep_look(struct sweep *sweep, const struct crew *crew) {
  pid_t pids[MOST_ORPHANS];
  belay_orphans_reap();
  ssize_t count = belay_orphans_list(pids, MOST_ORPHANS);
  for (ssize_t i = 0; i < count && i < MOST_ORPHANS; i++)
    look_at(sweep, crew, pids[i]);
  forget_gone(sweep);
  return sweep->count;
}

void sweep_close(struct sweep *sweep) {
  free(sweep->asked);
}
