/*
 * driver.c: starts commands and measures them, so that measuring costs the same
 * for all.
 *
 *     driver spawn FILE COUNT       each command of FILE so many times
 *     driver loop JOBS COUNT COMMAND...
 *                                   one so many times, so many at once
 *     driver forward COUNT CPUS COMMAND...
 *                                   from kill() to what answer.c writes
 *
 * A line of FILE is a number and a command, in words; with 10 it is run in
 * every tenth round alone.  All are run in turns, so that what else the machine
 * does falls on all of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_COMMANDS 64
#define MOST_WORDS 64
#define PATIENCE_MS 2000

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (memory == NULL)
    fail("memory");
  return memory;
}

static pid_t start(char **argv) {
  pid_t child = vfork();
  if (child == 0) {
    execv(argv[0], argv);
    _exit(127);
  }
  if (child < 0)
    fail("vfork");
  return child;
}

static int compare(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Of sorted figures. */
static int64_t quantile(const int64_t *figures, int count, double part) {
  return count > 0 ? figures[(int)(part * (count - 1) + 0.5)] : -1;
}

/* Where we print; what is started has nothing to read, and is not heard. */
static int hide_output(void) {
  int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (own < 0 || null < 0)
    fail("output");
  for (int fd = 0; fd <= 2; fd++)
    dup2(null, fd);
  return own;
}

/* -- One at a time --------------------------------------------------------- */

struct command {
  char *argv[MOST_WORDS];
  int every, count, failures;
  int64_t *wall_ns, cpu_ns;
};

static bool parse(char *line, struct command *command, int count) {
  char *word = strtok(line, " \n");
  if (word == NULL)
    return false;
  command->every = atoi(word);
  for (int i = 0; i < MOST_WORDS - 1 && (word = strtok(NULL, " \n")); i++)
    command->argv[i] = word;
  command->wall_ns = allocate((size_t)count, sizeof(int64_t));
  return command->every > 0 && command->argv[0] != NULL;
}

static int read_commands(const char *path, struct command *commands,
                         int count) {
  FILE *file = fopen(path, "re");
  char *line = NULL;
  size_t size = 0;
  int n = 0;
  if (file == NULL)
    fail(path);
  while (n < MOST_COMMANDS && getline(&line, &size, file) > 0) {
    if (!parse(line, &commands[n++], count))
      fail("a line without a command");
    line = NULL; /* its words are ours */
  }
  fclose(file);
  return n;
}

static int64_t cpu_ns(const struct rusage *usage) {
  const struct timeval *user = &usage->ru_utime, *system = &usage->ru_stime;
  return (user->tv_sec + system->tv_sec) * INT64_C(1000000000) +
         (user->tv_usec + system->tv_usec) * INT64_C(1000);
}

static void run_once(struct command *command) {
  struct rusage usage;
  int status;
  int64_t begun = now_ns();
  pid_t child = start(command->argv);
  while (wait4(child, &status, 0, &usage) < 0)
    if (errno != EINTR)
      fail("wait4");
  command->wall_ns[command->count++] = now_ns() - begun;
  command->cpu_ns += cpu_ns(&usage);
  command->failures += status != 0;
}

/* Prints for each command: median, mean of CPU time, how often it ran, and how
 * often it failed. */
static void spawn(const char *path, int count) {
  static struct command commands[MOST_COMMANDS];
  int n = read_commands(path, commands, count), own_output = hide_output();
  for (int i = 0; i < count; i++)
    for (int k = 0; k < n; k++) {
      struct command *command = &commands[(i + k) % n];
      if (i % command->every == 0)
        run_once(command);
    }
  for (int k = 0; k < n; k++) {
    struct command *command = &commands[k];
    qsort(command->wall_ns, (size_t)command->count, sizeof(int64_t), compare);
    dprintf(own_output, "%lld %lld %d %d\n",
            (long long)quantile(command->wall_ns, command->count, 0.5),
            (long long)(command->cpu_ns / command->count), command->count,
            command->failures);
  }
}

