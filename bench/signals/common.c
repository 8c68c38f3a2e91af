/*
 * common.c: one process sends, another, executed anew, receives with the peer;
 * they share a page of memory, and a pipe that says "ready" and "done".
 *
 *   PEER latency -n ROUNDS [-k SUBSCRIBERS] [-c CPUS] [-- WRAPPER...]
 *   PEER storm|working -n SIGNALS [-- WRAPPER...]
 *   PEER subscribe -n TIMES [-k SUBSCRIBERS]
 *   PEER self -n SIGNALS
 *
 * One line of JSON is printed.  Status 77: the peer cannot do that.  A WRAPPER
 * (strace, valgrind) runs the receiver alone.
 *
 * A latency is from just before kill() to the subscriber's code.  Before each
 * the receiver has to be asleep in its wait: the sender yields the processor
 * until the kernel says so of each of its threads (state S in /proc).
 */
#define _GNU_SOURCE
#include "common.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { UNSUPPORTED = 77, THREADS = 8, PATIENCE_S = 300 };

enum mode { LATENCY, STORM, WORKING, SUBSCRIBE, SELF, MODES };
static const char *const mode_names[] = {"latency", "storm", "working",
                                         "subscribe", "self"};

struct shared {
  enum mode mode;
  uint64_t n, subscribers, cpus;
  int done_fd;
  pid_t receiver;
  atomic_bool all_sent;
  _Alignas(64) struct tally tally;
  uint64_t turns, ns; /* returns of peer_wait(); what the receiver timed */
  _Alignas(64) atomic_uint_fast64_t rounds; /* that are over */
  uint64_t round_ns;                        /* when the last was */
};

static struct shared *shared;
struct tally *tally;

void die_if(bool failed, const char *what) {
  if (!failed)
    return;
  perror(what);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* To the first or second (0, 1) of the processors that we may use. */
static void pin(unsigned which) {
  cpu_set_t allowed, one;
  sched_getaffinity(0, sizeof(allowed), &allowed);
  CPU_ZERO(&one);
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (CPU_ISSET(cpu, &allowed) && which-- == 0) {
      CPU_SET(cpu, &one);
      die_if(sched_setaffinity(0, sizeof(one), &one) != 0, "affinity");
      return;
    }
  }
  exit(UNSUPPORTED);
}

static void map_shared(int fd) {
  shared =
      mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  die_if(shared == MAP_FAILED, "mmap");
  tally = &shared->tally;
}

/* -- The receiver ---------------------------------------------------------- */

void round_is_over(void) {
  shared->round_ns = now_ns();
  tally->told = 0;
  atomic_store(&shared->rounds, atomic_load(&shared->rounds) + 1);
}

static void tell_sender(void) {
  die_if(write(shared->done_fd, "", 1) != 1, "write");
}

static void *subscribe(void) {
  void *subscriber = peer_subscribe(SIGUSR1);
  if (subscriber == NULL)
    exit(UNSUPPORTED);
  return subscriber;
}

/* What needs no sender. */
static void measure_alone(void) {
  pid_t self = getpid();
  uint64_t begun = now_ns();
  for (uint64_t i = 0; i < shared->n; i++) {
    if (shared->mode == SUBSCRIBE)
      peer_unsubscribe(subscribe());
    else
      kill(self, SIGUSR1);
  }
  shared->ns = now_ns() - begun;
}

static int receive(int fd) {
  map_shared(fd);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  pin(0);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  shared->receiver = getpid();
  peer_setup((const int[]){SIGUSR1, SIGTERM, 0});
  for (uint64_t i = 1; i < shared->subscribers; i++)
    subscribe();
  if (shared->mode == SUBSCRIBE || shared->mode == SELF)
    measure_alone();
  tell_sender();
  if (shared->mode == WORKING)
    while (!atomic_load(&shared->all_sent))
      continue;
  for (; !tally->terminated; shared->turns++)
    peer_wait();
  tell_sender();
  return 0;
}

/* -- The sender ------------------------------------------------------------ */

static pid_t child;
static int done_fd;

static void spawn(int shared_fd, char **wrapper) {
  char fd_text[16], program[4096];
  snprintf(fd_text, sizeof(fd_text), "%d", shared_fd);
  ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
  die_if(length < 0, "readlink");
  program[length] = '\0';
  char *command[64];
  size_t count = 0;
  while (*wrapper != NULL && count < 60)
    command[count++] = *wrapper++;
  memcpy(&command[count], (char *[]){program, "receive", fd_text, NULL},
         4 * sizeof(char *));
  int fds[2];
  die_if(pipe(fds) != 0, "pipe");
  shared->done_fd = fds[1];
  pid_t sender = getpid();
  child = fork();
  die_if(child < 0, "fork");
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != sender)
      _exit(1);
    close(fds[0]);
    execvp(command[0], command);
    die_if(true, command[0]);
  }
  close(fds[1]);
  done_fd = fds[0];
}

/* Whether the receiver said it, within `timeout_ms`, -1: or died. */
static bool was_told(int timeout_ms) {
  char byte;
  struct pollfd fd = {.fd = done_fd, .events = POLLIN};
  return poll(&fd, 1, timeout_ms) == 1 && read(done_fd, &byte, 1) == 1;
}

