/*
 * survivors.c: looked for where they must be: whoever is left of a group, or
 * fled from it, is below one of our children.
 */
#include "survivors.h"

#include <belay/orphans.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"

#define MOST_NAMED 8
#define MOST_SIGNALLED 1024
#define NAME_BYTES 32

static bool group_exists(const struct belay_job *job) {
  return job != NULL && belay_job_signal(job, 0) != -ESRCH;
}

/* Who has ended is waited for first: where they are many, it is much cheaper to
 * look for the others without them. */
bool survivors_exist(const struct belay_job *job) {
  belay_orphans_reap();
  return group_exists(job) || belay_orphans_list(NULL, 0) > 0;
}

/* "sleep"; "?" of one that has ended since. */
static void read_name(pid_t pid, char name[NAME_BYTES]) {
  char path[32];
  snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd >= 0 ? read(fd, name, NAME_BYTES - 1) : -1;
  if (fd >= 0)
    close(fd);
  name[n > 0 ? n : 0] = '\0';
  name[strcspn(name, "\n")] = '\0';
  if (name[0] == '\0')
    strcpy(name, "?");
}

void survivors_tell(const char *name, const char *what) {
  pid_t pids[MOST_NAMED];
  char list[MOST_NAMED * (NAME_BYTES + 16)] = "";
  ssize_t count = belay_orphans_list(pids, MOST_NAMED);
  for (ssize_t i = 0; i < count && i < MOST_NAMED; i++) {
    char process[NAME_BYTES];
    size_t used = strlen(list);
    read_name(pids[i], process);
    snprintf(list + used, sizeof(list) - used, "%s%s (%d)", i > 0 ? ", " : "",
             process, (int)pids[i]);
  }
  if (count <= 0)
    message("%s left processes of its group behind; %s", name, what);
  else
    message("%s left %zd process%s behind: %s%s; %s", name, count,
            count > 1 ? "es" : "", list, count > MOST_NAMED ? ", ..." : "",
            what);
}

/* We are at our end, and only wait from here on; what we start is not meant. */
void survivors_outrun(void) {
  const struct sched_param lowest = {.sched_priority = 1};
  sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
}

void survivors_signal(const struct belay_job *job, int signo) {
  pid_t pids[MOST_SIGNALLED];
  ssize_t count = belay_orphans_list(pids, MOST_SIGNALLED);
  if (job != NULL && belay_job_signal(job, signo) == 0)
    belay_job_signal(job, SIGCONT);
  pid_t group = job != NULL ? belay_process_pid(belay_job_process(job)) : -1;
  for (ssize_t i = 0; i < count && i < MOST_SIGNALLED; i++)
    if (getpgid(pids[i]) != group) {
      kill(pids[i], signo);
      kill(pids[i], SIGCONT);
    }
}