/* -- Many ------------------------------------------------------------------ */

static void loop(int jobs, int count, char **argv) {
  int running = 0, status;
  while (count > 0 || running > 0) {
    for (; count > 0 && running < jobs; count--, running++)
      start(argv);
    if (wait(&status) < 0)
      fail("wait");
    if (status != 0)
      exit(1);
    running--;
  }
}

/* -- Forwarding ------------------------------------------------------------ */

static int open_stat(pid_t pid) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
  return open(path, O_RDONLY | O_CLOEXEC);
}

/* 'S' if it sleeps, 'Z' if it has ended. */
static char state(int stat) {
  char text[512];
  ssize_t size = pread(stat, text, sizeof(text) - 1, 0);
  text[size > 0 ? size : 0] = '\0';
  const char *name_end = strrchr(text, ')');
  return name_end != NULL ? name_end[2] : 'Z';
}

/* Whether both are there, and asleep by now. */
static bool wait_asleep(const int stats[2]) {
  for (;;) {
    char first = state(stats[0]), second = state(stats[1]);
    if (first == 'Z' || second == 'Z')
      return false;
    if (first == 'S' && second == 'S')
      return true;
    sched_yield();
  }
}

/* Whether so much came in time. */
static bool receive(int fd, void *ret_data, size_t size) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  return poll(&wait, 1, PATIENCE_MS) > 0 &&
         read(fd, ret_data, size) == (ssize_t)size;
}

static void stay_on(int cpus) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) < 0)
    fail("sched_getaffinity");
  for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &set) && ++kept > cpus)
      CPU_CLR(cpu, &set);
  if (sched_setaffinity(0, sizeof(set), &set) < 0)
    fail("sched_setaffinity");
}

/* How many came; those which did not are no figures. */
static int send_all(pid_t to, int from, const int stats[2], int64_t *figures,
                    int count) {
  int known = 0;
  for (int i = 0, lost = 0; i < count && lost < 3; i++) {
    int64_t begun, seen;
    if (!wait_asleep(stats))
      break;
    begun = now_ns();
    kill(to, SIGUSR1);
    if (receive(from, &seen, sizeof(seen)))
      figures[known++] = seen - begun;
    else
      lost++;
  }
  return known;
}

/* Prints median, 99th percentile, how many were received. */
static void forward(int count, int cpus, char **argv) {
  int output[2], own_output = hide_output();
  pid_t child, answerer;
  int64_t *figures = allocate((size_t)count, sizeof(*figures));
  stay_on(cpus);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (pipe2(output, O_CLOEXEC) < 0 || dup2(output[1], STDOUT_FILENO) < 0)
    fail("pipe");
  child = start(argv);
  if (!receive(output[0], &answerer, sizeof(answerer)))
    fail("no answer");
  const int stats[2] = {open_stat(child), open_stat(answerer)};
  count = send_all(child, output[0], stats, figures, count);
  kill(answerer, SIGKILL);
  kill(child, SIGTERM);
  alarm(20); /* who does not end now ends us */
  waitpid(child, NULL, 0);
  qsort(figures, (size_t)count, sizeof(*figures), compare);
  dprintf(own_output, "%lld %lld %d\n",
          (long long)quantile(figures, count, 0.5),
          (long long)quantile(figures, count, 0.99), count);
}

int main(int argc, char **argv) {
  if (argc == 4 && strcmp(argv[1], "spawn") == 0) {
    spawn(argv[2], atoi(argv[3]));
  } else if (argc > 4 && strcmp(argv[1], "loop") == 0) {
    loop(atoi(argv[2]), atoi(argv[3]), argv + 4);
  } else if (argc > 4 && strcmp(argv[1], "forward") == 0) {
    forward(atoi(argv[2]), atoi(argv[3]), argv + 4);
  } else {
    fputs("driver: spawn, loop or forward; see the source\n", stderr);
    return 2;
  }
  return 0;
}