/* Ends the receiver; the exit status if it went wrong, else 0. */
static int finish(struct rusage *usage) {
  int status = 0;
  kill(shared->receiver, SIGTERM);
  bool ended = was_told(2000);
  if (!ended) {
    kill(shared->receiver, SIGKILL);
    kill(child, SIGKILL);
  }
  wait4(child, &status, 0, usage);
  if (!ended && shared->mode <= WORKING)
    fprintf(stderr, "bench: SIGTERM was not seen\n");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static int stat_fds[THREADS];
static size_t stat_count;

static void open_stats(void) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/task", (int)shared->receiver);
  DIR *tasks = opendir(path);
  die_if(tasks == NULL, path);
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
    if (entry->d_name[0] == '.' || stat_count == THREADS)
      continue;
    char name[sizeof(entry->d_name) + 8];
    snprintf(name, sizeof(name), "%s/stat", entry->d_name);
    stat_fds[stat_count] = openat(dirfd(tasks), name, O_RDONLY | O_CLOEXEC);
    die_if(stat_fds[stat_count++] < 0, name);
  }
  closedir(tasks);
}

static bool is_asleep(void) {
  for (size_t i = 0; i < stat_count; i++) {
    char text[512] = "";
    die_if(pread(stat_fds[i], text, sizeof(text) - 1, 0) <= 0, "stat");
    const char *name_end = strrchr(text, ')');
    if (name_end == NULL || name_end[2] != 'S')
      return false;
  }
  return true;
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static int send_latency(void) {
  uint64_t *ns = calloc(shared->n, sizeof(*ns));
  die_if(ns == NULL, "calloc");
  open_stats();
  for (uint64_t i = 0; i < shared->n; i++) {
    while (!is_asleep())
      sched_yield();
    uint64_t begun = now_ns();
    kill(shared->receiver, SIGUSR1);
    while (atomic_load(&shared->rounds) == i)
      if (shared->cpus == 1)
        sched_yield();
    ns[i] = shared->round_ns - begun;
  }
  while (!is_asleep())
    sched_yield();
  qsort(ns, shared->n, sizeof(*ns), by_value);
  printf("{\"median\": %llu, \"p99\": %llu}\n",
         (unsigned long long)ns[shared->n / 2],
         (unsigned long long)ns[shared->n * 99 / 100]);
  free(ns);
  struct rusage usage;
  return finish(&usage);
}

static double seconds(struct timeval t) {
  return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

/* The receiver's time of set-up, a millisecond, is in its CPU time. */
static int send_storm(void) {
  uint64_t begun = now_ns();
  for (uint64_t i = 0; i < shared->n; i++)
    kill(shared->receiver, SIGUSR1);
  kill(shared->receiver, SIGTERM);
  atomic_store(&shared->all_sent, true);
  bool seen = was_told(3000);
  double wall = (double)(now_ns() - begun) * 1e-9;
  struct rusage usage;
  if (!seen)
    kill(shared->receiver, SIGKILL), kill(child, SIGKILL);
  wait4(child, NULL, 0, &usage);
  printf(
      "{\"wall\": %.6f, \"cpu\": %.6f, \"turns\": %llu, \"told\": %llu, "
      "\"counted\": %llu, \"term\": %d}\n",
      wall, seconds(usage.ru_utime) + seconds(usage.ru_stime),
      (unsigned long long)shared->turns, (unsigned long long)tally->told,
      (unsigned long long)tally->counted, tally->terminated);
  return 0;
}

static int report_alone(void) {
  struct rusage usage;
  printf("{\"ns\": %.3f}\n", (double)shared->ns / (double)shared->n);
  return finish(&usage);
}

static char **parse(int argc, char **argv) {
  while (shared->mode < MODES &&
         (argc < 2 || strcmp(argv[1], mode_names[shared->mode]) != 0))
    shared->mode++;
  for (int option; (option = getopt(argc - 1, argv + 1, "n:k:c:")) != -1;) {
    uint64_t *value = option == 'n'   ? &shared->n
                      : option == 'k' ? &shared->subscribers
                                      : &shared->cpus;
    *value = option == '?' ? 0 : strtoull(optarg, NULL, 10);
  }
  if (shared->mode == MODES || shared->n == 0 || shared->subscribers == 0 ||
      shared->cpus == 0) {
    fprintf(stderr, "usage: see the head of common.c\n");
    exit(2);
  }
  return argv + 1 + optind;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "receive") == 0)
    return receive(atoi(argv[2]));
  int fd = memfd_create("bench", 0);
  die_if(fd < 0 || ftruncate(fd, sizeof(*shared)) != 0, "memfd");
  map_shared(fd);
  shared->subscribers = shared->cpus = 1;
  char **wrapper = parse(argc, argv);
  tally->wanted = shared->mode == LATENCY ? shared->subscribers : 0;
  alarm(PATIENCE_S); /* it ends us, and the receiver with us */
  bool apart =
      shared->cpus == 2 || shared->mode == STORM || shared->mode == WORKING;
  spawn(fd, wrapper);
  pin(apart ? 1 : 0);
  if (!was_told(-1)) {
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  }
  switch (shared->mode) {
    case LATENCY:
      return send_latency();
    case STORM:
    case WORKING:
      return send_storm();
    default:
      return report_alone();
  }
}
